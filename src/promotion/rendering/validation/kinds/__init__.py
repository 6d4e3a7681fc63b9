"""Rules of the API server that no schema tells, by kind."""
