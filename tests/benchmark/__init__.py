"""The benchmark: `make bench`. It is no test; CI doesn't run it."""
