"""The lock: what an earlier run wrote, from what, and what of it still holds."""
