"""The cluster definition: its files, its tree, and what a run will render of it."""
