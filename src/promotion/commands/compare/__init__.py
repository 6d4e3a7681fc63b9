"""TODO promotion/commands/compare."""
