"""Which variables a hook takes from its environment. What hooks do is in test_hooks.py."""

from __future__ import annotations

import pytest

from promotion.edges.hook_workspace import list_variables


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("echo $A ${B} ${C:-c} ${#D}", ["A", "B", "C", "D"]),
        ('sed "s/x/$A/" f > g', ["A"]),
        ("echo '$A' $B", ["B"]),
        ("echo \"it's $A, isn't it\"", ["A"]),
        ("A=1; echo $A", []),
        ("export A=1 && echo $A $B", ["B"]),
        ("for f in *.yaml; do echo $f; done", []),
        ("while read -r line; do echo $line; done", []),
        (r"echo \$A $$ $1 $? $(date)", []),
        ("", []),
    ],
)
def test_what_it_uses_and_does_not_set(command: str, names: list[str]) -> None:
    assert list_variables(command) == names
