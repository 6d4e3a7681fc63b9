"""The promotion rules, and whether branch protection enforces them."""
