"""TODO promotion/commands/matrix."""
