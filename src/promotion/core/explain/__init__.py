"""Where a resource of an environment comes from: found in the manifest repository, and told."""
