"""TODO promotion/publishing."""
