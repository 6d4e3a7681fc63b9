"""Delivering manifests by a pull request: its branch, its commit and its text."""
