"""Looking at a whole estate: `promotion doctor`."""
