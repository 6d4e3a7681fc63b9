"""TODO promotion/rendering/definition."""
