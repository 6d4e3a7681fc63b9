"""TODO promotion/rendering/manifests."""
