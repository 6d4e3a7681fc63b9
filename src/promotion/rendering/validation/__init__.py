"""TODO promotion/rendering/validation."""
