"""What is pinned: for people, and for whoever shows the state of an environment."""

from __future__ import annotations

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.git_ids import abbreviate
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line
from promotion.rendering.lock.lock import Lock, LockedComponent


@dataclass(frozen=True, kw_only=True)
class PinnedComponent:
    """A component that a rollback holds.

    `path` is that of its manifest below the lock's folder; `part` is what the lock says of it, None if it
    isn't there; `held_back` what it would say without the pin. `to` is the id of the commit whose state it
    has, `to_commit` that commit, `since` the rollback's; both are None where the history doesn't have them.
    """

    label: str
    path: str
    part: LockedComponent | None
    held_back: LockedComponent | None
    to: str
    to_commit: PastCommit | None = None
    since: PastCommit | None = None


def list_pinned(lock: Lock, history: CommitHistory | None = None) -> tuple[PinnedComponent, ...]:
    """Return the components of a lock that a rollback holds, in order of their paths.

    Args:
        history: of the branch that the lock lies in, for the commits; the lock itself holds no times.
    """
    history = history or CommitHistory()
    children = {commit.parents[0]: commit for commit in reversed(history.line) if commit.parents}
    return tuple(
        PinnedComponent(
            label=pin.label,
            path=path,
            part=lock.components.get(path),
            held_back=pin.held_back,
            to=pin.to,
            to_commit=history.commits.get(pin.to),
            since=children.get(pin.base),
        )
        for path, pin in sorted(lock.pins.items())
    )


def list_labels(lock: Lock) -> tuple[str, ...]:
    """Return the labels of what is pinned."""
    return tuple(pin.label for _, pin in sorted(lock.pins.items()))


def list_lifted(before: Lock, after: Lock) -> tuple[str, ...]:
    """Return the labels of what isn't pinned any more."""
    return tuple(pin.label for path, pin in sorted(before.pins.items()) if path not in after.pins)


def describe_pins(lock: Lock) -> tuple[str, ...]:
    """Return a sentence on each component that is pinned."""
    return tuple(_describe(pinned) for pinned in list_pinned(lock))


def _describe(pinned: PinnedComponent) -> str:
    to = abbreviate(line(pinned.to))
    state = f"as it was at {to}" if pinned.part else f"absent, as it was at {to}"
    return (
        f"{line(pinned.label)} is pinned by a rollback: it stays {state} until its source or config changes, "
        "or the pin is lifted"
    )
