"""Microsoft's own program as the engine."""
