"""Every retry has its numbers in `promotion.common.backoff`, and so in the table of docs/reliability.md."""

from __future__ import annotations

import ast

from promotion.common import backoff
from promotion.common.backoff import RETRIES, Backoff
from support.source_nodes import SOURCE, find_nodes

POLICIES = {name: value for name, value in vars(backoff).items() if isinstance(value, Backoff)}
WAITS = {"sleep", "wait", "pause", "poll"}


def test_every_policy_is_in_the_table() -> None:
    assert [*POLICIES.values()] == [*dict.fromkeys(POLICIES.values())], "two are the same by accident"
    assert set(POLICIES.values()) == set(RETRIES.values())


def test_every_policy_is_used() -> None:
    used = {node.id for path, node in find_nodes(ast.Name) if path.name != "backoff.py"}
    assert used >= POLICIES.keys()


def test_no_other_module_has_a_policy_of_its_own() -> None:
    calls = [*find_nodes(ast.Call)]
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


def name_called(call: ast.Call) -> str:
    """`sleep` of `time.sleep()` and `self._sleep()`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return name.lstrip("_")
