"""Setting up repositories."""
