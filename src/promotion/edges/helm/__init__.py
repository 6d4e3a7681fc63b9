"""Helm: embedded in processes of ours, or a program."""
