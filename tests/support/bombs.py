"""Files that ask for far more time or memory than they take, and what each reader makes of them.

`python -m support.bombs NAME` prints a line of JSON for each reader: its error, seconds of processor time and
the most memory that it had, in MB. Each reader has a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from support.readers import READERS, read

MIB = 2**20
ROOM = 10 * MIB - 200  # what a file of people may have at most


def _repeated_aliases(inner: str, line: str) -> str:
    """Forty levels of aliases, each of them nine times the one before."""
    levels = ((level, ", ".join([f"*a{level - 1}"] * 9)) for level in range(1, 40))
    return "\n".join(
        [f"a0: &a0 {inner}", *(line.format(level=level, parts=parts) for level, parts in levels)]
    )


def _keys(count: int, indent: str = "") -> str:
    return "".join(f"{indent}k{number}:\n" for number in range(count))


BOMBS: Mapping[str, Callable[[], str]] = {
    "aliases": lambda: _repeated_aliases("x", "a{level}: &a{level} [{parts}]"),
    "merge keys": lambda: _repeated_aliases("{x: 1}", "a{level}: &a{level} {{<<: [{parts}]}}"),
    "one alias in itself": lambda: "a: &a [*a]",
    "an alias of a long text": lambda: f"config:\n  a: &a {'x' * (5 * MIB)}\n  b: [{'*a,' * 300_000}]\n",
    "an alias of a long key": lambda: (
        f"config:\n  ? &a {'x' * 1000}\n  : 1\n  b: [{'{*a : 1},' * 300_000}]\n"
    ),
    "dependencies": lambda: (
        "name: a\nversion: 1.0.0\nx: &x [&y [a, b]]\n"
        + _repeated_aliases("[a]", "a{level}: &a{level} [{parts}]")
        + "\ndependencies: [{name: b, import-values: *a39}]\n"
    ),
    "brackets": lambda: "[" * ROOM,
    "braces": lambda: "{a: " * (ROOM // 4),
    "JSON objects": lambda: '{"a":' * (ROOM // 5),
    "dashes": lambda: "- " * (ROOM // 2),
    "question marks": lambda: "? " * (ROOM // 2),
    "ever deeper lines": lambda: "".join(f"{' ' * level}a:\n" for level in range(4000)),
    "a list of numbers": lambda: f"config: {{a: [{'1,' * (ROOM // 2)}]}}",
    "a list of maps": lambda: f"config: {{a: [{'{},' * (ROOM // 3)}]}}",
    "a JSON list": lambda: f'{{"config": [{"1," * (ROOM // 2)}1]}}',
    "a list of nothing": lambda: "config:\n  a:\n" + "  -\n" * (ROOM // 4),
    "a million keys": lambda: _keys(1_000_000),
    "a million keys of a config": lambda: "config:\n" + _keys(900_000, "  "),
    "the same key": lambda: "config:\n" + "  a: 1\n" * (ROOM // 7),
    "a JSON object": lambda: "{" + ",".join(f'"k{number}":1' for number in range(800_000)) + "}",
    "a million documents": lambda: "---\n" * (ROOM // 4),
    "a million small documents": lambda: "a: 1\n---\n" * (ROOM // 9),
    "a long line": lambda: f"config: {{a: {'x' * ROOM}}}"[:ROOM],
    "a line of 100 MB": lambda: f"a: {'x' * (100 * MIB)}",
    "a manifest of 100 MB": lambda: "kind: A\nmetadata: {name: a}\n---\n" * (100 * MIB // 34),
    "a list of 40 MB": lambda: "kind: A\nlist:\n" + "- a\n" * (10 * MIB),
    "a long number": lambda: f"config: {{a: {'9' * ROOM}"[:ROOM] + "}}",
    "numbers": lambda: f"config: {{a: 1e999999, b: 0x{'f' * 100_000}, c: 0b{'1' * MIB}, d: {'1_' * MIB}}}",
    "a number in JSON": lambda: f'{{"config": {{"a": {"9" * MIB}}}, "format": {"9" * 5000}}}',
    "escapes": lambda: f'config: {{a: "{chr(92)}n{f"{chr(92)}u0041" * (ROOM // 6 - 10)}"}}',
    "blank lines": lambda: "a: |\n" + " \n" * (ROOM // 2),
    "blanks": lambda: " " * ROOM + "a: 1",
    "comments": lambda: "#\n" * (ROOM // 2),
    "anchors": lambda: f"config: [{'&a 1,' * (ROOM // 5)}]",
    "tags": lambda: f"config: [{'!a 1,' * (ROOM // 5)}]",
    "long tags": lambda: f"config: [!{'a' * ROOM}"[:ROOM],
    "an index in another layout": lambda: (
        "apiVersion: v1\nentries: {"
        + ",".join(f"c{number}: [{{version: 1.0.{number}, urls: [a]}}]" for number in range(400_000))
        + "}\n"
    ),
    "an index of many charts": lambda: (
        "apiVersion: v1\nentries:\n"
        + "".join(f"  c{n}:\n  - version: 1.0.{n}\n    urls: [a]\n" for n in range(400_000))
    ),
    "patterns": lambda: "*a" * 5000 + "\n" + "[" * 5000,
    "ranges": lambda: " || ".join([">=1.0.0 <2"] * 50_000),
}


def main(name: str) -> None:
    """Let each reader read it."""
    data = BOMBS[name]().encode()
    for reader in READERS:
        process = os.fork()
        if not process:
            print(json.dumps({"reader": reader.__name__, **_measure(reader, data)}), flush=True)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if status:
            ended = {"error": f"ended with {status}", "seconds": 0, "megabytes": 0}
            print(json.dumps({"reader": reader.__name__, **ended}), flush=True)


def _measure(reader: Callable[[bytes], None], data: bytes) -> dict[str, object]:
    error = ""
    start = time.process_time()
    try:
        with tempfile.TemporaryDirectory() as folder:
            read(reader, data, Path(folder))
    except Exception as problem:
        error = f"{type(problem).__module__}.{type(problem).__name__}: {str(problem)[:200]}"
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"error": error, "seconds": round(seconds, 2), "megabytes": round(memory)}


if __name__ == "__main__":
    main(sys.argv[1])
