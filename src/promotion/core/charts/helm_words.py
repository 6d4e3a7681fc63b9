"""Helm's messages without the values that they quote: a template may have made a Secret of them."""

from __future__ import annotations

import re

_TEXT = r'"(?:[^"\\]|\\.)*"'
_RULES = (
    # go-yaml, on a document that doesn't parse
    (re.compile(r"unknown anchor '.*' referenced"), "unknown anchor referenced"),
    (re.compile(r"(invalid map key): .*", re.DOTALL), r"\1"),
    (re.compile(r"(cannot (?:decode|unmarshal) \S+) `.*?`", re.DOTALL), r"\1"),
    # text/template
    (re.compile(r"(range can't iterate over) .*", re.DOTALL), r"\1 this value"),
    # the schema of a chart's values
    (re.compile(r"'(?:[^'\\]|\\.)*' (does not match pattern)"), r"the value \1"),
    (re.compile(r"'(?:[^'\\]|\\.)*' (is not valid \w+).*"), r"the value \1"),
    # values of two shapes
    (re.compile(r"(non[- ]table (?:for \S+|value)) \(.*\)", re.DOTALL), r"\1"),
)
# What a function says of its arguments stands behind these words. Of what is quoted there only the names of
# templates, and the template's own text, are no values.
_CALLING = "error calling "
_QUOTED = re.compile(
    rf"(executing {_TEXT} at <.*?>:|no template {_TEXT} associated with template {_TEXT})|{_TEXT}|`[^`]*`",
    re.DOTALL,
)


def without_values(words: str) -> str:
    """A message of Helm, with every value in it left out or replaced by `…`."""
    for pattern, replacement in _RULES:
        words = pattern.sub(replacement, words)
    before, calling, after = words.partition(_CALLING)
    return before + calling + _QUOTED.sub(lambda found: found[1] or "…", after)
