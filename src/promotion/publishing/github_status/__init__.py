"""Report a published change to GitHub: deployments, statuses and comments."""
