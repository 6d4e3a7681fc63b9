"""The outcome of a promotion: outputs and summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promotion.common.markdown import link, prose
from promotion.common.text import count, line

State = Literal["opened", "updated", "unchanged", "closed", "waiting", "declined", "nothing"]
_SIGNS = {"opened": "🚀", "updated": "🚀", "waiting": "⏳", "declined": "✋"}
_WORDS = {
    "opened": ("opened", "would be opened"),
    "updated": ("brought up to date", "would be brought up to date"),
    "unchanged": ("up to date already", "up to date already"),
    "closed": ("closed", "would be closed"),
}


@dataclass(frozen=True, kw_only=True)
class PromotionOutcome:
    """What the run did, or would do without a dry run.

    `reason` is a sentence without a full stop, for states that need one. `body` is the pull request's text.
    """

    state: State
    source: str = ""
    target: str = ""
    reason: str = ""
    number: int | None = None
    url: str = ""
    commits: int = 0
    title: str = ""
    body: str = ""
    dry_run: bool = False

    def headline(self) -> str:
        """Return one line of plain text on the outcome."""
        pair = f"{self.source} to {self.target}: " if self.target else ""
        if self.state == "nothing":
            return f"{pair}{self.reason}"
        if self.state == "waiting":
            return f"{pair}waiting: {self.reason}"
        if self.state == "declined":
            return (
                f"{pair}pull request #{self.number} was closed, and {self.source} has nothing since that "
                "wasn't in it: reopen it, or push something new"
            )
        name = f"pull request #{self.number}" if self.number else "a pull request"
        done = _WORDS[self.state][self.dry_run]
        tail = f", {count(self.commits, 'commit')}" if self.commits else ""
        return f"{pair}{name} {'is' if not self.dry_run else ''} {done}{tail}".replace("  ", " ")

    def outputs(self) -> dict[str, str]:
        """Return the action's outputs by name."""
        is_there = self.number and self.state != "declined"
        return {
            "pull-request": str(self.number) if is_there else "",
            "url": line(self.url) if is_there else "",
            "state": self.state,
            "commits": str(self.commits),
        }

    def summary(self) -> str:
        """Return the job summary."""
        sign = _SIGNS.get(self.state, "✅")
        pull = f"{link(f'#{self.number}', self.url)}\n\n" if self.number and self.url else ""
        return f"## {sign} Promotion\n\n{prose(self.headline())}\n\n{pull}{self.body}\n"
