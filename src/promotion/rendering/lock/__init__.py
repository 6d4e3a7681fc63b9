"""TODO promotion/rendering/lock."""
