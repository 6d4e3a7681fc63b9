"""What `promotion doctor` looks for, and how it says what it found."""
