"""`promotion render`: render a definition to a folder of manifests."""
