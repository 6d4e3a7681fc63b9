"""What a chart's values.schema.json refers to."""

from __future__ import annotations

import json
import re

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# The drafts that Helm's library has built in.
_DRAFT = re.compile(r"https?://json-schema\.org/(draft-0[4-7]|draft/20(19-09|20-12))/schema#?")


def find_foreign_reference(schema: bytes) -> str:
    """The first reference in a JSON schema to something outside of it; empty if there is none.

    Helm loads such references from any file of the machine and any web address. It prints parts of what it
    read, so a chart could show what it may not see.
    """
    found: list[str] = []

    def collect(pairs: list[tuple[str, object]]) -> None:
        for key, value in pairs:
            if not isinstance(value, str):
                continue
            if (key in _REFERENCES and not value.startswith("#")) or (
                key == "$schema" and not _DRAFT.fullmatch(value)
            ):
                found.append(value)

    try:
        # Every number stays a text: Python refuses long ones, Helm doesn't.
        json.JSONDecoder(object_pairs_hook=collect, parse_int=str, parse_float=str, strict=False).decode(
            schema.decode("utf-8", "replace")
        )
    except RecursionError:
        return "what is nested too deeply to be read"
    except ValueError:
        pass  # Helm can't read it either
    return found[0] if found else ""
