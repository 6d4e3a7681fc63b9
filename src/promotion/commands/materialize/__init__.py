"""TODO promotion/commands/materialize."""
