"""Turn a definition into manifests. Files, Helm and the network arrive as arguments."""
