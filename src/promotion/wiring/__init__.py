"""Join effects with rules for every command: the process's environment, access, sessions of a run."""
