"""The program's own modules as syntax trees, parsed once for all that ask."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"


@cache
def read_nodes() -> Mapping[Path, Sequence[ast.AST]]:
    """Every node of each module."""
    paths = sorted(SOURCE.rglob("*.py"))
    return {path: [*ast.walk(ast.parse(path.read_text("utf-8")))] for path in paths}


def find_nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Path, Any]]:
    """Those of some kinds, with their files."""
    for path, nodes in read_nodes().items():
        yield from ((path, node) for node in nodes if isinstance(node, kinds))
