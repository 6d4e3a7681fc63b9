"""Tell whether a cluster would take the manifests."""
