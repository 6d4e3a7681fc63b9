"""Inputs that nobody would write: random bytes, and valid files that were damaged, text or structure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import yaml

# What has broken readers before: of YAML's and JSON's syntax, of numbers, of Unicode, of names and paths.
_WORDS = """
    &a *a <<: <<:*a !!binary !!int !!float !!null !!timestamp !!set !!python/object:os.system ! !<x> ? : - | >
    --- ... %YAML %TAG # [ ] { } , ' " ` @ \\ 0 -0 0o17 0x 0b 017 08 1_0 +1 1. .5 1e3 1e999999 .inf -.inf .nan
    NaN Infinity ~ null true yes off 2001-01-01 12:30:45 18446744073709551616
    \\u0000 \\ud800 \\udfff \\U0001f600
    ../.. /etc/passwd file:///etc/passwd ext::sh -u --upload-pack=x ${TOKEN} {{.Values}}
    ::add-mask::x ##[error]
    <script> [x](javascript:x) @team #1 | ``` https://user:pass@host/ oci:// git@host:x C:\\ con .git
    name: type: source: method: path: version: branch: subcomponents: hooks: config: namespace:
    injectNamespace:
    apiVersion: kind: metadata: entries: urls: dependencies: repository: import-values: tags: digest: format:
"""

TOKENS = [
    *_WORDS.split(),
    *(
        "\0",
        "\ufeff",
        "\u2028",
        "\x85",
        "\r",
        "\r\n",
        "\t",
        "\x1b[2J",
        "\u202e",
        "\n",
        " ",
        "  ",
        "\n- ",
        "\n  ",
    ),
]
BYTES = (b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xef\xbb\xbf", b"\0")
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63, 2**64, 10**30, 1e300, -0.0, "", "~", "1e3", "0777", "<<", "..", "a/b"),
    *([], {}, [[]], {"": ""}, {"<<": {"a": 1}}, [None], {"a": {"a": {"a": []}}}, "x" * 300, "\0", "é\u0301"),
)
LARGEST = 20_000  # bytes, of most inputs


def mutate(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One input: most are damaged seeds, some are noise."""
    kind = random.random()
    if kind < 0.05:
        return random.randbytes(random.randrange(200))
    if kind < 0.15:
        return "".join(random.choices(TOKENS, k=random.randrange(1, 30))).encode()
    data = random.choice(seeds)
    if kind < 0.65:
        data = _reshape(random, data)
    damages = (0, 0, 0, 1, 2) if kind < 0.65 else (1, 1, 1, 2, 3, 6)
    for _ in range(random.choice(damages)):
        data = random.choice(_DAMAGES)(random, data, seeds)
    return data[: 50 * LARGEST]


def _reshape(random: Random, data: bytes) -> bytes:
    """The file with parts of its structure replaced, as YAML or JSON."""
    try:
        value = yaml.load(data, Loader=yaml.CBaseLoader)  # noqa: S506  texts, maps and lists only
        for _ in range(random.choice((1, 1, 2, 4))):
            value = _change(random, value)
        return _write(random, value)
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError, TypeError):
        return data


def _write(random: Random, value: Any) -> bytes:
    if random.random() < 0.4:
        return json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=random.random() < 0.2)).encode()


def _change(random: Random, value: Any) -> Any:
    if random.random() < 0.3 or not isinstance(value, dict | list) or not value:
        other = random.choice((*STRANGE, random.choice(TOKENS)))
        return random.choice((other, [value], {"a": value}, [value, value], other))
    if isinstance(value, list):
        at = random.randrange(len(value))
        return [*value[:at], _change(random, value[at]), *value[at + random.randrange(2) :]]
    key = random.choice(list(value))
    changed = {**value, key: _change(random, value[key])}
    if random.random() < 0.2:
        changed[random.choice((random.choice(TOKENS), key.upper() if isinstance(key, str) else key))] = (
            changed.pop(key)
        )
    return changed


def _cut(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[min(end, start + 40) :]


def _copy(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
    at = random.randrange(len(data) + 1)
    times = random.choice((1, 1, 1, 2, 50))
    return data[:at] + data[start : min(end, start + 200)] * times + data[at:]


def _insert(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice((random.choice(TOKENS).encode(), random.choice(BYTES))) + data[at:]


def _repeat(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Something many times: brackets, dashes, digits, aliases."""
    at = random.randrange(len(data) + 1)
    text = random.choice(
        ("[", "{", "- ", "? ", "9", "{a: ", '{"a":', "a: ", "{branch: ", "[*a,", "\n", "'", "x", "<<: ")
    )
    return data[:at] + text.encode() * random.choice((10, 99, 101, 201, 1001, 5000)) + data[at:]


def _splice(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    lines, others = data.split(b"\n"), other.split(b"\n")
    at, there = random.randrange(len(lines)), random.randrange(len(others))
    return b"\n".join([*lines[:at], *others[there : there + random.randrange(1, 9)], *lines[at:]])


def _flip(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _anchor(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Values become anchors, and others aliases of them."""
    lines = data.split(b"\n")
    for number, line in enumerate(lines):
        if b": " in line and random.random() < 0.4:
            sign = random.choice((b"&a ", b"&b ", b"*a #", b"*b #"))
            lines[number] = line.replace(b": ", b": " + sign, 1)
    return b"\n".join(lines)


def _indent(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    lines[at] = random.choice((b" ", b"  ", b"\t", b"- ", b"")) + lines[at].lstrip()
    return b"\n".join(lines)


_DAMAGES = (_cut, _copy, _insert, _insert, _repeat, _splice, _flip, _anchor, _indent)
