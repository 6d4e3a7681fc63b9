"""TODO promotion/commands/notify."""
