"""What merging a pull request would change in the cluster."""
