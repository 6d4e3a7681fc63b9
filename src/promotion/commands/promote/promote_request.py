"""What to promote, from inputs, event and rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from promotion.common.branch_patterns import matches
from promotion.common.event import Event, NothingToDo, parse_environments
from promotion.common.paths import normalise_folder
from promotion.common.phrases import say
from promotion.common.promotion_rules.rules import Rules
from promotion.common.settings import Settings
from promotion.errors import UsageError

_DURATION = re.compile(r"(?P<count>[0-9]{1,6})\s*(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class PromoteRequest:
    """A request for one promotion.

    Of `source` and `target`, which are branches, at least one is given; the rules say the other.
    `environments` are by branch. `asked` is `after` as it was written.
    """

    repository: str
    source: str = ""
    target: str = ""
    environments: Mapping[str, str]
    manifest_repository: str = ""
    manifest_path: str = ""
    after: timedelta | None = None
    asked: str = ""
    dry_run: bool = False

    def environment(self, branch: str) -> str:
        """Return the environment of a branch."""
        return self.environments.get(branch, branch)

    def branch(self, name: str) -> str:
        """Return the branch of this name, else that of the environment of this name."""
        branches = [branch for branch, environment in self.environments.items() if environment == name]
        return branches[0] if name not in self.environments and len(branches) == 1 else name


@dataclass(frozen=True)
class Pair:
    """The two branches of a promotion; `warning` says how they break the rules."""

    source: str
    target: str
    warning: str = ""


def read_promote_request(settings: Settings, event: Event) -> PromoteRequest | NothingToDo:
    """Return the request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    known = parse_environments(settings.words("environments"))
    request = PromoteRequest(
        repository=settings.text("repository") or event.repository,
        environments=known,
        manifest_repository=settings.text("manifest-repository"),
        manifest_path=normalise_folder(settings.text("manifest-path")),
        after=parse_duration(settings.text("after")),
        asked=settings.text("after"),
        dry_run=settings.flag("dry-run"),
    )
    if not request.repository:
        raise UsageError("there is no repository", fix=say("Name it by {repository}."))
    given = {name: request.branch(settings.text(name).removeprefix("refs/heads/")) for name in ("from", "to")}
    source, target = given["from"], given["to"]
    if source and source == target:
        raise UsageError(
            say("{from} and {to} are both {}", source),
            fix="Name two branches.",
        )
    if not source and not target:
        own = request.repository.casefold() == event.repository.casefold()
        found = _read_event(request, event) if own else ""
        if isinstance(found, NothingToDo):
            return found
        source = found
    if not source and not target:
        raise UsageError(
            f"the event {event.name or '(none)'} names no branch to promote",
            fix=say("Set {to}, as {to: stage}."),
        )
    return replace(request, source=source, target=target)


def _read_event(request: PromoteRequest, event: Event) -> str | NothingToDo:
    """Return the branch that the event brings news of."""
    if event.name == "push":
        if event.payload.get("deleted") is True:
            return NothingToDo(f"branch {event.branch} was deleted, so there is nothing to promote")
        return event.branch or NothingToDo(f"{event.ref} is not a branch, so there is nothing to promote")
    if event.name != "deployment_status":
        return ""
    name = _text(event.payload, "deployment", "environment")
    state = _text(event.payload, "deployment_status", "state")
    if state != "success":
        return NothingToDo(f"the deployment to {name} is {state}, so there is nothing to promote")
    if name not in request.environments.values():
        return NothingToDo(f"{name} is no known environment, so there is nothing to promote")
    return request.branch(name)


def choose_pair(request: PromoteRequest, rules: Rules) -> Pair | NothingToDo:
    """Return both branches.

    Args:
        rules: those of the target, or where that isn't known those of the default branch.

    Raises:
        UsageError: the rules name no source or target, or several.
    """
    if request.source and request.target:
        return Pair(request.source, request.target, _find_warning(request, rules))
    if request.target:
        return Pair(_find_source(request, rules), request.target)
    return _find_target(request, rules)


def _find_source(request: PromoteRequest, rules: Rules) -> str:
    rule = rules.get(request.target)
    exact = [source.branch for source in rule.sources if source.is_exact] if rule else []
    if not exact:
        what = "name no branch for it" if rule else "don't know it"
        raise UsageError(
            f"what is promoted to {request.target}? The promotion rules {what}",
            fix=say("Set {from}, or write the rule into .github/promotion.yml."),
        )
    return request.branch(exact[0])


def _find_target(request: PromoteRequest, rules: Rules) -> Pair | NothingToDo:
    targets = [
        target for target, rule in rules.items() if request.source in _list_sources(request, rules, target)
    ]
    if not targets:
        return NothingToDo(
            f"no promotion rule takes {request.source} any further, so there is nothing to promote"
        )
    if len(targets) > 1:
        raise UsageError(
            f"{request.source} may be promoted to {', '.join(targets)}",
            fix=say("Choose by {to}."),
        )
    return Pair(request.source, request.branch(targets[0]))


def _list_sources(request: PromoteRequest, rules: Rules, target: str) -> list[str]:
    rule = rules.get(target)
    return [request.branch(source.branch) for source in rule.sources if source.is_exact] if rule else []


def _find_warning(request: PromoteRequest, rules: Rules) -> str:
    rule = rules.get(request.target)
    if rule is None or any(not part.owner and matches(part.branch, request.source) for part in rule.sources):
        return ""
    sources = " or ".join(str(source) for source in rule.sources)
    return (
        f"the promotion rules take only {sources} to {request.target}, so the guard will refuse a pull "
        f"request from {request.source}"
    )


def parse_duration(text: str) -> timedelta | None:
    """Parse a duration such as `30m`, `24h` or `7d`; return None for an empty one.

    Raises:
        UsageError: it is written in another way.
    """
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise UsageError(
            say("{after} is {}", repr(text)),
            fix="Write a number and a unit, as `30m`, `24h` or `7d`.",
        )
    return timedelta(**{_UNITS[match["unit"]]: int(match["count"])})


def _text(payload: Mapping[str, object], outer: str, inner: str) -> str:
    section = payload.get(outer)
    value = section.get(inner) if isinstance(section, Mapping) else None
    return value if isinstance(value, str) else ""
