"""Hand out a command's result: on standard output, as a file for later steps, and as the action's outputs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from promotion.common.text import harmless_json, plain
from promotion.edges.output_folder import check_report, write_report
from promotion.wiring.runtime import Runtime

if TYPE_CHECKING:
    from promotion.publishing.report import Report


def show(text: str, runtime: Runtime) -> None:
    """Print a result: on standard output; in Actions as lines of the log, which can't be commands."""
    if runtime.in_actions:
        runtime.console.info(text)
    else:
        sys.stdout.write(f"{runtime.redact(plain(text))}\n")


def show_json(text: str) -> None:
    """Print JSON for a program. It stays what it is: whoever makes it hides secrets in its sentences."""
    sys.stdout.write(f"{harmless_json(text)}\n")


def check_result_file(runtime: Runtime) -> None:
    """Refuse to begin in Actions where no file of results can be written at the end.

    Raises:
        UsageError: its folder is a link or a file.
    """
    if runtime.in_actions:
        check_report(runtime.folder)


def write_result_file(text: str, runtime: Runtime, *, name: str = "result", ending: str = "json") -> str:
    """Write a file for later steps in Actions, called after the step; gives its path, empty elsewhere.

    Args:
        text: the content, redacted.
        name: for a step without one.

    Raises:
        UsageError: as `check_result_file`.
    """
    if not runtime.in_actions:
        return ""
    return write_report(runtime.folder, runtime.environment.get("GITHUB_ACTION", name), text, ending=ending)


def show_report(report: Report, outputs: Mapping[str, str], runtime: Runtime) -> None:
    """Show what was published, and set the outputs; in Actions also `result`, the file with all of it."""
    from promotion.publishing.report import summarize, to_json  # costs what few commands should pay

    for note in report.notes:
        runtime.console.notice(note)
    runtime.console.info(report.headline())
    runtime.console.summary(summarize(report))
    file = write_result_file(to_json(report, runtime.redact), runtime)
    runtime.set_outputs({**outputs, "result": file} if file else outputs)
