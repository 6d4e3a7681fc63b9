"""Repositories: in this process where that is possible, else by the git program."""
