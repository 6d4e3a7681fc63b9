"""YAML and JSON as the readers of definitions, charts and manifests take them."""
