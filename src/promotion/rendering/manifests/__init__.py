"""Rendered manifests: files, resources, their owners, and the secrets in them."""
