"""The edges: git, Helm, the web, GitHub and the runner. Only they have effects."""
