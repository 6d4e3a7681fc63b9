"""TODO promotion/commands/doctor."""
