"""Fabrikate as an engine: what goes in, what comes out, how it differs from ours."""
