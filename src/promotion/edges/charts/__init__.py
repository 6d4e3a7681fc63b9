"""Charts from repositories, registries and folders."""
