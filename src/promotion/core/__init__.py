"""The pure core: it knows no files, processes or network."""
