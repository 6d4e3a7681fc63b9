"""Pins: what a rollback restored stays as it is, while what decides it stays as it was."""
