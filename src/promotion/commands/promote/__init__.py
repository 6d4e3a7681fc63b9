"""TODO promotion/commands/promote."""
