"""TODO promotion/commands/status."""
