"""Helm charts: their files, their versions, and what Helm makes and says of them."""
