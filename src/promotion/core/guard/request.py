"""What the guard is asked, from inputs and event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from promotion.core.guard.pull import Json

DEFAULT_RULES_FILE = ".github/promotion.yml"
Mode = Literal["enforce", "warn"]
Unlisted = Literal["allow", "deny"]
Comment = Literal["always", "failures", "off"]
DEFAULT_CHECK = "promotion: {target}"


@dataclass(frozen=True, kw_only=True)
class GuardRequest:
    """One question to the guard.

    `today` is the day in UTC, which bypasses are held against. `rules` wins over `rules_file`, which is
    read at `rules_ref`, or where that is empty from the branch that is being changed.
    `check` is the name of the required check, with `{target}` for the branch.
    """

    event_name: str
    payload: Json
    today: date
    rules: str = ""
    rules_file: str = DEFAULT_RULES_FILE
    rules_ref: str = ""
    mode: Mode = "enforce"
    unlisted: Unlisted = "allow"
    comment: Comment = "off"
    audit: bool = False
    check: str = DEFAULT_CHECK
    run_url: str = ""
