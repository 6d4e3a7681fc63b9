"""`promotion preview`: what merging a pull request would change in the cluster, for GitHub or a terminal."""
