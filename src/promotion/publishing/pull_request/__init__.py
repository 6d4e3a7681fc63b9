"""Delivery by pull request, for branches that take no pushes."""
