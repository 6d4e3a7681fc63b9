"""The rules of promotion, and whether the protection of branches enforces them."""
