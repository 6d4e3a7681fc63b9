"""TODO promotion/rendering/validation/kinds."""
