"""Setting up repositories: what `promotion init` writes."""
