"""Files of a static component's folder that are no part of its manifest, though Fabrikate takes them all."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import suppress

from promotion.common.yaml.composer import compose_each
from promotion.common.yaml.yaml_nodes import get
from promotion.errors import DefinitionError, Location

_LONGEST = 2**20  # bytes that are read as YAML; a longer file is looked at line by line
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

    Files that are long or aren't YAML, as templates for another tool, are looked at line by line.
    Documentation isn't, for it quotes resources.
    """
    try:
        text = data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError:
        return 0
    if "kind" not in text:
        return 0
    if len(data) <= _LONGEST:
        with suppress(DefinitionError):
            kinds = (get(root, "kind") for root in compose_each(text, Location(name)))
            return next((kind.start_mark.line + 1 for kind in kinds if kind), 0)
    if not name.lower().endswith(_DOCUMENTATION) and (found := _KIND.search(text)):
        return text.count("\n", 0, found.start()) + 1
    return 0
