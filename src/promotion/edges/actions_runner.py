"""The GitHub Actions runner: workflow commands, masks, outputs and the job summary.

Commands and the heredocs of outputs are formatted by the Actions toolkit.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from actions_toolkit.command import Command

from promotion.common.event import Event
from promotion.common.phrases import Spell, say, spell_for_workflow
from promotion.common.redaction import Redactor, forms
from promotion.common.text import plain
from promotion.errors import Location, PromotionError, UsageError

_SHORTEST_MASK = 8  # characters, as GitLab asks of a variable that is to be masked


class Runner:
    """The console of a run in Actions. Every text goes through the redactor; outputs are values, and don't.

    Args:
        environment: the runner's variables (`GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`, ...).
        stream: standard output, which the runner reads commands from.
        redact: hides secrets.
        spell: chooses the words: an action's, or those of a command that has none.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        stream: TextIO,
        redact: Redactor,
        spell: Spell = spell_for_workflow,
    ) -> None:
        self._environment, self._stream, self._redact, self._spell = environment, stream, redact, spell

    def info(self, text: str) -> None:
        """One or more lines of log; none of them can be taken for a workflow command."""
        for line in self._redact(plain(self._spell(text))).split("\n"):
            harmless = line.replace("##[", "# #[")
            # The runner looks behind leading blanks, too (actions/runner: ActionCommand.TryParseV2).
            if harmless.lstrip().startswith("::"):
                harmless = harmless.replace("::", ": :", 1)
            self._write(harmless)

    def diff(self, text: str) -> None:
        """Log a unified diff without colours, whose codes would clutter a downloaded log."""
        self.info(text)

    def debug(self, text: str) -> None:
        """Log a debug message, which is shown when the run has debug logging."""
        self._command("debug", text)

    def notice(self, text: str) -> None:
        """Show a notice on the run's page."""
        self._command("notice", text)

    def warning(self, text: str, where: Location | None = None) -> None:
        """Annotate the file and line with a warning, as for an error."""
        self._command("warning", say("{}{}", f"{where}: " if where else "", text), where)

    def error(self, error: PromotionError) -> None:
        """Annotate the file and line with an error, if they are in the repository that triggered the run."""
        self._command("error", error.tell(self._spell), error.where)

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is printed inside."""
        self._write(str(Command("group", {}, self._redact(plain(title)))))
        try:
            yield
        finally:
            self._write(str(Command("endgroup", {}, "")))

    def mask(self, secret: str) -> None:
        """Have the runner hide a secret, in every shape that it may take, line by line.

        A short one may be a common word, and the runner drops every job output that holds a masked one
        (actions/runner: JobExtension.FinalizeJob). GitHub's own secrets it hides without being told.
        """
        for shape in forms(secret):
            if "\n" not in shape and len(shape) >= _SHORTEST_MASK:
                self._write(str(Command("add-mask", {}, shape)))

    def output(self, name: str, value: str) -> None:
        """Set an output of the step: as it is, so it must be no sentence in which a secret could be."""
        from actions_toolkit.file_command import prepare_key_value_message

        path = self._environment.get("GITHUB_OUTPUT")
        if path:
            _append(Path(path), prepare_key_value_message(name, value))

    def summary(self, markdown: str) -> None:
        """Add to the job summary; GitHub refuses more than 1 MiB."""
        path = self._environment.get("GITHUB_STEP_SUMMARY")
        if not path:
            return
        try:
            _append(Path(path), self._redact(markdown))
        except OSError as error:  # that mustn't hide how the run ended
            self.warning(f"the job summary can't be written: {error.strerror}")

    def _command(self, name: str, text: str, where: Location | None = None) -> None:
        properties: dict[str, Any] = {}
        if where and self._is_here(where.repository):
            places = {"file": where.file, "line": where.line, "col": where.column}
            properties = {key: value for key, value in places.items() if value}
        self._write(str(Command(name, properties, self._redact(plain(self._spell(text))))))

    def _is_here(self, repository: str) -> bool:
        """Return whether a repository, as `owner/name` or `https://host/owner/name[.git][@ref]`, triggered
        us.
        """
        name = self._environment.get("GITHUB_REPOSITORY", "").lower()
        server = self._environment.get("GITHUB_SERVER_URL", "https://github.com").lower()
        short = repository.lower().removeprefix(f"{server}/")
        return bool(name) and short.startswith(name) and short[len(name) :][:1] in ("", "@", ".")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def read_event(environment: Mapping[str, str]) -> Event:
    """Return the event that started the run, from the runner's variables.

    Raises:
        UsageError: the event file can't be read.
    """
    path = environment.get("GITHUB_EVENT_PATH")
    payload: Any = {}
    if path:
        try:
            payload = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"the event file {path} can't be read: {error}") from error
    if not isinstance(payload, dict):
        raise UsageError(f"the event file {path} holds no object")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    repository = environment.get("GITHUB_REPOSITORY", "")
    run = environment.get("GITHUB_RUN_ID", "")
    return Event(
        name=environment.get("GITHUB_EVENT_NAME", ""),
        ref=environment.get("GITHUB_REF", ""),
        repository=repository,
        commit=environment.get("GITHUB_SHA", ""),
        actor=environment.get("GITHUB_ACTOR", ""),
        run_url=f"{server}/{repository}/actions/runs/{run}" if run else "",
        payload=payload,
    )


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text + "\n")
