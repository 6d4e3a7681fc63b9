"""`promotion explain`: where a resource of an environment comes from."""
