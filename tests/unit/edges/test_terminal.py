"""What a terminal shows, and where it has colours."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from promotion.common.phrases import say
from promotion.common.redaction import Redactor
from promotion.edges.terminal import Terminal
from promotion.errors import Location, UsageError

DIFF = "--- a/x\n+++ b/x\n@@ ConfigMap x @@\n same\n-old s3cret\n+new\n"
RED, GREEN, CYAN = "\x1b[31m", "\x1b[32m", "\x1b[36m"


def open_terminal(environment: dict[str, str], *, is_terminal: bool) -> tuple[Terminal, io.StringIO]:
    stream = io.StringIO()
    variables = {"TERM": "xterm-256color", **environment}
    console = Console(
        file=stream, force_terminal=is_terminal, soft_wrap=True, highlight=False, _environ=variables
    )
    return Terminal(Redactor(["s3cret"]), console), stream


def test_a_difference_has_colours_in_a_terminal() -> None:
    terminal, stream = open_terminal({}, is_terminal=True)
    terminal.diff(DIFF)
    shown = stream.getvalue()
    assert f"{RED}-old ***\x1b[0m" in shown
    assert f"{GREEN}+new\x1b[0m" in shown
    assert f"{CYAN}@@ ConfigMap x @@\x1b[0m" in shown
    assert f"{RED}---" not in shown
    assert "\n same\n" in shown


@pytest.mark.parametrize(
    ("environment", "is_terminal"), [({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, True), ({}, False)]
)
def test_there_are_no_colours_where_they_are_not_wanted(
    environment: dict[str, str], is_terminal: bool
) -> None:
    terminal, stream = open_terminal(environment, is_terminal=is_terminal)
    terminal.diff(DIFF)
    shown = stream.getvalue()
    assert not any(colour in shown for colour in (RED, GREEN, CYAN))
    if not environment:
        assert shown == DIFF.replace("s3cret", "***")


def test_an_error_and_a_warning_speak_of_flags() -> None:
    terminal, stream = open_terminal({}, is_terminal=False)
    terminal.error(UsageError(say("{helm} is wrong"), fix=say("Set {engine: fab}.")))
    terminal.warning(say("Set {token}"), Location("component.yaml", 3))
    assert stream.getvalue().splitlines() == [
        "error: --helm is wrong. Set `--engine fab`.",
        "warning: component.yaml:3: Set GITHUB_TOKEN",
    ]
