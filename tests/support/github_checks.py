"""What the fake GitHub is held to: GitHub's description, in every test; in the demo, its paths alone."""

from importlib.util import find_spec

if find_spec("githubkit"):
    from support.github_description import DescriptionError, check_error, check_event, operation
else:
    from support.github_paths import DescriptionError, check_error, check_event, operation  # type: ignore[assignment]

__all__ = ["DescriptionError", "check_error", "check_event", "operation"]
