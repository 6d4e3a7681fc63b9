"""`promotion promote`: the pull request from one environment's branch to the next."""
