"""TODO promotion/publishing/pull_request."""
