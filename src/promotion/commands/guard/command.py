"""`promotion guard`: the companion action's job; `promotion guard audit` for a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from promotion.commands.guard.enforcement import audit_for, enforce_rules
from promotion.commands.guard.inputs import GUARD, Mode, read_guard_request
from promotion.commands.guard.report import annotation, as_text, exit_code, outputs, summary
from promotion.common.event import Event
from promotion.common.promotion_rules.audit import apply_rulesets
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.settings import Settings, read_settings
from promotion.edges.actions_runner import read_event
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import PromotionError, UsageError
from promotion.wiring.access_inputs import read_access
from promotion.wiring.github_access import check_repository, open_github
from promotion.wiring.runtime import Runtime, given_flags

if TYPE_CHECKING:
    from promotion.edges.git.merges import CleanMerges


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code."""
    flags = given_flags(arguments, GUARD)
    if arguments.action == "audit":
        return run_audit(flags, runtime, repository=arguments.repository, change=arguments.apply)
    if arguments.repository or arguments.apply:
        raise UsageError("--repository and --apply are for the audit", fix="Write `promotion guard audit`.")
    return run(flags, runtime)


def run(flags: Mapping[str, str | None], runtime: Runtime) -> int:
    """Judge the event that started the run, and report the decision.

    Returns:
        The exit code: 0 if it is allowed or only warned about, 2 if an input is wrong, else 1.
    """
    try:
        settings = read_settings(GUARD, flags, runtime.environment)
        event = read_event(runtime.environment)
        github = _open(settings, runtime, _require_repository(event))
        request = read_guard_request(settings, event, datetime.now(UTC).date())
        with ExitStack() as stack:
            merge_cleanly = _open_clean_merge(settings, runtime, event.repository, stack)
            decision = enforce_rules(request, github, merge_cleanly)
    except UsageError as error:
        return _refuse(error, flags, runtime)
    _tell(decision, request.mode, runtime)
    return exit_code(decision, request.mode)


def _require_repository(event: Event) -> str:
    if not event.repository:
        fix = "Run it in a workflow, or look at the branches by `promotion guard audit`."
        raise UsageError("there is no event to judge", fix=fix)
    return event.repository


def _refuse(error: UsageError, flags: Mapping[str, str | None], runtime: Runtime) -> int:
    """Report a wrong input as any other refusal, so that `mode: warn` and the outputs apply to it.

    Raises:
        UsageError: the same, on a terminal, where there are no outputs and it is told once.
    """
    mode: Mode = "enforce"
    if (flags.get("mode") or runtime.environment.get("INPUT_MODE", "")).strip() == "warn":
        mode = "warn"
    elif not runtime.in_actions:
        raise error
    _tell(Decision(reason=Reason.WRONG_INPUT, message=error.what, fix=error.fix), mode, runtime)
    return 0 if mode == "warn" else error.exit_code


def run_audit(
    flags: Mapping[str, str | None], runtime: Runtime, *, repository: str, change: bool = False
) -> int:
    """Audit the protection of every branch in the rules of a repository.

    Args:
        repository: `owner/name`; empty for the one of the run.
        change: create or replace the rulesets that are missing something, each after showing it.

    Returns:
        The exit code: 0 if there is no problem (left), else 1.
    """
    settings = read_settings(GUARD, flags, runtime.environment)
    event = read_event(runtime.environment)
    github = _open(settings, runtime, repository or event.repository)
    request = read_guard_request(settings, event, datetime.now(UTC).date())
    result = audit_for(request, github)
    if change and result.changes:
        runtime.console.info(as_text(result.decision.spell(runtime.spell)))
        apply_rulesets(result.changes, github, runtime.console.diff)
        result = audit_for(request, github)
    _tell(result.decision, request.mode, runtime)
    if result.changes and not change:
        for planned in result.changes:
            runtime.console.diff(planned.difference)
    return exit_code(result.decision, request.mode)


def _open(settings: Settings, runtime: Runtime, repository: str) -> RepositoryApi:
    name = check_repository(repository)
    return RepositoryApi(open_github(settings, runtime), name)


def _tell(decision: Decision, mode: Mode, runtime: Runtime) -> None:
    console, decision = runtime.console, decision.spell(runtime.spell)
    console.info(as_text(decision))
    level, text = annotation(decision, mode)
    if level == "error":
        console.error(PromotionError(text))
    elif level == "warning":
        console.warning(text)
    else:
        console.notice(text)
    for notice in decision.notices:
        console.notice(notice)
    console.summary(summary(decision, mode))
    runtime.set_outputs(outputs(decision, mode, runtime.redact))


def _open_clean_merge(
    settings: Settings, runtime: Runtime, repository: str, stack: ExitStack
) -> Callable[[str, str], str | None]:
    """Return what gives the tree of the clean merge of two commits of a repository; None if they conflict.

    Git is opened at the first merge, for few runs must make a merge anew.

    Args:
        stack: ends what this begins.
    """

    @cache
    def open_it() -> CleanMerges:
        from promotion.wiring.run_session import RunContext, open_session  # costs 0.15 s

        session = stack.enter_context(open_session(RunContext(runtime, read_access(settings, runtime))))
        return session.git.open_merges(repository)

    return lambda one, other: open_it().merge(one, other)
