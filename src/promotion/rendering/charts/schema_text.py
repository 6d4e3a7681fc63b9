"""JSON texts of schemas, read so that no other reader can take them for something else, and written again."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_MARK = b"\xef\xbb\xbf"  # Helm takes one off each file (pkg/chart/loader/archive, LoadArchiveFiles)


class UnreadableSchemaError(Exception):
    """A schema is none, or can't be read; the text says why."""


class JsonNumber(str):
    """A number as it is written: its digits mean more than a float can hold."""

    __slots__ = ()


def parse_json(data: bytes) -> Any:
    """Read a JSON text. Numbers stay as they are written; of a key that is there twice the last counts,
    as in Go's encoding/json.

    Raises:
        UnreadableSchemaError: why it can't be read.
    """
    try:
        text = data.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        raise UnreadableSchemaError("it isn't UTF-8") from None
    try:
        return json.loads(text, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise UnreadableSchemaError(f"it isn't JSON: {what}") from None
    except RecursionError:
        raise UnreadableSchemaError("it is nested too deeply") from None


def write_json(value: Any) -> bytes:
    """Write a value of `parse_json` as JSON.

    Raises:
        UnreadableSchemaError: it can't be written so that others read the same.
    """
    try:
        return _write(value).encode()
    except UnicodeEncodeError:
        raise UnreadableSchemaError("it has half of a surrogate pair in a text") from None
    except RecursionError:
        raise UnreadableSchemaError("it is nested too deeply") from None


def _write(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quote(key)}:{_write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    return str(value) if isinstance(value, JsonNumber) else _quote(value)


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse(word: str) -> NoReturn:
    raise UnreadableSchemaError(f"it isn't JSON: {word} is no number of JSON")
