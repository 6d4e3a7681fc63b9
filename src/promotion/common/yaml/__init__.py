"""YAML and JSON as they are written, with positions and limits."""
