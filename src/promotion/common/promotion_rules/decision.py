"""The guard's answer: a decision with a stable reason code."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Literal

from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Spell


class Reason(StrEnum):
    """The reason codes. They are part of the contract: workflows may compare them (docs/guard.md)."""

    RULE_MATCHED = "rule-matched"
    BYPASS = "bypass"
    UNLISTED_ALLOWED = "unlisted-allowed"
    GROUP_ALLOWED = "group-allowed"
    COMMITS_ALLOWED = "commits-allowed"
    AUDIT_PASSED = "audit-passed"

    UNLISTED_DENIED = "unlisted-denied"
    SOURCE_NOT_ALLOWED = "source-not-allowed"
    FORK_NOT_ALLOWED = "fork-not-allowed"
    HEAD_REPOSITORY_DELETED = "head-repository-deleted"
    HEAD_CHANGED = "head-changed"
    BASE_CHANGED = "base-changed"
    SOURCE_MISSING = "source-missing"
    NOT_CONTAINED = "not-contained"
    WRONG_MERGE_METHOD = "wrong-merge-method"
    UNRESOLVED_GROUP = "unresolved-group"
    DIRECT_PUSH = "direct-push"
    FORCED_PUSH = "forced-push"
    BRANCH_DELETED = "branch-deleted"
    TOO_MANY_COMMITS = "too-many-commits"
    AUDIT_FAILED = "audit-failed"

    WRONG_INPUT = "wrong-input"
    RULES_MALFORMED = "rules-malformed"
    RULES_MISSING = "rules-missing"
    UNSUPPORTED_EVENT = "unsupported-event"
    TOKEN_REFUSED = "token-refused"  # noqa: S105  a code
    MISSING_PERMISSION = "missing-permission"
    RATE_LIMITED = "rate-limited"
    API_UNAVAILABLE = "api-unavailable"


MEANINGS: dict[Reason, str] = {
    Reason.RULE_MATCHED: "A rule allows it.",
    Reason.BYPASS: "The rules say no, but a bypass in force names the actor.",
    Reason.UNLISTED_ALLOWED: "No rule names the target, and `unlisted` is `allow`.",
    Reason.GROUP_ALLOWED: "Every pull request in the merge group is allowed.",
    Reason.COMMITS_ALLOWED: "Every commit of the push comes from an allowed pull request or source.",
    Reason.AUDIT_PASSED: "The audit has no finding that is a problem.",
    Reason.UNLISTED_DENIED: "No rule names the target, and `unlisted` is `deny`.",
    Reason.SOURCE_NOT_ALLOWED: "The target's rule doesn't name this source.",
    Reason.FORK_NOT_ALLOWED: "The branch is a fork's, whatever its name, and no `owner:branch` allows it.",
    Reason.HEAD_REPOSITORY_DELETED: "The repository that the pull request came from is gone.",
    Reason.HEAD_CHANGED: "The pull request has another head than the event, or the merged commit, says.",
    Reason.BASE_CHANGED: "The pull request was retargeted since the event.",
    Reason.SOURCE_MISSING: "The source branch isn't there, so nothing can be proved about it.",
    Reason.NOT_CONTAINED: "The head isn't contained in the tip of the source branch.",
    Reason.WRONG_MERGE_METHOD: "It is, or would be, merged in another way than the rule asks for.",
    Reason.UNRESOLVED_GROUP: "A commit in the merge group can't be traced to a pull request.",
    Reason.DIRECT_PUSH: "A commit came neither by an allowed pull request nor from an allowed source.",
    Reason.FORCED_PUSH: "The branch's history was replaced.",
    Reason.BRANCH_DELETED: "The branch was deleted.",
    Reason.TOO_MANY_COMMITS: "There are more commits than could be examined.",
    Reason.AUDIT_FAILED: "The audit found a problem.",
    Reason.WRONG_INPUT: "An input is wrong, or there is no token.",
    Reason.RULES_MALFORMED: "The rules can't be read; the message has line and column.",
    Reason.RULES_MISSING: "The rules file that was asked for isn't there.",
    Reason.UNSUPPORTED_EVENT: "The guard can't judge this event, or its payload isn't as documented.",
    Reason.TOKEN_REFUSED: "GitHub doesn't know the token: it is wrong, expired or revoked.",
    Reason.MISSING_PERMISSION: "The token lacks a permission; the message has the YAML to add.",
    Reason.RATE_LIMITED: "GitHub's rate limit is used up for longer than the guard waits.",
    Reason.API_UNAVAILABLE: "GitHub didn't answer, or not as documented.",
}

_YES = frozenset(
    {
        Reason.RULE_MATCHED,
        Reason.BYPASS,
        Reason.UNLISTED_ALLOWED,
        Reason.GROUP_ALLOWED,
        Reason.COMMITS_ALLOWED,
        Reason.AUDIT_PASSED,
    }
)
_ERRORS = frozenset(
    {
        Reason.WRONG_INPUT,
        Reason.RULES_MALFORMED,
        Reason.RULES_MISSING,
        Reason.UNSUPPORTED_EVENT,
        Reason.TOKEN_REFUSED,
        Reason.MISSING_PERMISSION,
        Reason.RATE_LIMITED,
        Reason.API_UNAVAILABLE,
    }
)


@dataclass(frozen=True, kw_only=True)
class DecisionSubject:
    """One item that was judged on the way: a pull request of a group, a commit of a push."""

    name: str
    allowed: bool
    message: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class GuardFinding:
    """One finding of the audit. A problem fails it; `unknown` means that this token can't see it.

    `is_settable` says that `--apply` would answer it.
    """

    branch: str
    severity: Literal["problem", "advice", "unknown", "ok"]
    what: str
    fix: str = ""
    is_settable: bool = True


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer, and the reason for it.

    `message` is a sentence without a full stop, `fix` whole sentences; both are plain text with branch
    names as they are. `matched_rule` reads `target: source`. `number` is the pull request, where there
    is one. `notices` are for the reader and change nothing. `findings` are the audit's.
    """

    reason: Reason
    message: str
    fix: str = ""
    source: str = ""
    target: str = ""
    matched_rule: str = ""
    number: int | None = None
    subjects: tuple[DecisionSubject, ...] = ()
    notices: tuple[str, ...] = ()
    findings: tuple[GuardFinding, ...] = ()

    def spell(self, spell: Spell) -> Decision:
        """Return the decision in the words of the place where it is read."""
        findings = tuple(
            replace(finding, what=spell(finding.what), fix=spell(finding.fix)) for finding in self.findings
        )
        return replace(self, message=spell(self.message), fix=spell(self.fix), findings=findings)

    @property
    def allowed(self) -> bool:
        """Whether the rules allow it."""
        return self.reason in _YES

    @property
    def outcome(self) -> Literal["allow", "deny", "error"]:
        """The output `decision`: an error is a no because the question couldn't be answered."""
        if self.allowed:
            return "allow"
        return "error" if self.reason in _ERRORS else "deny"
