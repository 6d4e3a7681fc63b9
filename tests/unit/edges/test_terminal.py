"""What a terminal shows, and where it has colours."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from promotion.common.phrases import say
from promotion.common.redaction import Redactor
from promotion.edges.terminal import Terminal, mark_lines, takes_codes
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


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("a\tb\n\tc ")
@example("")
@example("x" * 200 + "   ")
def test_a_plain_stream_shows_what_rich_does(text: str) -> None:
    rich, shown = open_terminal({}, is_terminal=False)
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=False, soft_wrap=True, highlight=False)
    for terminal in (rich, Terminal(Redactor(["s3cret"]), console, stream=stream)):
        with terminal.group(text):
            terminal.info(text)
            terminal.diff(text)
    assert stream.getvalue() == shown.getvalue()


def test_rich_decides_where_a_stream_may_be_a_terminal() -> None:
    stream = io.StringIO()
    assert not takes_codes(stream, {"NO_COLOR": "1"})
    assert takes_codes(stream, {"FORCE_COLOR": "1"})
    stream.isatty = lambda: True  # type: ignore[method-assign]
    assert takes_codes(stream, {})


LONGER_DIFF = """\
--- a/shop.yaml
+++ b/shop.yaml
@@ ConfigMap shop @@
 data:
-  x: "1"
+  x: "2"
--- a removed line that begins with two dashes
+++ an added one
@@ ConfigMap other @@
… 9000 lines before, 9000 after: too long to compare
"""


def test_each_line_is_marked_and_names_of_files_are_told_from_changes() -> None:
    marks = [mark for mark, _ in mark_lines(LONGER_DIFF.replace("@@ ConfigMap other @@\n", ""))]
    assert marks == ["file", "file", "hunk", "", "removed", "added", "removed", "added", ""]


def test_no_line_is_lost() -> None:
    assert "\n".join(line for _, line in mark_lines(LONGER_DIFF)) + "\n" == LONGER_DIFF
    assert list(mark_lines("")) == [("", "")]
