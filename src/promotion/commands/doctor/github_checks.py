"""Checks that GitHub's API answers: the token, its rights, the protection of branches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from promotion.commands.doctor.finding import DoctorFinding
from promotion.common.phrases import say
from promotion.common.promotion_rules.audit import audit_repository
from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.errors import AccessError

_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_MARKS: Mapping[str, Literal["wrong", "unknown"]] = {
    "problem": "wrong",
    "unknown": "unknown",
    "advice": "unknown",
}
_FEW = 100  # requests; a run of several environments may take some dozen


@dataclass(frozen=True, kw_only=True)
class DoctorGitHub:
    """GitHub's API with the token. Both functions raise PromotionError.

    `read_limit` returns how many requests are left, and how many there are per hour; None without a limit.
    Asking is free. `open_repository` returns the API for one repository, `owner/name`.
    """

    read_limit: Callable[[], tuple[int, int] | None]
    open_repository: Callable[[str], GuardGitHub]


def examine_api(hosting: DoctorGitHub | None) -> Iterator[DoctorFinding]:
    """Check that there is a token that GitHub accepts, and that requests are left."""
    area = "GitHub"
    if hosting is None:
        lack = say("Set {token}. Without it only public repositories can be read, and nothing written.")
        yield DoctorFinding(area=area, mark="wrong", what="there is no token", fix=lack)
        return
    limit = hosting.read_limit()
    if limit is None:
        yield DoctorFinding(area=area, mark="ok", what="the API answers, without a rate limit")
        return
    remaining, most = limit
    left = f"{remaining} of {most} requests are left in this hour"
    if remaining < _FEW:
        fix = "Wait, or use a GitHub App's token, which has a limit of its own."
        yield DoctorFinding(area=area, mark="wrong", what=f"the API answers, but {left}", fix=fix)
    else:
        yield DoctorFinding(area=area, mark="ok", what=f"the API takes the token; {left}")


def examine_rights(
    name: str, hosting: DoctorGitHub | None, *, written: bool = False
) -> Iterator[DoctorFinding]:
    """Check what the token's owner may do in a repository, as GitHub says.

    A fine-grained token may do less than its owner, so git is asked, too.
    """
    if hosting is None or not _NAME.fullmatch(name):
        return
    found = hosting.open_repository(name).repository()
    if found.get("archived") is True and written:
        yield DoctorFinding(
            area=name, mark="wrong", what="is archived", fix="Unarchive it, or name another one."
        )
    permissions: Any = found.get("permissions")
    rights = [right for right, has in permissions.items() if has] if isinstance(permissions, dict) else []
    words = {"pull": "read", "push": "write", "admin": "administer"}
    said = ", ".join(word for right, word in words.items() if right in rights)
    if written and rights and "push" not in rights:
        fix = f"The token needs `contents: write` for {name}."
        yield DoctorFinding(area=name, mark="wrong", what="may be read with this token, not written", fix=fix)
    else:
        yield DoctorFinding(area=name, mark="ok", what=f"can be seen{f'; one may {said}' if said else ''}")


def examine_protection(name: str, hosting: DoctorGitHub | None) -> Iterator[DoctorFinding]:
    """Yield the findings of the guard's audit: problems and unknowns; successes in one line."""
    if hosting is None or not _NAME.fullmatch(name):
        yield DoctorFinding(
            area=name, mark="unknown", what="the branches' protection can't be seen without a token"
        )
        return
    try:
        findings = audit_repository(hosting.open_repository(name)).decision.findings
    except AccessError as error:
        yield DoctorFinding(area=name, mark="unknown", what=say("protection: {}", error.what), fix=error.fix)
        return
    for severity, mark in _MARKS.items():
        for branch in dict.fromkeys(finding.branch for finding in findings):
            found = [entry for entry in findings if (entry.branch, entry.severity) == (branch, severity)]
            if found:
                what = f"{branch} {'; '.join(entry.what for entry in found)}"
                fix = " ".join(dict.fromkeys(entry.fix for entry in found))
                if mark == "wrong":
                    settable = [entry for entry in found if entry.is_settable]
                    rest = " ".join(dict.fromkeys(entry.fix for entry in found if not entry.is_settable))
                    command = f"promotion guard audit --repository {name} --apply" if settable else ""
                    fix = "; ".join(filter(None, (command, rest)))
                yield DoctorFinding(area=name, mark=mark, what=what, fix=fix)
    if all(finding.severity != "problem" for finding in findings):
        yield DoctorFinding(
            area=name, mark="ok", what="its branches are protected as the promotion rules need"
        )
