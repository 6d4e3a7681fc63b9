"""Components and environments: which version is where, and what waits to be promoted."""
