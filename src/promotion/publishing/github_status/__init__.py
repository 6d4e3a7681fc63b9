"""What GitHub shows of a published change: deployments, statuses and comments."""
