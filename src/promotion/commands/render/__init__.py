"""TODO promotion/commands/render."""
