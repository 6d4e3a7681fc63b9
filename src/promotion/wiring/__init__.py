"""TODO promotion/wiring."""
