"""Jobs of workflows that may report a required check although they judged something else, or nothing.

A job's name is the name of its check
(https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks).
A job that is named after the ref reports the check of whatever branch or tag somebody starts it on: a manual
run on a tag called `stage`, and the tag's commit has the check that `stage` requires.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain

# Started for a pull request or a group, which has its target from GitHub; or by another workflow, the name of
# whose job then stands before this one's.
_BOUND = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "merge_group", "workflow_call"}
)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# What the one who starts a run chooses; all of `github`, too (`toJSON(github)`).
_CHOSEN = re.compile(
    r"\bgithub\.(?:ref|ref_name|head_ref)\b|\binputs\b"
    r"|\bgithub\.event(?:\.(?:ref|inputs|release|client_payload)\b|(?![\w.]))|\bgithub(?:\.\*|(?![\w.-]))"
)
# `GitHub [ 'ref_name' ]` is `github.ref_name`: neither case nor blanks count
# (https://docs.github.com/en/actions/reference/workflows-and-actions/contexts).
_INDEX = re.compile(r"\s*\[\s*'([\w-]+)'\s*\]|\s*\.\s*([\w*-]+)")
_GUARD = re.compile(r"(?:\./|[\w.-]+/[\w.-]+/)guard/?(?:@.+)?")


@dataclass(frozen=True, kw_only=True)
class Impostor:
    """A job that may report checks. `event` starts it; empty if it has the check's name and is no guard."""

    file: str
    job: str
    checks: tuple[str, ...]
    event: str


def find_impostors(workflows: Mapping[str, bytes], checks: Collection[str]) -> Iterator[Impostor]:
    """Yield the jobs of workflow files that may report one of the checks without judging for it.

    Names that compare `github.event_name` are taken to tell manual runs apart. Files that can't be read start
    nothing.
    """
    for file, data in sorted(workflows.items()):
        try:
            content = load_plain(data)
        except PlainYamlError:
            continue
        event = _find_free_event(_at(content, "on"))
        jobs = _at(content, "jobs")
        for identifier, job in jobs.items() if isinstance(jobs, dict) else ():
            name = str(_at(job, "name") or identifier)
            if name in checks and not _uses_guard(job):
                yield Impostor(file=file, job=identifier, checks=(name,), event="")
            elif found := tuple(check for check in checks if event and _may_be(name, check)):
                yield Impostor(file=file, job=identifier, checks=found, event=event)


def _may_be(name: str, check: str) -> bool:
    """Return whether whoever starts a job can make its name that of the check."""
    expressions = [_spell_out(expression) for expression in _EXPRESSION.findall(name)]
    if any("github.event_name" in expression for expression in expressions):
        return False
    if name != check and not any(_CHOSEN.search(expression) for expression in expressions):
        return False
    literal = ".*".join(map(re.escape, _EXPRESSION.split(name)[::2]))
    return bool(re.fullmatch(literal, check, re.DOTALL))


def _spell_out(expression: str) -> str:
    return _INDEX.sub(lambda step: f".{step[1] or step[2]}", expression).lower()


def _find_free_event(on: Any) -> str:
    """Return an event that starts the workflow on any ref that somebody chooses; empty if none does."""
    if isinstance(on, dict):
        triggers = on
    else:
        triggers = {event: None for event in (on if isinstance(on, list) else [on]) if isinstance(event, str)}
    for event, filters in sorted(triggers.items(), key=lambda entry: entry[0] != "workflow_dispatch"):
        is_bound = event == "push" and _at(filters, "branches") and not _at(filters, "tags")
        if event not in _BOUND and not is_bound:
            return str(event)
    return ""


def _uses_guard(job: Any) -> bool:
    steps = _at(job, "steps")
    uses = [_at(step, "uses") for step in steps] if isinstance(steps, list) else []
    return any(isinstance(one, str) and _GUARD.fullmatch(one) for one in uses)


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
