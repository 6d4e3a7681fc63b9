"""The meaning of a YAML scalar: as Fabrikate reads it, then as Helm reads what Fabrikate writes.

Fabrikate reads a config file with go-yaml 2.2 and writes it again as a values file, which Helm reads with
go-yaml 2.4. The two differ in one rule: an exponent without a sign (`1e3`) and a trailing point (`1.`) are
text to the first, numbers to the second. As Fabrikate writes such text without quotes, a chart receives
a number, and so it does here. A quoted `"1e3"` is and stays text, where Fabrikate loses the quotes.
"""

from __future__ import annotations

import base64
import binascii
import math
import re

Plain = str | int | float | bool | None

TAG_PREFIX = "tag:yaml.org,2002:"

# go-yaml resolve.go: the words of resolveMapList.
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

# Go's strconv.ParseInt with base 0.
_INTEGERS = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)", re.ASCII), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)", re.ASCII), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)", re.ASCII), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]{,19})", re.ASCII), 10),
    # go-yaml itself tries the digits after 0b once more, and those may have a sign.
    (re.compile(r"0b([-+]?)([01]+)", re.ASCII), 2),
)

# go-yaml 2.4 resolve.go: yamlStyleFloat. All that 2.2 takes for a float is one here too.
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)

# What Go's strconv.ParseFloat takes of texts that begin with a point: underscores between digits.
_POINT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?", re.ASCII)

# The four forms that go-yaml takes for a time; the rules for months and hours are left to who reads it.
_TIMESTAMP = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"
    r"([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?",
    re.ASCII,
)


def resolve_plain(text: str) -> Plain:
    """Return the value of a scalar without quotes and tag. Base-60 numbers and timestamps are text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        number = _decode_float(text) if _POINT_FLOAT.fullmatch(text) else None
    elif text[0] in "+-0123456789":
        number = _decode_number(text.replace("_", ""))
    else:
        number = None
    return text if number is None else number


def resolve_tagged(tag: str, text: str) -> Plain:
    """Return the value of a scalar with a tag. An unknown tag makes it text.

    Raises:
        ValueError: the text isn't what the tag says.
    """
    kind = tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else "unknown"
    if kind == "binary":
        return _decode_binary(text)
    if kind not in {"null", "bool", "int", "float", "timestamp"}:
        return text
    value = resolve_plain(text)
    if kind == "timestamp" and isinstance(value, str) and _TIMESTAMP.fullmatch(text):
        return text
    if kind == "float" and type(value) is int:
        return float(value)
    if kind != _kind(value):
        raise ValueError(f"this isn't a value of the type !!{kind}")
    return value


def _kind(value: Plain) -> str:
    names = {type(None): "null", bool: "bool", int: "int", float: "float", str: "text"}
    return names[type(value)]


def _decode_number(text: str) -> int | float | None:
    for pattern, base in _INTEGERS:
        if match := pattern.fullmatch(text):
            value = int(match[1] + match[2], base)
            # int64, or uint64 where there is no sign; a longer decimal number becomes a float below.
            if -(2**63) <= value < (2**63 if match[1] else 2**64):
                return value
    return _decode_float(text) if _FLOAT.fullmatch(text) else None


def _decode_float(text: str) -> float | None:
    value = float(text)
    # Out of range is text to Go. Adding zero drops the sign of -0.0, as writing it as `-0` does.
    return None if math.isinf(value) else value + 0.0


def _decode_binary(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise ValueError("a !!binary value isn't base64") from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError("a !!binary value isn't UTF-8 text, and nothing else reaches a chart") from error
