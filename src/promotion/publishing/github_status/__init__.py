"""TODO promotion/publishing/tell_github."""
