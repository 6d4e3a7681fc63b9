"""TODO promotion/rendering/fab."""
