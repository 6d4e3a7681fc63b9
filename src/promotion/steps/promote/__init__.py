"""Opening, updating and closing the pull request of a promotion."""
