"""The command line: the catalogue of commands, arguments and exit codes."""
