"""The audit: do the branches in the rules exist, and does their protection bind everybody to the guard?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promotion.common.github_json import Json, pick
from promotion.common.lazy_dataclass import dataclass
from promotion.common.promotion_rules.branch_protection import (
    Protection,
    ProtectionCheck,
    of_bypass,
    of_classic,
    of_classic_unseen,
    of_rules,
    of_settings,
)
from promotion.common.promotion_rules.decision import Decision, GuardFinding, Reason
from promotion.common.promotion_rules.job_names import find_impostors
from promotion.common.promotion_rules.rules import DEFAULT_CHECK, DEFAULT_RULES_FILE, Rule, Rules
from promotion.common.promotion_rules.rules_file import load_rules
from promotion.common.promotion_rules.rules_github import GuardGitHub, find_default_tip
from promotion.common.promotion_rules.rulesets import (
    RulesetChange,
    audit_job,
    audit_source,
    audit_target,
    plan_ruleset,
)
from promotion.common.text import count
from promotion.errors import AccessError


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """The findings, and the rulesets that would fix them."""

    decision: Decision
    changes: tuple[RulesetChange, ...]


def audit_repository(
    github: GuardGitHub,
    *,
    rules: str = "",
    rules_file: str = DEFAULT_RULES_FILE,
    rules_ref: str = "",
    check: str = DEFAULT_CHECK,
) -> AuditResult:
    """Audit the protection of the branches in the rules, which come from the default branch.

    Args:
        rules: wins over the file.
        check: the name of the required check, with `{target}` for the branch.

    Raises:
        PromotionError: the rules are malformed, or GitHub can't be asked.
    """
    tip = find_default_tip(github)
    loaded = load_rules(github, tip, text=rules, file=rules_file, rules_ref=rules_ref)
    return audit_branches(loaded, check, github)


def audit_branches(rules: Rules, check: str, github: GuardGitHub) -> AuditResult:
    """Audit every branch that the rules name.

    Args:
        check: the name of the required check, with `{target}` for the branch.
    """
    auditor = _Auditor(check, github)
    findings: list[GuardFinding] = []
    changes: list[RulesetChange] = []
    for rule in rules.values():
        found = auditor.target(rule)
        findings += found
        if any(finding.severity == "problem" for finding in found):
            changes += auditor.plan(rule)
    sources = {source.branch for rule in rules.values() for source in rule.sources if source.is_exact}
    for branch in sorted(sources - rules.keys()):
        findings += auditor.source(branch)
    for branch in sorted({*rules, *sources, auditor.default_branch}):
        findings += auditor.workflows(branch, rules)
    return AuditResult(decision=_decide(findings), changes=tuple(changes))


def apply_rulesets(
    changes: Sequence[RulesetChange], github: GuardGitHub, show: Callable[[str], None]
) -> None:
    """Create or replace the rulesets, each after showing its diff."""
    for change in changes:
        show(change.difference)
        if change.identifier is None:
            github.create_ruleset(change.ruleset)
        else:
            github.update_ruleset(change.identifier, change.ruleset)


_WORKFLOWS = ".github/workflows"


class _Auditor:
    def __init__(self, check: str, github: GuardGitHub) -> None:
        self._check, self._github = check, github
        repository = github.repository()
        self._settings = of_settings(repository)
        self.default_branch = pick(repository, "default_branch", str)
        self._app = github.actions_app()
        self._rulesets: dict[int, Json | None] = {}
        self._files: dict[str, bytes] = {}  # by the ids of their contents

    def target(self, rule: Rule) -> list[GuardFinding]:
        protection = self._protection(rule.target)
        if protection is None:
            return [_missing(rule.target)]
        return list(audit_target(rule, protection | self._settings, self._wanted(rule)))

    def source(self, branch: str) -> list[GuardFinding]:
        protection = self._protection(branch)
        return [_missing(branch)] if protection is None else list(audit_source(branch, protection))

    def workflows(self, branch: str, rules: Rules) -> list[GuardFinding]:
        """Return findings on jobs of a branch that may report a check which the rules require.

        A workflow runs on any branch or tag that has its file, so those of all branches count.
        """
        tip = self._github.tip(branch)  # the name alone may be a tag, too
        if tip is None:
            return []
        found = find_impostors(
            self._read_workflows(tip), [self._wanted(rule).context for rule in rules.values()]
        )
        return [audit_job(branch, impostor) for impostor in found]

    def _read_workflows(self, commit: str) -> dict[str, bytes]:
        texts = {}
        for path, content in self._github.files_in(_WORKFLOWS, commit).items():
            if not path.endswith((".yml", ".yaml")):
                continue
            if content not in self._files:
                self._files[content] = self._github.file(path, commit) or b""
            texts[path] = self._files[content]
        return texts

    def plan(self, rule: Rule) -> list[RulesetChange]:
        wanted = self._wanted(rule)
        ours = [
            ruleset
            for ruleset in self._github.rulesets()
            if ruleset.get("name") == wanted.context and ruleset.get("source_type") == "Repository"
        ]
        existing = self._github.ruleset(pick(ours[0], "id", int)) if ours else None
        change = plan_ruleset(rule, existing, wanted)
        return [change] if change else []

    def _wanted(self, rule: Rule) -> ProtectionCheck:
        return ProtectionCheck(self._check.replace("{target}", rule.target), self._app)

    def _protection(self, branch: str) -> Protection | None:
        seen = self._github.branch(branch)
        # A renamed branch answers under its old name too: GitHub redirects.
        if seen is None or seen.get("name") != branch:
            return None
        rules = self._github.branch_rules(branch)
        protection = of_rules(rules)
        for rule in rules:
            identifier = pick(rule, "ruleset_id", int)
            if identifier not in self._rulesets:
                self._rulesets[identifier] = self._github.ruleset(identifier)
            ruleset = self._rulesets[identifier]
            name = str(ruleset.get("name") if ruleset else identifier)
            protection |= of_bypass(ruleset, name)
        try:
            classic = self._github.protection(branch)
        except AccessError:
            return protection | of_classic_unseen(seen)
        return protection | of_classic(classic) if classic else protection


def _missing(branch: str) -> GuardFinding:
    return GuardFinding(
        branch=branch,
        severity="problem",
        what="doesn't exist, so its rule never matches",
        fix="Create it, or correct its name in the rules; names are case-sensitive.",
        is_settable=False,
    )


_SETTING = "`promotion guard audit --apply` sets up the rulesets after showing the difference."


def _decide(findings: Sequence[GuardFinding]) -> Decision:
    problems = sum(finding.severity == "problem" for finding in findings)
    unknown = sum(finding.severity == "unknown" for finding in findings)
    unseen = f"; {unknown} could not be seen with this token" if unknown else ""
    if problems:
        return Decision(
            reason=Reason.AUDIT_FAILED,
            message=f"the audit found {count(problems, 'problem')} in the branches' protection{unseen}",
            fix=_SETTING
            if any(entry.is_settable for entry in findings if entry.severity == "problem")
            else "",
            findings=tuple(findings),
        )
    return Decision(
        reason=Reason.AUDIT_PASSED,
        message=f"the branches are protected as the rules need{unseen}",
        findings=tuple(findings),
    )
