"""Microsoft's own program."""
