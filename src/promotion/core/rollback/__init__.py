"""Rolling back: to which state, and what restores it."""
