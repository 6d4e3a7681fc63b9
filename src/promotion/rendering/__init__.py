"""TODO promotion/rendering."""
