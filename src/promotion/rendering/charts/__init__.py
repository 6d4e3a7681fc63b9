"""TODO promotion/rendering/charts."""
