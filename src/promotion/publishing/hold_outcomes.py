"""What becomes of the commits of parts that are newly held back, or no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from promotion.common.git_ids import is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.lock import Lock

_MOST = 20  # commits; as of deployments, for the same limit of GitHub's


@dataclass(frozen=True, kw_only=True)
class HoldOutcome:
    """The outcome for a commit of a repository (`owner/name`): a part of it is held back, or no longer."""

    repository: str
    commit: str
    part: str
    state: Literal["success", "failure"]
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """The key that distinguishes the commit from others; as of a deployment."""
        return self.repository.casefold(), self.commit


def list_outcomes(
    old: Lock, new: Lock, origins: Mapping[str, tuple[str, str]], name_of: Callable[[str], str]
) -> tuple[HoldOutcome, ...]:
    """Return the outcomes that a commit of the lock brings, so that the next run has none of them.

    A commit that one part makes fail is a failure, whatever it does for others. What a rollback holds
    instead isn't published. Of more than 20 commits the first are told.

    Args:
        old: the lock before.
        new: the one that is published.
        origins: each part's source and revision now, as far as they are known.
        name_of: gives `owner/name` for the address of a repository on this GitHub, else an empty text.
    """
    found: dict[tuple[str, str], HoldOutcome] = {}
    for outcome in (*_list_failures(old, new, name_of), *_list_successes(old, new, origins, name_of)):
        if outcome.repository and is_commit(outcome.commit):
            found.setdefault(outcome.key, outcome)
    return tuple(found.values())[:_MOST]


def _list_failures(old: Lock, new: Lock, name_of: Callable[[str], str]) -> Iterator[HoldOutcome]:
    for part, held in new.held.items():
        if held != old.held.get(part):
            yield HoldOutcome(
                repository=name_of(held.source or new.hld.repository),
                commit=held.revision if held.source else new.hld.commit,
                part=part,
                state="failure",
                text=f"Held back: {held.reason}",
            )


def _list_successes(
    old: Lock, new: Lock, origins: Mapping[str, tuple[str, str]], name_of: Callable[[str], str]
) -> Iterator[HoldOutcome]:
    for part in old.held:
        paths = [path for path, component in new.components.items() if find_owner(component, {part})]
        if part not in new.held and paths and new.pins.keys().isdisjoint(paths):
            source, revision = origins.get(part, ("", ""))
            yield HoldOutcome(
                repository=name_of(source or new.hld.repository),
                commit=revision if source else new.hld.commit,
                part=part,
                state="success",
                text="No longer held back",
            )
