"""Check that a repository has its workflows, and that they name the right things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promotion.common.branch_patterns import matches
from promotion.common.event import parse_environments
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain
from promotion.errors import UsageError

# `owner/name/folder@version`, or the repository's own action as `./folder`.
_USES = re.compile(r"(?:\./|[\w.-]+/[\w.-]+(?:/|(?=@)))(?P<folder>[\w./-]*?)/?(?:@.+)?")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that uses an action: the action's folder, its inputs, and what starts the workflow."""

    file: str
    folder: str
    inputs: Mapping[str, str]
    triggers: Mapping[str, Any] = field(default_factory=dict)

    def is_started_by(self, events: Sequence[str], branch: str) -> bool:
        """Return whether one of the events on a branch starts it."""
        return any(event in self.triggers and _admits(self.triggers[event], branch) for event in events)


def find_steps(workflows: Mapping[str, bytes]) -> Iterator[Step]:
    """Yield every step of workflow files that uses an action. Unreadable files have none."""
    for file, data in workflows.items():
        try:
            content = load_plain(data)
        except PlainYamlError:
            continue
        triggers = _triggers(_at(content, "on"))
        for job in _values(_at(content, "jobs")):
            steps = _at(job, "steps")
            for step in steps if isinstance(steps, list) else ():
                uses, given = _at(step, "uses"), _at(step, "with")
                if isinstance(uses, str) and (match := _USES.fullmatch(uses)):
                    inputs = (
                        {key: value or "" for key, value in given.items()} if isinstance(given, dict) else {}
                    )
                    yield Step(file=file, folder=match["folder"], inputs=inputs, triggers=triggers)


def judge_materialize(
    steps: Sequence[Step], *, branch: str, environment: str, hld: str, manifests: str, is_hld: bool
) -> str:
    """Return what is wrong with the workflow that materialises a branch; empty if nothing.

    Args:
        steps: of the workflows on that branch.
        hld, manifests: `owner/name`.
        is_hld: whether it is the HLD's own repository.
    """
    found = [step for step in steps if step.folder == "" and "manifest-repository" in step.inputs]
    found += [step for step in steps if step.folder == "notify"]
    if not found:
        return "has no workflow that materialises"
    started = [step for step in found if step.is_started_by(["push"], branch)]
    if not started:
        return f"{found[0].file} isn't started by a push to {branch}"
    return next(
        (
            fault
            for step in started
            if (fault := _misnames(step, branch, environment, hld=hld, manifests=manifests, is_hld=is_hld))
        ),
        "",
    )


def judge_guard(steps: Sequence[Step], *, targets: Sequence[str]) -> str:
    """Return what is wrong with the guard's workflow on the default branch; empty if nothing."""
    found = [step for step in steps if step.folder == "guard"]
    if not found:
        return "has no workflow with the guard on its default branch"
    events = ("pull_request_target", "pull_request")
    missed = [target for target in targets if not any(step.is_started_by(events, target) for step in found)]
    return f"{found[0].file} doesn't look at pull requests into {', '.join(missed)}" if missed else ""


def _misnames(step: Step, branch: str, environment: str, *, hld: str, manifests: str, is_hld: bool) -> str:
    named = step.inputs.get("manifest-repository", manifests)
    if not _is_same(named, manifests):
        return f"{step.file} writes {named}, not {manifests}"
    named = step.inputs.get("hld-repository", hld if is_hld or step.folder else "")
    if not _is_same(named, hld):
        return f"{step.file} materialises {named or 'its own repository'}, not {hld}"
    words = step.inputs.get("environments", "dev, stage, prod")
    if "${{" in words or step.inputs.get("environment"):
        return ""
    try:
        known = parse_environments(re.split(r"[\s,]+", words.strip()))
    except UsageError as error:
        return f"{step.file}: {error.what}"
    if known.get(branch) != environment:
        return f"{step.file} doesn't take the branch {branch} for {environment}: see its `environments`"
    return ""


def _is_same(named: str, wanted: str) -> bool:
    plain = named.removesuffix(".git").rstrip("/").casefold()
    return "${{" in named or plain == wanted.casefold() or plain.endswith(f"/{wanted.casefold()}")


def _admits(trigger: Any, branch: str) -> bool:
    """Return whether an event's filters match a branch (GitHub: `on.push.branches`)."""
    names, ignored = _texts(_at(trigger, "branches")), _texts(_at(trigger, "branches-ignore"))
    if names:
        admitted = False
        for name in names:  # the last that matches decides
            if matches(name.removeprefix("!"), branch):
                admitted = not name.startswith("!")
        return admitted
    if ignored:
        return not any(matches(name, branch) for name in ignored)
    # With tags alone, no branch starts it.
    return not (_texts(_at(trigger, "tags")) or _texts(_at(trigger, "tags-ignore")))


def _triggers(on: Any) -> Mapping[str, Any]:
    if isinstance(on, dict):
        return on
    names = on if isinstance(on, list) else [on]
    return {name: None for name in names if isinstance(name, str)}


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


def _values(value: Any) -> list[Any]:
    return [*value.values()] if isinstance(value, dict) else []


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
