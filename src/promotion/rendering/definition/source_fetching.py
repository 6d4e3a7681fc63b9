"""The sources of one run: each is fetched once, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from promotion.common.phrases import say
from promotion.errors import (
    AccessError,
    Location,
    PartLimitError,
    PromotionError,
    SourceError,
    UnreachableError,
)
from promotion.rendering.definition.part_failures import PartFailures, repeat_for
from promotion.rendering.definition.part_times import ENDLESS, PartTimes, make_overdue
from promotion.rendering.definition.source_rights import explain_refusal
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.sources.source_interface import Fetched, Source, SourceKind

if TYPE_CHECKING:
    from promotion.rendering.definition.tree_visit import Need

WORKERS = 16  # sources that are asked at once
_WHOLE = 0.9  # of a part's time: a source that took as much of it is to blame by itself
# A hostile component could name one of these in its access.yaml, to have it sent to a server of its own.
_REFUSED = ("ACTIONS_", "GITHUB_", "INPUT_", "RUNNER_")


class SourceFetcher(Protocol):
    """Gets sources; all methods may be called from several threads.

    `token` is the value of the variable that access.yaml names, else empty. All raise SourceError.
    """

    def expect(self, answers: Mapping[Source, str]) -> None:
        """Prepare questions that most likely have these answers, where many can be asked at once."""

    def ask(self, source: Source, *, token: str) -> str:
        """Return what a source is, without fetching it: a commit, a chart's version and digest, a file's
        digest.

        Empty if only fetching it can tell. Whatever is fetched afterwards is just that, also if the branch
        has moved meanwhile.
        """

    def fetch(self, source: SourceKind[Fetched], *, token: str) -> Fetched:
        """Return a repository's files at one commit, an unpacked chart, or a file's bytes."""

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """Return a chart in a folder of a snapshot, as real files, its dependencies built.

        `repository` is the snapshot's address for errors, empty for the definition's own.
        """


STOP = PartFailures(holds=False)


class FetchedSources:
    """What has been fetched so far: `fetched` has it by source.

    Args:
        environment: where the variables that access.yaml names are looked up.
        workers: how many sources are fetched at once.
        times: what each part has.
    """

    def __init__(
        self,
        fetcher: SourceFetcher,
        environment: Mapping[str, str],
        workers: int,
        times: PartTimes = ENDLESS,
    ) -> None:
        self.fetcher, self.workers, self.times = fetcher, workers, times
        self._environment = environment
        self.fetched: dict[Source, Any] = {}
        self._refused: dict[tuple[Source, str], PromotionError] = {}

    def fetch(self, needs: Sequence[Need], failures: PartFailures = STOP) -> bool:
        """Fetch those that aren't here; whether there were any. None is asked for again that failed.

        Raises:
            AccessError: a variable that access.yaml names isn't set; found before anything is fetched.
            SourceError: a source can't be had; the error of the first in order.
        """
        missing = [need for need in needs if need.source not in self.fetched]
        jobs: list[tuple[Need, str]] = []
        for need in missing:
            token = failures.attempt(need.part, partial(find_token, need, self._environment))
            if isinstance(token, PromotionError):
                failures.add(token)
            else:
                jobs.append((need, token))

        def attempt(job: tuple[Need, str]) -> Any:
            return failures.attempt(job[0].part, lambda: self._fetch(job))

        def leave(job: tuple[Need, str], seconds: float) -> Any:
            return failures.attempt(job[0].part, lambda: self._leave(job[0], seconds))

        found = self.times.map(
            attempt, jobs, parts_of=lambda job: [job[0].part], late=leave, workers=self.workers
        )
        for (need, token), outcome in zip(jobs, found, strict=True):
            if not isinstance(outcome, PromotionError):
                self.fetched[need.source] = outcome
                continue
            if not isinstance(outcome, PartLimitError):  # which is about its part alone
                self._refused.setdefault((need.source, token), outcome)
            failures.add(outcome)
        return bool(missing)

    def answer(self, source: Source) -> str:
        """Return what `SourceFetcher.ask` would have said of a source that was fetched."""
        found: Snapshot | ResolvedChart | bytes = self.fetched[source]
        return content_digest(found) if isinstance(found, bytes) else found.revision

    def _leave(self, need: Need, seconds: float) -> None:
        """Raise why a source was left alone, which was being fetched for so many seconds."""
        limit = self.times.limit
        with asked_by(need.label, need.where):
            if seconds < _WHOLE * limit:
                raise make_overdue(f"{need.source} hasn't answered yet", need.part, limit)
            raise UnreachableError(
                f"{need.source} hasn't answered in {limit:g} s",
                fix=say("Check that its server answers. {part-timeout} gives each part more time."),
            )

    def _fetch(self, job: tuple[Need, str]) -> Snapshot | ResolvedChart | bytes:
        need, token = job
        if known := self._refused.get((need.source, token)):
            repeated = repeat_for(known, part=need.part, label=need.label)
            explain_refusal(repeated, need)
            raise repeated
        with asked_by(need.label, need.where):
            try:
                if required := need.source.required:
                    self.fetcher.fetch(required, token=token)
                found: Snapshot | ResolvedChart | bytes = self.fetcher.fetch(need.source, token=token)
            except SourceError as error:
                self._refused.setdefault((need.source, token), copy(error))
                explain_refusal(error, need)
                raise
            return found


def ask_all(
    parts: Mapping[Source, Sequence[str]], fetcher: SourceFetcher, workers: int, times: PartTimes
) -> dict[Source, str]:
    """Return what sources are now, many asked at a time; empty for one that can't be told.

    No error is raised: if such a source is needed, fetching it says what is wrong.

    Args:
        parts: whose time each source takes.
        times: what each part has.
    """

    def ask(source: Source) -> str:
        try:
            if required := source.required:
                fetcher.ask(required, token="")
            return fetcher.ask(source, token="")
        except PromotionError:
            return ""

    answers = times.map(
        ask, list(parts), parts_of=lambda source: parts[source], late=lambda *_: "", workers=workers
    )
    return dict(zip(parts, answers, strict=True))


@contextmanager
def asked_by(label: str, where: Location | None = None) -> Iterator[None]:
    """Open errors inside are about this component, and this place unless they know a better one; but for
    those that are about a whole part.
    """
    try:
        yield
    except PartLimitError:
        raise
    except PromotionError as error:
        error.component = error.component or label
        error.where = error.where or where
        raise


def plain(need: Need) -> Need:
    """Return the need of the source itself, where the tree wants a working copy of it."""
    return replace(need, source=need.source.without_copy())


def find_token(need: Need, environment: Mapping[str, str]) -> str:
    """Return the token for a source, from the variable that access.yaml names; empty if it names none.

    Raises:
        AccessError: the variable isn't set, is one of the runner's own, or may not be sent there.
    """
    if not need.variable:
        return ""
    source = str(need.source)
    if need.variable.upper().startswith(_REFUSED):
        raise AccessError(
            f"the variable {need.variable} for {source} belongs to the runner and is sent to nobody",
            where=need.access,
            component=need.label,
            fix="Give the token a variable of its own, and its name here.",
        )
    if not need.permitted:
        raise AccessError(
            f"a repository that the definition names may not have {need.variable} sent to {source}",
            where=need.access,
            component=need.label,
            fix="If it is meant to, name the variable for a source of this server in an access.yaml of the "
            "definition's own repository.",
        )
    token = environment.get(need.variable, "")
    if not token:
        raise AccessError(
            f"the environment variable {need.variable} with the token for {source} isn't set",
            where=need.access,
            component=need.label,
            fix=f"Set {need.variable} in the workflow's `env`, or remove the line.",
        )
    return token
