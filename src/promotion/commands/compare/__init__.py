"""`promotion compare`: how the manifests of both engines differ for one definition."""
