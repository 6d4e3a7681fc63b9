"""GitOps environment promotion for Fabrikate clusters."""

__version__ = "1.0.0"
