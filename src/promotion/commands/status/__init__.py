"""`promotion status`: which version is where, and what waits to be promoted."""
