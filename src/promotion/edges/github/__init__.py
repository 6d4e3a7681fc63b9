"""GitHub's APIs."""
