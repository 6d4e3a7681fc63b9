"""Judging what was rendered, before any of it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from promotion.core.findings import Finding, list_warnings, make_error
from promotion.core.model import RenderedComponent
from promotion.core.plain_secrets import judge_secrets
from promotion.core.request import Policy


class Warn(Protocol):
    """Takes a warning."""

    def __call__(self, text: str) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that manifests are judged by.

    `verdict` says what a finding is by the policy: `off`, `warn` or `fail`. `subject` and `fix` are for the
    error: what the findings are, in the plural, and what to do.
    """

    subject: str
    fix: str
    verdict: Callable[[Policy], str]
    find: Callable[[Sequence[RenderedComponent], Policy], Iterable[Finding]]


PLAIN_SECRETS = Check(
    subject="Secrets in plain text",
    fix="",
    verdict=lambda policy: {"allow": "off", "deny": "fail"}.get(policy.secrets, policy.secrets),
    find=lambda components, policy: judge_secrets(components, policy.allowed_secrets),
)
CHECKS: tuple[Check, ...] = (PLAIN_SECRETS,)


def inspect(
    components: Sequence[RenderedComponent],
    policy: Policy,
    *,
    warn: Warn,
    checks: Sequence[Check] = CHECKS,
) -> None:
    """Warn of what the checks find, or refuse it, as the policy has it.

    Raises:
        RenderError: a check that fails found something. The warnings of the others were given before.
    """
    errors = []
    for check in checks:
        verdict = check.verdict(policy)
        if verdict == "off":
            continue
        findings = list(check.find(components, policy))
        wrong = [finding for finding in findings if finding.certain] if verdict == "fail" else []
        for text in list_warnings([finding for finding in findings if finding not in wrong]):
            warn(text)
        if wrong:
            errors.append(make_error(check.subject, wrong, check.fix))
    if errors:
        raise errors[0]
