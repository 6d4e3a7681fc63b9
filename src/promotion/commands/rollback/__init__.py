"""TODO promotion/commands/rollback."""
