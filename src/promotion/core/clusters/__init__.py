"""Several clusters of one HLD: `promotion matrix`."""
