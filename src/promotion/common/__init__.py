"""TODO promotion/common."""
