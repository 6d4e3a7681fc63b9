"""`promotion preview`: the effect of merging a pull request on the cluster, for GitHub or a terminal."""
