"""Every retry has its numbers in `promotion.common.backoff`, and so in the table of docs/reliability.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from promotion.common import backoff
from promotion.common.backoff import RETRIES, Backoff

SOURCE = Path(__file__).parents[2] / "src/promotion"
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}
POLICIES = {name: value for name, value in vars(backoff).items() if isinstance(value, Backoff)}
WAITS = {"sleep", "wait", "pause", "poll"}


def test_every_policy_is_in_the_table() -> None:
    assert [*POLICIES.values()] == [*dict.fromkeys(POLICIES.values())], "two are the same by accident"
    assert set(POLICIES.values()) == set(RETRIES.values())


def test_every_policy_is_used() -> None:
    used = {node.id for path, node in nodes() if isinstance(node, ast.Name) and path.name != "backoff.py"}
    assert used >= POLICIES.keys()


def test_no_other_module_has_a_policy_of_its_own() -> None:
    calls = [(path, node) for path, node in nodes() if isinstance(node, ast.Call)]
    makers = {
        path.name for path, call in calls if isinstance(call.func, ast.Name) and call.func.id == "Backoff"
    }
    assert makers == {"backoff.py"}
    waits = [(path, call) for path, call in calls if name_called(call) in WAITS]
    assert len(waits) > 5
    assert not [
        f"{path.relative_to(SOURCE)}:{call.lineno}"
        for path, call in waits
        if any(isinstance(part, ast.Constant) for argument in call.args for part in ast.walk(argument))
    ]


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            yield path, node


def name_called(call: ast.Call) -> str:
    """`sleep` of `time.sleep()` and `self._sleep()`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return name.lstrip("_")
