"""The findings of `promotion doctor`, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Literal

from promotion.common.phrases import Spell
from promotion.common.text import line

_SIGNS = {"ok": "✓", "wrong": "✗", "unknown": "?"}


@dataclass(frozen=True, kw_only=True)
class DoctorFinding:
    """One check and its result. `area` is what it belongs to: a repository, one of its branches, or GitHub.

    `unknown` couldn't be established, or isn't wrong but to be known; `fix` says what to do.
    """

    area: str
    mark: Literal["ok", "wrong", "unknown"]
    what: str
    fix: str = ""

    def spell(self, spell: Spell) -> DoctorFinding:
        """Return the finding in the words of the place where it is read."""
        return replace(self, what=spell(self.what), fix=spell(self.fix))


def exit_code(checks: Sequence[DoctorFinding]) -> int:
    """Return 1 if anything is wrong, else 0."""
    return int(any(check.mark == "wrong" for check in checks))


def as_lines(checks: Sequence[DoctorFinding]) -> str:
    """Return the findings for people, by area."""
    lines: list[str] = []
    for area, found in groupby(checks, key=lambda check: check.area):
        lines.append(line(area))
        for check in found:
            lines.append(f"  {_SIGNS[check.mark]} {line(check.what)}")
            if check.fix and check.mark != "ok":
                lines.append(f"      {line(check.fix)}")
    return "\n".join([*lines, "", _count(checks)])


def as_json(checks: Sequence[DoctorFinding], show: Callable[[str], str] = str) -> str:
    """Return the findings for programs: `area`, `mark` (`ok`, `wrong`, `unknown`), `what`, `fix`.

    Args:
        show: hides secrets in the two sentences, and nowhere else.
    """
    shown = [asdict(check) | {"what": show(check.what), "fix": show(check.fix)} for check in checks]
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _count(checks: Sequence[DoctorFinding]) -> str:
    marks = [check.mark for check in checks]
    wrong, unknown = marks.count("wrong"), marks.count("unknown")
    said = "nothing is wrong" if not wrong else f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong"
    fine = marks.count("ok")
    return f"{said}; {unknown} to know or unknown; {fine} as {'it' if fine == 1 else 'they'} should be"
