"""Thin glue between the core and the edges, which arrive as arguments."""
