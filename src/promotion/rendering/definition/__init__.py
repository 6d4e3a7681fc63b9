"""The definition: component files, config, sources, and what is to be rendered."""
