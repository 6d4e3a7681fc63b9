"""The protection of a branch, by rulesets and classic protection together.

`None` means that the token can't see it. Sources: GitHub's REST API, "Rules" and "Protected branches".
"""

from __future__ import annotations

from collections.abc import Iterable

from promotion.common.github_json import Json, pick
from promotion.common.lazy_dataclass import dataclass

METHODS = frozenset({"merge", "squash", "rebase"})


@dataclass(frozen=True)
class ProtectionCheck:
    """A required check; `app` is None where any App or user may report it."""

    context: str
    app: int | None


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The protection of one branch. `bypassers` are the actors that it doesn't bind."""

    requires_pull: bool | None = False
    checks: tuple[ProtectionCheck, ...] = ()
    checks_known: bool = True
    methods: frozenset[str] = METHODS
    blocks_force_push: bool | None = False
    blocks_deletion: bool | None = False
    bypassers: tuple[str, ...] = ()
    bypassers_known: bool = True

    def __or__(self, other: Protection) -> Protection:
        """Combine both: GitHub enforces the stricter of each."""
        return Protection(
            requires_pull=_either(self.requires_pull, other.requires_pull),
            checks=self.checks + other.checks,
            checks_known=self.checks_known and other.checks_known,
            methods=self.methods & other.methods,
            blocks_force_push=_either(self.blocks_force_push, other.blocks_force_push),
            blocks_deletion=_either(self.blocks_deletion, other.blocks_deletion),
            bypassers=tuple(dict.fromkeys(self.bypassers + other.bypassers)),
            bypassers_known=self.bypassers_known and other.bypassers_known,
        )


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if one is None or other is None else False


def of_rules(rules: Iterable[Json]) -> Protection:
    """Return the protection by the rules that `GET /rules/branches/{branch}` lists."""
    found = Protection()
    for rule in rules:
        kind = pick(rule, "type", str)
        parameters = rule.get("parameters") or {}
        if kind == "pull_request":
            methods = parameters.get("allowed_merge_methods")
            found |= Protection(requires_pull=True, methods=frozenset(methods) if methods else METHODS)
        elif kind == "required_status_checks":
            listed = pick(parameters, "required_status_checks", list)
            found |= Protection(checks=tuple(_check(entry, "integration_id") for entry in listed))
        elif kind == "merge_queue":
            method = pick(parameters, "merge_method", str).lower()
            found |= Protection(requires_pull=True, methods=frozenset({method}))
        elif kind == "required_linear_history":
            found |= Protection(methods=METHODS - {"merge"})
        elif kind in ("non_fast_forward", "deletion"):
            found |= Protection(
                blocks_force_push=kind == "non_fast_forward", blocks_deletion=kind == "deletion"
            )
    return found


def of_classic(protection: Json) -> Protection:
    """Return classic branch protection, as an administrator's token sees it."""
    checks = protection.get("required_status_checks")
    linear = _enabled(protection, "required_linear_history")
    everyone = _enabled(protection, "enforce_admins")
    return Protection(
        requires_pull=bool(protection.get("required_pull_request_reviews")),
        checks=_classic_checks(checks) if checks else (),
        methods=METHODS - {"merge"} if linear else METHODS,
        blocks_force_push=not _enabled(protection, "allow_force_pushes"),
        blocks_deletion=not _enabled(protection, "allow_deletions"),
        bypassers=() if everyone else ("administrators (classic protection)",),
    )


def of_classic_unseen(branch: Json) -> Protection:
    """Return what `GET /branches/{branch}` shows of classic protection without an administrator's token.

    Its `protected` is true for rulesets as well, so it proves no classic protection.
    """
    limited = branch.get("protection") or {}
    if not limited.get("enabled"):
        return Protection()
    checks = limited.get("required_status_checks") or {}
    return Protection(
        requires_pull=None,
        checks=_classic_checks(checks) if checks.get("enforcement_level") != "off" else (),
        blocks_force_push=None,
        blocks_deletion=None,
        bypassers_known=False,
    )


def of_settings(repository: Json) -> Protection:
    """Return the repository's own merge methods, which only a token that may push can see."""
    names = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}
    return Protection(
        methods=frozenset(name for name, key in names.items() if repository.get(key) is not False)
    )


def of_bypass(ruleset: Json | None, name: str) -> Protection:
    """Return who may bypass a ruleset, which only those who may write it can see."""
    actors = ruleset.get("bypass_actors") if ruleset else None
    if actors is None:
        return Protection(bypassers_known=False)
    return Protection(bypassers=tuple(f"{_actor(actor)} (ruleset {name})" for actor in actors))


def _actor(actor: Json) -> str:
    kind = pick(actor, "actor_type", str)
    if kind == "OrganizationAdmin":
        return "organisation owners"
    if kind == "RepositoryRole":
        roles = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}
        number = actor.get("actor_id")
        return f"the role {roles.get(number, number) if isinstance(number, int) else number}"
    if kind == "DeployKey":
        return "deploy keys"
    names = {"Integration": "the App", "Team": "the team", "User": "the user"}
    return f"{names.get(kind, kind)} {actor.get('actor_id')}"


def _classic_checks(data: Json) -> tuple[ProtectionCheck, ...]:
    checks = data.get("checks")
    if checks:
        return tuple(_check(entry, "app_id") for entry in checks)
    return tuple(ProtectionCheck(str(context), None) for context in data.get("contexts") or ())


def _check(entry: Json, key: str) -> ProtectionCheck:
    app = entry.get(key)
    # Classic protection says -1 (or null) for "any source".
    return ProtectionCheck(pick(entry, "context", str), app if isinstance(app, int) and app > 0 else None)


def _enabled(data: Json, key: str) -> bool:
    value = data.get(key)
    return isinstance(value, dict) and value.get("enabled") is True
