"""Findings about a branch's protection, and the ruleset that would fix them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from promotion.common.github_json import Json
from promotion.common.lazy_dataclass import dataclass
from promotion.common.promotion_rules.branch_protection import Protection, ProtectionCheck
from promotion.common.promotion_rules.decision import GuardFinding
from promotion.common.promotion_rules.job_names import Impostor
from promotion.common.promotion_rules.rules import Rule

_SEEN_WITH = "Use a token with `administration: read` to see it (the job's own token can't have that)."
_KEPT = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
_NO_REVIEWS: dict[str, Any] = {
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 0,
    "required_review_thread_resolution": False,
}


@dataclass(frozen=True, kw_only=True)
class RulesetChange:
    """A ruleset to create (`identifier` is None) or to replace, with the difference to show first."""

    identifier: int | None
    ruleset: Json
    difference: str


def audit_target(rule: Rule, protection: Protection, wanted: ProtectionCheck) -> Iterator[GuardFinding]:
    """Yield the findings for a branch that has a rule.

    Args:
        wanted: the check that should be required; without an App any App's will do.
    """
    branch = rule.target
    if protection.requires_pull:
        yield GuardFinding(branch=branch, severity="ok", what="requires a pull request")
    else:
        yield _lacking(branch, protection.requires_pull, "doesn't require a pull request", "Require one.")
    yield _audit_check(branch, protection, wanted)
    yield _audit_methods(rule, protection)
    yield from audit_source(branch, protection, severity="problem")
    if protection.bypassers:
        who = ", ".join(protection.bypassers)
        yield GuardFinding(
            branch=branch,
            severity="advice",
            what=f"may be bypassed by {who}",
            fix="Keep the list short, and run the guard on `push` too, which sees what they do.",
        )
    if not protection.bypassers_known:
        what = "who may bypass the protection can't be seen"
        yield GuardFinding(branch=branch, severity="unknown", what=what, fix=_SEEN_WITH)


def audit_job(branch: str, found: Impostor) -> GuardFinding:
    """Return the finding for a job on a branch that may report a required check."""
    what = f"`{found.file}` has the job `{found.job}`, which "
    checks = " or ".join(f"`{check}`" for check in found.checks)
    if found.event:
        what += f"by `{found.event}` may report the check {checks} without a pull request"
        fix = "Name the guard's job as `promotion init` does, so that only pull requests and merge groups "
        fix += "report the check; let the name of any other job begin with a word of its own."
    else:
        what += f"is called as the check {checks} and isn't the guard"
        fix = "Give it another name, or the pull request may be merged when that job is green."
    return GuardFinding(branch=branch, severity="problem", what=what, fix=fix, is_settable=False)


def audit_source(branch: str, protection: Protection, *, severity: str = "advice") -> Iterator[GuardFinding]:
    """Yield the findings for any branch in the rules, whose history is the proof of ancestry."""
    for value, what, rule in (
        (protection.blocks_force_push, "can be force-pushed", "Block force pushes"),
        (protection.blocks_deletion, "can be deleted", "Restrict deletions"),
    ):
        if not value:
            yield _lacking(branch, value, what, f"{rule} in its ruleset.", severity)


def _lacking(branch: str, value: bool | None, what: str, fix: str, severity: str = "problem") -> GuardFinding:
    if value is None:
        return GuardFinding(branch=branch, severity="unknown", what=f"perhaps {what}", fix=_SEEN_WITH)
    if severity == "advice":
        return GuardFinding(branch=branch, severity="advice", what=what, fix=fix)
    return GuardFinding(branch=branch, severity="problem", what=what, fix=fix)


def _audit_check(branch: str, protection: Protection, wanted: ProtectionCheck) -> GuardFinding:
    found = [check.app for check in protection.checks if check.context == wanted.context]
    if any(app is not None and wanted.app in (None, app) for app in found):
        what = f"requires the check `{wanted.context}` from the expected App"
        return GuardFinding(branch=branch, severity="ok", what=what)
    if not found:
        value = False if protection.checks_known else None
        what = f"doesn't require the check `{wanted.context}`"
        return _lacking(branch, value, what, "Require it, with GitHub Actions as its source.")
    whom = "any App or user" if None in found else f"the App {found[0]}"
    return GuardFinding(
        branch=branch,
        severity="problem",
        what=f"takes the check `{wanted.context}` from {whom}",
        fix="Choose GitHub Actions as the check's source, or anyone who can write may report it.",
    )


def _audit_methods(rule: Rule, protection: Protection) -> GuardFinding:
    methods = ", ".join(sorted(protection.methods)) or "no method at all"
    if not rule.merge_method or protection.methods == {rule.merge_method}:
        return GuardFinding(branch=rule.target, severity="ok", what=f"may be merged by {methods}")
    return GuardFinding(
        branch=rule.target,
        severity="problem",
        what=f"may be merged by {methods}, and the rule asks for {rule.merge_method}",
        fix=f"Allow only `{rule.merge_method}` in its ruleset (and in the repository's settings).",
    )


def plan_ruleset(rule: Rule, existing: Json | None, wanted: ProtectionCheck) -> RulesetChange | None:
    """Return the ruleset that protects a target, based on an existing one of this name.

    Stricter settings and other rules of an existing one stay. None where nothing would change.
    """
    before = {key: existing[key] for key in _KEPT if key in existing} if existing else {}
    after: dict[str, Any] = deepcopy(before) or {"bypass_actors": []}
    after |= {
        "name": wanted.context,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{rule.target}"], "exclude": []}},
    }
    rules: list[dict[str, Any]] = after.setdefault("rules", [])
    for kind in ("deletion", "non_fast_forward", "pull_request", "required_status_checks"):
        if not any(entry["type"] == kind for entry in rules):
            rules.append({"type": kind})
    for entry in rules:
        if entry["type"] == "pull_request":
            parameters = _NO_REVIEWS | entry.get("parameters", {})
            if rule.merge_method:
                parameters["allowed_merge_methods"] = [rule.merge_method]
            entry["parameters"] = parameters
        elif entry["type"] == "required_status_checks":
            entry["parameters"] = _with_check(entry.get("parameters", {}), wanted)
    if after == before:
        return None
    identifier = existing["id"] if existing else None
    return RulesetChange(
        identifier=identifier, ruleset=after, difference=_difference(before, after, wanted.context)
    )


def _with_check(parameters: dict[str, Any], wanted: ProtectionCheck) -> dict[str, Any]:
    required: dict[str, Any] = {"context": wanted.context}
    if wanted.app is not None:
        required["integration_id"] = wanted.app
    others = [
        check for check in parameters.get("required_status_checks", []) if check["context"] != wanted.context
    ]
    defaults = {"strict_required_status_checks_policy": False}
    return defaults | parameters | {"required_status_checks": [*others, required]}


def _difference(before: Json, after: Json, name: str) -> str:
    old, new = (
        json.dumps(state, indent=2, sort_keys=True, ensure_ascii=False).splitlines() if state else []
        for state in (before, after)
    )
    title = f"ruleset {name}"
    return "\n".join(difflib.unified_diff(old, new, title, title, lineterm="", n=2))
