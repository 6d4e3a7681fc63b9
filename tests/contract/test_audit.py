"""What `.ci/audit.py` makes of pip-audit's answers."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUDIT = runpy.run_path(str(ROOT / ".ci/audit.py"))["audit"]
FINE = {"name": "rich", "version": "1", "vulns": []}
BAD = {"name": "urllib3", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "dulwich", "skip_reason": "not found there"}


def audit(folder: Path, dependencies: list[dict[str, Any]] | None) -> int:
    """The exit code, where the tool says this; None: it can't ask, and ends as it does for a flaw."""
    tool, answer = folder / "tool", folder / "answer.json"
    answer.write_text(json.dumps({"dependencies": dependencies}), "utf-8")
    write = "" if dependencies is None else f'cp {answer} "$(printf %s "$5" | cut -d= -f2)"\n'
    tool.write_text(f"#!/bin/sh\n{write}echo ERROR >&2\nexit 1\n", "utf-8")
    tool.chmod(0o755)
    return int(AUDIT([folder / "requirements.lock"], folder / "report.json", tool))


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [([FINE], 0), ([FINE, BAD], 1), ([SKIPPED, BAD], 1), ([FINE, SKIPPED], 2), ([], 2), (None, 2)],
)
def test_a_flaw_and_nobody_to_ask_are_told_apart(
    tmp_path: Path, dependencies: list[dict[str, Any]] | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(tmp_path, dependencies) == code
    assert ("CVE-1; mended: 2" in capsys.readouterr().out) == (code == 1)


def test_an_old_report_is_no_answer(tmp_path: Path) -> None:
    assert audit(tmp_path, [FINE]) == 0
    assert audit(tmp_path, None) == 2


def test_nobody_is_asked_by_ci_itself() -> None:
    """Whether the index can be reached is for the tool to find out, wherever this machine's index is."""
    scripts = subprocess.run(
        ["git", "grep", "-l", "-E", r"urllib\.request|curl |wget ", "--", ".ci", "Makefile"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert scripts.stdout == ""
