"""`promotion guard`: the companion action's job; `promotion guard audit` for a terminal."""
