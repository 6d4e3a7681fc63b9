"""`promotion init`: the workflows, the rules and a README section for a repository."""
