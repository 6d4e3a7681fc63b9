"""The parts that a run holds back, as it reports them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from promotion.common.addresses import identify, is_repository
from promotion.common.event import Event
from promotion.common.git_ids import abbreviate, is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.markdown import code, prose
from promotion.common.phrases import say
from promotion.common.text import line
from promotion.errors import PromotionError
from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.lock import HeldPart

if TYPE_CHECKING:
    from promotion.rendering.definition.part_failures import PartFailures
    from promotion.rendering.rendering_outcome import Rendering

HELD_HEAD = (
    "### Held back\n\nThese stay as they were last published, if they ever were; everything else went on.\n\n"
    "| part | reason | of | waiting | since |\n|---|---|---|---|---|\n"
)


@dataclass(frozen=True, kw_only=True)
class ReportedHold:
    """A part that is held back; the fields are as of `HeldPart`.

    `is_passing`: its fault may pass by itself. `repositories` are the addresses of all that it is made from,
    as far as they were seen; but for those that other parts come from, whose teams aren't to blame for being
    named. `published`: there are files of it, which stay. `error` is its fault itself, `reason` its words.
    """

    part: str
    reason: str
    source: str = ""
    revision: str = ""
    since: str = ""
    is_passing: bool = False
    repositories: tuple[str, ...] = ()
    published: bool = True
    error: PromotionError | None = field(default=None, repr=False, compare=False)

    def explain(self) -> PromotionError:
        """Return the error that says so, at the place of its fault."""
        waits = f" at {abbreviate(self.revision)}" if is_commit(self.revision) else ""
        place = f" ({self.source}{waits})" if self.source else ""
        stays = "stays as it was last published" if self.published else "left out, for it never was published"
        return self.make_error(f"{self.part} is held back and {stays}{place}")

    def make_error(self, head: str) -> PromotionError:
        """Return an error at the place of its fault, which says what comes of that, and then the fault."""
        fault = self.error
        if fault is None:
            return PromotionError(line(f"{head}: {self.reason}"))
        what = say("{}: {}", line(head), fault.what)
        component = "" if fault.component == self.part else fault.component
        return PromotionError(what, where=fault.where, fix=fault.fix, component=component)

    def is_of(self, repository: str) -> bool:
        """Return whether it is made from a repository, given as `owner/name`."""
        return any(is_repository(each, repository) for each in (self.source, *self.repositories))


def describe_hold(name: str, held: HeldPart) -> str:
    """Return what a lock says of a part that is held back, as a sentence: since when, what waits, and why."""
    since = f" since {_abbreviate(held.since)}" if held.since not in ("", held.revision) else ""
    waits = f"; {_abbreviate(held.revision)} of {held.source} waits" if held.source and held.revision else ""
    return line(f"{name} is held back{since}{waits}: {held.reason}")


def _abbreviate(revision: str) -> str:
    return abbreviate(revision) if is_commit(revision) else revision


def describe_held(made: Rendering, show: Callable[[str], str]) -> tuple[ReportedHold, ...]:
    """Return the parts that are held back.

    Args:
        show: hides secrets.
    """
    told = []
    for name, error in sorted(made.held.items()):
        source, revision = made.failures.origins.get(name, ("", ""))
        known = made.lock.held.get(name)
        told.append(
            ReportedHold(
                part=name,
                reason=line(show(str(error))),
                source=source,
                revision=revision,
                since=known.since if known else revision,
                is_passing=error.is_passing,
                repositories=tuple(sorted(_list_repositories(name, made.failures))),
                published=any(find_owner(each, {name}) for each in made.lock.components.values()),
                error=error,
            )
        )
    return tuple(told)


def _list_repositories(name: str, failures: PartFailures) -> Iterator[str]:
    others = {identify(source) for part, (source, _) in failures.origins.items() if part != name}
    own = identify(failures.origins.get(name, ("", ""))[0])
    for address in failures.repositories.get(name, ()):
        if identify(address) == own or identify(address) not in others:
            yield address


def concerns(held: Iterable[ReportedHold], event: Event, definition: str) -> bool:
    """Return whether what is held is a matter of whoever caused the run, so that it isn't to succeed.

    That is who pushed to a repository that is held, or to the definition, or started the run by hand.

    Args:
        definition: the address of the definition's repository.
    """
    pushed = event.dispatched or event.name == "push"
    pusher = event.origin.repository
    return any(
        (not pushed and event.name in ("", "workflow_dispatch"))
        or (pushed and (each.is_of(pusher) or is_repository(definition, pusher)))
        for each in held
    )


def list_rows(
    held: Iterable[ReportedHold], definition: tuple[str, str], link_commit: Callable[[str, str], str]
) -> list[str]:
    """Return the rows below `HELD_HEAD`.

    Args:
        definition: the address of the definition's repository, and its commit.
        link_commit: gives Markdown for a commit of a repository.
    """
    address, commit = definition

    def show(source: str, revision: str) -> str:
        return link_commit(source or address, revision) if is_commit(revision) else code(revision[:60])

    return [
        f"| {code(each.part)} | {prose(each.reason)} | {code(each.source) if each.source else 'the HLD'} "
        f"| {show(each.source, each.revision if each.source else commit)} "
        f"| {show(each.source, each.since)} |\n"
        for each in held
    ]
