"""What the event that started the run asks for.

GitHub's events are the only state that CI has: a push names its branch, a dispatch or a manual
run its environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from promotion.common.addresses import is_name
from promotion.common.git_ids import is_absent, is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.nearest_names import find_nearest
from promotion.common.phrases import Phrase, name_input, say
from promotion.errors import UsageError

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")
_ASKED, _KNOWN = name_input("environment"), name_input("environments")
_BRANCHES = "refs/heads/"


@dataclass(frozen=True, kw_only=True)
class PushOrigin:
    """The change that a run is about: a repository at a commit, who made it, and the run that saw it."""

    repository: str = ""
    commit: str = ""
    actor: str = ""
    run_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The event that started the run, from the runner's variables and its event file.

    `ref` is the full one (`refs/heads/dev`); everything is empty outside Actions.
    """

    name: str = ""
    ref: str = ""
    repository: str = ""
    commit: str = ""
    actor: str = ""
    run_url: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The branch that the event is about; empty if there is none."""
        ref = self.payload.get("ref") if self.name == "push" else None
        full = ref if isinstance(ref, str) else self.ref
        return full.removeprefix(_BRANCHES) if full.startswith(_BRANCHES) else ""

    @property
    def dispatched(self) -> PushOrigin | None:
        """The change that `promotion notify` sent here; None if this isn't its dispatch.

        Whoever may dispatch may have written it, so only what looks as ours does is taken. Who made the
        change is left out where that isn't a login, and its run where that isn't one of that repository.
        """
        section = self.payload.get("client_payload") if self.name == "repository_dispatch" else None
        sent = section if isinstance(section, Mapping) else {}
        repository, commit, actor, run = (
            value if isinstance(value := sent.get(key), str) else ""
            for key in ("repository", "commit", "actor", "run_url")
        )
        if not is_name(repository) or not is_commit(commit):
            return None
        server = self.run_url.partition(f"/{self.repository}/actions/")[0]
        is_run = re.fullmatch(rf"{re.escape(f'{server}/{repository}')}/actions/runs/[0-9]{{1,20}}", run)
        return PushOrigin(
            repository=repository,
            commit=commit,
            actor=actor if _LOGIN.fullmatch(actor) else "",
            run_url=run if is_run else "",
        )

    @property
    def origin(self) -> PushOrigin:
        """The change that the run is about, even if another repository sent it."""
        own = PushOrigin(
            repository=self.repository, commit=self.commit, actor=self.actor, run_url=self.run_url
        )
        return self.dispatched or own


@dataclass(frozen=True)
class NothingToDo:
    """The event asks for nothing. `reason` is the text of the notice."""

    reason: str


def parse_environments(words: Iterable[str]) -> dict[str, str]:
    """Return branch → environment, from names (`dev`) and pairs (`main=dev`).

    Raises:
        UsageError: an empty side, or a branch with two environments.
    """
    known: dict[str, str] = {}
    for word in words:
        branch, separator, environment = word.partition("=")
        environment = environment if separator else branch
        if not branch or not environment or "=" in environment:
            raise UsageError(say("{environments} has {}", repr(word)), fix="Write `name`, or `branch=name`.")
        if known.setdefault(branch, environment) != environment:
            raise UsageError(say("{environments} gives the branch {} two environments", branch))
    if not known:
        raise UsageError(say("{environments} is empty"), fix="Name at least one, as `dev, stage, prod`.")
    return known


def choose_environment(asked: str, event: Event, known: Mapping[str, str]) -> str | NothingToDo:
    """Return the environment to materialise, or why there is nothing to do.

    Args:
        asked: the input `environment`, or empty.
        event: what started the run.
        known: branch → environment.

    Raises:
        UsageError: an environment was named that isn't known, or the event names none.
    """
    if asked:
        return _known(asked, known, _ASKED)
    if event.name == "repository_dispatch":
        value = _text(event.payload, "client_payload", "environment")
        if not value:
            raise UsageError(
                "the repository_dispatch has no client_payload.environment",
                fix=say('Send `"client_payload": {"environment": "dev"}`, or set {environment}.'),
            )
        return _known(value, known, "client_payload.environment")
    if event.name == "workflow_dispatch" and (value := _text(event.payload, "inputs", "environment")):
        return _known(value, known, "the manual run's `environment`")
    if event.name == "push":
        return _of_branch(event, known)
    if event.name in ("workflow_dispatch", "schedule") and event.branch in known:
        return known[event.branch]
    raise UsageError(
        f"the event {event.name} names no environment" if event.name else "no environment is named",
        fix=say(
            "Set {environment}{}",
            Phrase(
                ", or run on push, workflow_dispatch or repository_dispatch.",
                f" to one of {_list(known)}.",
            ),
        ),
    )


def _of_branch(event: Event, known: Mapping[str, str]) -> str | NothingToDo:
    names = ", ".join(known)
    if not event.branch:
        return NothingToDo(
            f"{event.ref or 'this'} is not a branch, so there is nothing to do (branches: {names})"
        )
    if event.branch not in known:
        return NothingToDo(f"branch {event.branch} is no environment, so there is nothing to do ({names})")
    if event.payload.get("deleted") is True or is_absent(str(event.payload.get("after"))):
        return NothingToDo(f"branch {event.branch} was deleted: its manifests stay as they are")
    return known[event.branch]


def _known(environment: str, known: Mapping[str, str], origin: str) -> str:
    if environment in known.values():
        return environment
    near = find_nearest(environment, set(known.values()))
    raise UsageError(
        say("{} is {}, which is not a known environment", origin, repr(environment)),
        fix=say(
            "{}Known are {}; more go into {environments}.",
            f"Did you mean {near}? " if near else "",
            _list(known),
        ),
    )


def _list(known: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(known.values()))


def _text(payload: Mapping[str, Any], outer: str, inner: str) -> str:
    section = payload.get(outer)
    value = section.get(inner) if isinstance(section, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
