"""Rolling back a manifest branch by a commit on top of it."""
