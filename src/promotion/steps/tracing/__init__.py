"""Telling on GitHub what becomes of a change: deployments, and the status of a commit that was sent to us."""
