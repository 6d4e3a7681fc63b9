"""What is redacted: texts that are shown, never outputs, markers or JSON; nothing is looked for after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from support.source_nodes import SOURCE, find_nodes

# Each place that redacts, and what: whoever adds one says here which text it is.
PLACES = {
    "promotion/edges/terminal.py": "lines and progress of a terminal",
    "promotion/edges/actions_runner.py": "lines, annotations, groups and the summary of a job",
    "promotion/edges/child_process.py": "what a program printed, as it is told",
    "promotion/publishing/github_status/status_records.py": "the description of a deployment or status",
    "promotion/commands/preview/command.py": "a comment behind its marker; the difference as a file",
    "promotion/wiring/result_output.py": "a result for people",
    "promotion/commands/status/command.py": "a table for people",
}


def calls(name: str) -> Iterator[tuple[str, str]]:
    """The places of all calls of a name, or of an attribute of that name, with their arguments as written."""
    for path, node in find_nodes(ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called.lstrip("_") == name:
            yield str(path.relative_to(SOURCE)), " ".join(map(ast.unparse, node.args))


def test_only_texts_are_redacted() -> None:
    assert {place for place, _ in calls("redact")} == PLACES.keys()
    assert not [row for row in calls("redact") if "json" in row[1] or "outputs" in row[1]]


def test_outputs_are_set_as_they_are() -> None:
    assert [row for row in calls("output") if row[1]] == [("promotion/wiring/runtime.py", "name value")]
    rows = [*calls("set_outputs")]
    assert len({place for place, _ in rows}) > 5, "there are outputs"
    assert not [row for row in rows if "redact(" in row[1] or "show(" in row[1]]
    appended = [text for place, text in calls("append") if place == "promotion/edges/actions_runner.py"]
    assert "Path(path) prepare_key_value_message(name, value)" in appended


def test_programs_are_understood_before_they_are_redacted() -> None:
    """Their words come as they were printed, and no function that sorts them gets shown ones."""
    sorting = ("classify", "read_exhaustion", "read_messages", "find_warnings", "find_way")
    rows = [row for name in sorting for row in calls(name)]
    assert len(rows) >= len(sorting)
    assert not [row for row in rows if "show(" in row[1] or "redact" in row[1]]
