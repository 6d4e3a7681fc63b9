"""TODO promotion/commands/explain."""
