"""`promotion render`: a definition to a folder of manifests."""
