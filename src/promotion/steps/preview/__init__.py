"""Materialising an environment twice: without a change and with it."""
