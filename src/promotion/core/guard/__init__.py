"""The promotion rules: reading them, and deciding by them."""
