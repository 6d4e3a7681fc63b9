"""TODO promotion/cli."""
