"""Which part of a definition may make which resources: the file, and the judge."""
