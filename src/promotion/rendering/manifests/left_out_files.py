"""Files of a static component's folder that are no part of its manifest, though Fabrikate takes them all."""

from __future__ import annotations

import re

from promotion.common.yaml.composer import compose_each
from promotion.common.yaml.yaml_nodes import get
from promotion.errors import DefinitionError, Location

_LONGEST = 2**20  # bytes; what people write for others to read is shorter
_KIND = re.compile(r"""^(?:- )?["']?kind["']?[ \t]*:""", re.MULTILINE)
_CONTENT = re.compile(rb"^[ \t]*[^\s#]", re.MULTILINE)
# Where a resource is an example.
_DOCUMENTATION = (".adoc", ".markdown", ".md", ".rst")


def is_manifest(name: str) -> bool:
    """Return whether a file in a static component's folder is part of its manifest."""
    return not name.startswith(".") and name.lower().endswith((".yaml", ".yml", ".json"))


def has_content(data: bytes) -> bool:
    """Return whether a file holds more than blanks and comments, and so would add to a manifest."""
    return bool(_CONTENT.search(data))


def find_resource(name: str, data: bytes) -> int:
    """Return the line at which a file says of what kind a resource is; 0 if it holds none.

    Files that aren't YAML, as templates for another tool, are looked at line by line. Documentation isn't,
    for it quotes resources.
    """
    if len(data) > _LONGEST or b"kind" not in data:
        return 0
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return 0
    try:
        for root in compose_each(text, Location(name)):
            if kind := get(root, "kind"):
                return kind.start_mark.line + 1
    except DefinitionError:
        if not name.lower().endswith(_DOCUMENTATION) and (found := _KIND.search(text)):
            return text.count("\n", 0, found.start()) + 1
    return 0
