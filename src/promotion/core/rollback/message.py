"""The messages of commits that roll back, or lift pins."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.core.event import Event
from promotion.core.lock.lock import LockedHld
from promotion.core.message import ComponentChange, build_message, list_names

_SHORT = 12  # digits of a commit


def build_rollback_message(
    environment: str,
    to: str,
    changes: Sequence[ComponentChange],
    event: Event,
    *,
    pinned: Sequence[str],
) -> str:
    """The message of a commit that restores what was at commit `to`; `pinned` are the labels of all pins."""
    rows = [f"Rolled-Back-To: {to}"]
    if pinned:
        rows.append(f"Pinned: {list_names(pinned)}")
    template = f"{{environment}}: roll back {{components}} to {to[:_SHORT]}\n\n{{changes}}\n\n"
    return _build(template + _escape("\n".join(rows)), environment, changes, event)


def build_lift_message(environment: str, lifted: Sequence[str], event: Event) -> str:
    """The message of a commit that lifts the pins of the components with these labels."""
    names = _escape(list_names(lifted))
    template = (
        f"{{environment}}: lift the pin of {names}\n\nThe next run brings it up to date.\n\nUnpinned: {names}"
    )
    return _build(template, environment, (), event)


def _build(template: str, environment: str, changes: Sequence[ComponentChange], event: Event) -> str:
    # Where the definition is now says nothing about the restored state.
    return build_message(template, environment=environment, changes=changes, hld=LockedHld(), event=event)


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
