"""How manifests reach their branch: pushed, or proposed by a pull request."""
