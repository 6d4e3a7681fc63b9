"""Rendered manifests: their resources, whose they are, and what changes in them."""
