"""Microsoft's own program: what it lays out, prints and gets wrong."""
