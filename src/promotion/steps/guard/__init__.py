"""The guard's steps: what GitHub says, held against the rules."""
