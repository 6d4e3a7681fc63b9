"""TODO promotion/commands/preview."""
