"""YAML and JSON as they are written, with places and limits."""
