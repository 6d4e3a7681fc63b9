"""`promotion status`: the versions in each environment, and what waits to be promoted."""
