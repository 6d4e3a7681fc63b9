"""What is wrong, or may be, with a rendered manifest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to look at.

    `component` is the label of the component that wrote it, `path` the manifest's below the output folder.
    `what` is one line that names resource and field; it never holds a value of a Secret.
    """

    component: str
    path: str
    what: str
    fix: str = ""
