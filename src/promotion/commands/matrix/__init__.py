"""`promotion matrix`: a job for each cluster of an HLD, for `strategy.matrix`."""
