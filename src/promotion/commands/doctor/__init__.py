"""`promotion doctor`: check the set-up of an estate, and say what to do about each fault."""
