"""The command line: the catalogue of commands, its words, and exit codes."""
