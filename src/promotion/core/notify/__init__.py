"""Telling the HLD repository of a push."""
