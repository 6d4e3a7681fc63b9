"""Jobs of workflows that may report a required check although they judged something else, or nothing.

A job's name is the name of its check
(https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks).
A job that is named after the ref reports the check of whatever branch or tag somebody starts it on: a manual
run on a tag called `stage`, and the tag's commit has the check that `stage` requires.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain

# Started for a pull request or a group, which has its target from GitHub; or by another workflow, the name of
# whose job then stands before this one's.
_BOUND = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "merge_group", "workflow_call"}
)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# What the one who starts a run chooses: most of the event (the body of a comment, the name of a label), and
# all of `github`, too (`toJSON(github)`). What jobs before it put out may come of any of that. A job's name
# can also use `strategy` and `vars`, which nobody chooses with a run
# (https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#context-availability).
_CHOSEN = re.compile(
    r"\bgithub\.(?:ref|ref_name|head_ref)\b|\binputs\b|\bgithub(?:\.\*|(?![\w.-]))"
    r"|(?<![\w.-])needs\b(?!-)"
    r"|\bgithub\.event\b(?!\.(?:action|enterprise|installation|organization|repository|schedule|sender)\b)"
)
_MATRIX = re.compile(r"\s*matrix\.[\w.-]+\s*")
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
                continue
            matrix = _at(_at(job, "strategy"), "matrix")
            names = (name, f"{name} (${{{{ matrix }}}})") if _is_extended(name, matrix) else (name,)
            found = tuple(check for check in checks if any(_may_be(one, check, matrix) for one in names))
            if event and found:
                yield Impostor(file=file, job=identifier, checks=found, event=event)


def _is_extended(name: str, matrix: Any) -> bool:
    """Return whether GitHub appends the values of a matrix, as in `test (3.13)`: the name uses none of them.

    As reported in https://github.com/a3tai/openclaw-go/pull/6 and https://github.com/sbt/sbt-github-actions/issues/68.
    """
    return matrix is not None and not any("matrix" in _spell_out(one) for one in _EXPRESSION.findall(name))


def _may_be(name: str, check: str, matrix: Any) -> bool:
    """Return whether whoever starts a job can make its name that of the check, or its matrix does."""
    expressions = [_spell_out(expression) for expression in _EXPRESSION.findall(name)]
    if any("github.event_name" in expression for expression in expressions):
        return False
    values = list(_list_scalars(matrix))
    is_open = any(
        _CHOSEN.search(_spell_out(found)) for value in values for found in _EXPRESSION.findall(value)
    )
    fitting = [value for value in values if value and value in check]
    becomes, is_chosen = [], name == check
    for expression in expressions:
        is_of_matrix = re.search(r"\bmatrix\b", expression) is not None
        is_chosen |= bool(_CHOSEN.search(expression)) or (is_of_matrix and (is_open or bool(fitting)))
        is_listed = _MATRIX.fullmatch(expression) and not is_open
        becomes.append(f"(?:{'|'.join(map(re.escape, fitting))})" if is_listed else ".*")
    literal = [re.escape(part) for part in _EXPRESSION.split(name)[::2]]
    pattern = "".join(part + value for part, value in zip(literal, [*becomes, ""], strict=True))
    return is_chosen and bool(re.fullmatch(pattern, check, re.DOTALL))


def _list_scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _list_scalars(part)
    else:
        yield str(value)


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
