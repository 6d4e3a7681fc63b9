"""`promotion ownership`: what each part of a definition may make."""
