"""`promotion doctor`: what is wrong with the set-up of an estate, and what to do about it."""
