"""The published workflows, as they come with this package."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files


def read_workflows() -> Mapping[str, str]:
    """The files of `examples/workflows` by name; `make tables` copies them into the package."""
    folder = files("promotion") / "workflows"
    return {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yml")}
