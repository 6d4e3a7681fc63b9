"""TODO promotion/commands/init."""
