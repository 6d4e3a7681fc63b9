"""Bring manifests to their branch: state, change, message, retry, report."""
