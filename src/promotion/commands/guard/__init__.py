"""TODO promotion/commands/guard."""
