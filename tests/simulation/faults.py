"""Faults that are put in on purpose: each breaks a law, and its histories show it.

`python -m simulation.faults` prints how many histories each takes, for the README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from unittest.mock import patch

from promotion.commands.materialize import materialization
from promotion.commands.rollback import rollback_plan
from promotion.edges.git.push_queue import Pushes
from promotion.errors import PublishError, RenderError, SourceError, UnreachableError
from promotion.publishing.github_status import status_reporter
from promotion.publishing.github_status.deployment_feedback import DeploymentFeedback
from promotion.publishing.pull_request import pull_delivery
from promotion.rendering import (
    component_rendering,
    environment_rendering,
    held_parts,
    part_judges,
    rendering_outcome,
)
from promotion.rendering.definition import part_failures, tree_walk
from promotion.rendering.environment_rendering import EnvironmentRenderer
from promotion.rendering.held_parts import Draft
from promotion.rendering.lock import pins, reuse
from promotion.rendering.lock.pins import Held
from simulation.history import Outcome, simulate
from simulation.manifest_world import SimulatedTransport
from simulation.source_tools import SimulatedFetcher

MOST = 300  # histories; most faults are found within 30


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done wrong, and the law that it breaks. `fixed` are settings of the histories."""

    law: str
    what: str
    inject: Callable[[], AbstractContextManager[Any]]
    fixed: Mapping[str, Any] = field(default_factory=dict)


def find(fault: Fault, most: int = MOST) -> tuple[int, Outcome | None]:
    """Return how many histories it took until the law was broken, and the last one; None if none did."""
    with fault.inject():
        for seed in range(most):
            outcome = simulate(seed, **fault.fixed)
            if outcome.broken.startswith(fault.law):
                return seed + 1, outcome
    return most, None


def _change(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Replace something by what is made of it."""
    return lambda: patch.object(owner, name, make(getattr(owner, name)))


def _always_commit(real: Any) -> Any:
    def plan(*arguments: Any, **options: Any) -> Any:
        change = real(*arguments, **options)
        return change if change.changed else replace(change, changed=True, message="again")

    return plan


def _commit_while_held(real: Any) -> Any:
    def plan(*arguments: Any, **options: Any) -> Any:
        change = real(*arguments, **options)
        return replace(change, changed=True, message="again") if change.lock.held else change

    return plan


def _fail_after_push(real: Any) -> Any:
    def commit(*arguments: Any, **options: Any) -> Any:
        change = real(*arguments, **options)
        if change.commit:
            raise PublishError("after the push")
        return change

    return commit


def _write_foreign(real: Any) -> Any:
    def commit(change: Any, *arguments: Any, **options: Any) -> Any:
        if change.changed:
            writes = {**change.operations.writes, "notes/0.md": b"ours"}
            change = replace(change, operations=replace(change.operations, writes=writes))
        return real(change, *arguments, **options)

    return commit


def _commit_twice(real: Any) -> Any:
    """The manifests first, then the lock."""

    def commit(change: Any, branch: Any, options: Any, **more: Any) -> Any:
        if change.changed and branch.commit and hasattr(branch, "at"):
            made = branch.write(change.operations.changes, message="x", author="", email="", timestamp=0)
            more["push"](made)
        return real(change, branch, options, **more)

    return commit


def _skip_first(real: Any) -> Any:
    def list_moves(attempt: Any, made: Any, change: Any) -> Any:
        return real(attempt, made, change) if change.old_lock.components else {}

    return list_moves


def _ignore_values(real: Any) -> Any:
    return lambda component, **options: real(replace(component, values={}), **options)


def _ignore_inputs(real: Any) -> Any:
    return lambda fields: "same" if "part-timeout" in fields else real(fields)


def _ignore_edits(real: Any) -> Any:
    def reuse_component(lock: Any, answers: Any, tree: Any, folder: str) -> Any:
        ours = {
            path: f"100644 {blob}" for part in lock.components.values() for path, blob in part.files.items()
        }
        return real(lock, answers, {**tree, **ours}, folder)

    return reuse_component


def _drop_other_pins(real: Any) -> Any:
    def restore(now: Any, then: Any, manifests: Mapping[str, Any]) -> Any:
        lock = real(now, then, manifests)
        return replace(lock, pins={path: pin for path, pin in lock.pins.items() if path in manifests})

    return restore


def _trust_api(_: Any) -> Any:
    """Confirm what the lock of the base has, where the proposal may have something newer."""

    def expect(renderer: EnvironmentRenderer, questions: Mapping[Any, str]) -> Mapping[Any, str]:
        event = renderer.request.event
        if event.name != "push":
            return {}
        return {one: it for one, it in questions.items() if not one.address.endswith(event.repository)}

    return expect


def _stamp(real: Any) -> Any:
    numbers = count()
    return lambda text: f"{real(text)}# {next(numbers)}\n"


def _delete_held(real: Any) -> Any:
    return lambda draft, failures, old, show: real(
        draft, failures, replace(old, components={}, pins={}), show
    )


def _hold_all(real: Any) -> Any:
    def hold(draft: Draft, failures: Any, old: Any, show: Any) -> Draft:
        for error in [*failures.found.values()][:1]:
            for part in draft.lock.components.values():
                failures.found.setdefault(part.part, error)
        return real(draft, failures, old, show)

    return hold


def _keep_units(real: Any) -> Any:
    def hold(draft: Draft, failures: Any, old: Any, show: Any) -> Draft:
        held = real(draft, failures, old, show)
        return replace(held, lock=replace(held.lock, subtrees={**old.subtrees, **held.lock.subtrees}))

    return hold


def _forget_whole(real: Any) -> Any:
    def hold(draft: Draft, failures: Any, old: Any, show: Any) -> Draft:
        held = real(draft, failures, old, show)
        return replace(held, lock=replace(held.lock, ownership="held")) if failures.holds else held

    return hold


def _hold_now(real: Any) -> Any:
    """Tell since when anew each time."""

    def describe(failures: Any, old: Any, *arguments: Any, **options: Any) -> Any:
        return real(failures, replace(old, held={}), *arguments, **options)

    return describe


def _blame_all(real: Any) -> Any:
    def list_outcomes(*arguments: Any) -> Any:
        return [replace(outcome, state="failure") for outcome in real(*arguments)]

    return list_outcomes


def _push_over(_: Any) -> Any:
    def push(transport: Any, folder: Any, remote: Any, name: str, *, commit: str, expected: str) -> None:
        process, world = transport._process, transport._world

        def swap() -> None:
            process.landed.append(commit)
            world.update(name, commit)

        process.effect(f"force {commit[:7]}", swap)

    return push


def _ask_again(real: Any) -> Any:
    def ask(fetcher: SimulatedFetcher, source: Any, *, token: str) -> str:
        fetcher._known.clear()
        return str(real(fetcher, source, token=token))

    return ask


def _nothing(*_: Any, **__: Any) -> Any:
    return None


def _empty(*_: Any, **__: Any) -> Any:
    return ()


def _choose_all(real: Any) -> Any:
    return lambda now, then, names: real(now, then, ())


PROPOSED = {"by_pull_request": True}
HELD = {"holds": True}
PINNED = {"rollbacks": 0.4, "acts": 8, "by_pull_request": False}
QUIET = {"fail": 0, "lose": 0, "kill": 0, "switch": 0.5, "by_pull_request": False}
FAULTS: Sequence[Fault] = (
    Fault(
        law="nothing lost",
        what="a push isn't followed by asking the sources again",
        inject=_change(materialization, "list_new_answers", lambda _: lambda before, after: {}),
        fixed={**QUIET, "favoured": ("an application's commit is reverted",)},
    ),
    Fault(
        law="nothing lost",
        what="the first push of all isn't followed by it",
        inject=_change(materialization._Attempt, "_list_moves", _skip_first),
        fixed={**QUIET, "apps": 1, "favoured": ("the definition's entries",)},
    ),
    Fault(
        law="nothing back",
        what="pushes have no lease",
        inject=_change(SimulatedTransport, "push", _push_over),
    ),
    Fault(
        law="nothing back",
        what="an API that lags may confirm what a proposal has newer",
        inject=_change(EnvironmentRenderer, "_list_expected", _trust_api),
        fixed={
            **QUIET,
            **PROPOSED,
            "lag": 2,
            "acts": 8,
            "favoured": ("an application's values", "a pull request is merged"),
        },
    ),
    Fault(
        law="one commit or none",
        what="an error follows the push",
        inject=_change(materialization, "commit_change", _fail_after_push),
    ),
    Fault(
        law="one commit or none",
        what="a push whose answer is lost counts as failed",
        inject=_change(Pushes, "_read_history", lambda _: _empty),
    ),
    Fault(
        law="one commit",
        what="a source is asked twice in one run",
        inject=_change(SimulatedFetcher, "ask", _ask_again),
        fixed={**QUIET, "apps": 3, "kinds": ("nested",), "acts": 8, "favoured": ("the shared repository",)},
    ),
    Fault(
        law="pure",
        what="manifests and lock are two commits",
        inject=_change(materialization, "commit_change", _commit_twice),
    ),
    Fault(
        law="nothing lost",
        what="sources are taken for unchanged",
        inject=_change(reuse, "_is_fresh", lambda _: lambda before, answers: bool(before)),
    ),
    Fault(
        law="nothing lost",
        what="values don't count among the inputs",
        inject=_change(component_rendering, "digest_inputs", _ignore_values),
    ),
    Fault(
        law="pure",
        what="nobody judges what was rendered",
        inject=_change(materialization, "judge_cluster", lambda _: _empty),
        fixed={"kinds": ("static",), "favoured": ("an application is broken",)},
    ),
    Fault(
        law="others' files",
        what="a file of others is written",
        inject=_change(materialization, "commit_change", _write_foreign),
    ),
    Fault(
        law="others' commits",
        what="a head is replaced whoever committed to it",
        inject=_change(pull_delivery, "_check_head", lambda _: _nothing),
        fixed={**PROPOSED, "favoured": ("somebody commits to the head",)},
    ),
    Fault(
        law="reports",
        what="deployments never end",
        inject=_change(DeploymentFeedback, "end", lambda _: _nothing),
        fixed=QUIET,
    ),
    Fault(
        law="heals",
        what="edits by hand go unseen",
        inject=_change(environment_rendering, "reuse_component", _ignore_edits),
        fixed={**QUIET, "favoured": ("a manifest is edited",)},
    ),
    Fault(
        law="second run",
        what="each run makes a commit",
        inject=_change(materialization, "plan_rendering", _always_commit),
    ),
    Fault(
        law="incremental equals full",
        what="each rendering prints something else",
        inject=_change(component_rendering, "clean", _stamp),
    ),
    Fault(
        law="healed equals fresh",
        what="each rendering prints something else",
        inject=_change(component_rendering, "clean", _stamp),
    ),
    Fault(
        law="pins",
        what="pins are kept nowhere",
        inject=_change(
            rendering_outcome, "hold", lambda _: lambda lock, made, old: Held(rendered=tuple(made), lock=lock)
        ),
        fixed=PINNED,
    ),
    Fault(
        law="pins",
        what="pins never end",
        inject=_change(pins, "_has_moved", lambda _: lambda *_, **__: False),
        fixed=PINNED,
    ),
    Fault(
        law="pins",
        what="pins end at the next rendering",
        inject=_change(pins, "_has_moved", lambda _: lambda *_, is_anew: is_anew),
        fixed=PINNED,
    ),
    Fault(
        law="rollback",
        what="a rollback of one component takes all",
        inject=_change(rollback_plan, "choose_paths", _choose_all),
        fixed=PINNED,
    ),
    Fault(
        law="rollback",
        what="a rollback drops the other pins",
        inject=_change(rollback_plan, "restore_lock", _drop_other_pins),
        fixed=PINNED,
    ),
    Fault(
        law="part by part",
        what="what fails is deleted",
        inject=_change(rendering_outcome, "hold_parts", _delete_held),
        fixed=HELD,
    ),
    Fault(
        law="told",
        what="what is held is taken for fresh",
        inject=_change(rendering_outcome, "hold_parts", _keep_units),
        fixed=HELD,
    ),
    Fault(
        law="cause",
        what="one failure holds all parts",
        inject=_change(rendering_outcome, "hold_parts", _hold_all),
        fixed=HELD,
    ),
    Fault(
        law="the others go on",
        what="what a part's files say is nobody's fault",
        inject=_change(tree_walk, "blaming", lambda _: lambda part: nullcontext()),
        fixed=HELD,
    ),
    Fault(
        law="the others go on",
        what="a source that can't be had is nobody's fault",
        inject=lambda: patch.object(part_failures, "_NOBODYS", SourceError),
        fixed={**HELD, "favoured": ("a branch is deleted",)},
    ),
    Fault(
        law="the others go on",
        what="what Helm refuses is nobody's fault",
        inject=lambda: patch.object(part_failures, "_NOBODYS", RenderError),
        fixed=HELD,
    ),
    Fault(
        law="the others go on",
        what="what a judge refuses is nobody's fault",
        inject=_change(part_judges, "find_guilty", lambda _: _empty),
        fixed={**HELD, "kinds": ("static",), "favoured": ("an application is broken",)},
    ),
    Fault(
        law="cause",
        what="what couldn't be rendered isn't tried again when it changes",
        inject=_change(component_rendering, "digest_fields", _ignore_inputs),
        fixed={**HELD, **QUIET, "kinds": ("chart",), "favoured": ("an application is broken",)},
    ),
    Fault(
        law="blame",
        what="who isn't held is told of a failure",
        inject=_change(status_reporter, "list_outcomes", _blame_all),
        fixed={**HELD, **QUIET},
    ),
    Fault(
        law="blame",
        what="who is held isn't told",
        inject=_change(status_reporter, "list_outcomes", lambda _: _empty),
        fixed={**HELD, **QUIET},
    ),
    Fault(
        law="told",
        what="the lock doesn't say what is held",
        inject=_change(held_parts, "_describe", lambda _: lambda *_, **__: {}),
        fixed=HELD,
    ),
    Fault(
        law="told",
        what="what fails for now is told as lasting",
        inject=lambda: patch.object(UnreachableError, "is_passing", new=False),
        fixed=HELD,
    ),
    Fault(
        law="told",
        what="each commit says that it is held since now",
        inject=_change(held_parts, "_describe", _hold_now),
        fixed={**HELD, "favoured": ("an application is broken",)},
    ),
    Fault(
        law="told",
        what="a proposal tells of what isn't held any more",
        inject=_change(pull_delivery.PullDelivery, "_read_state", lambda _: _nothing),
        fixed={
            **QUIET,
            **HELD,
            **PROPOSED,
            "acts": 8,
            "favoured": ("an application is broken", "an application's commit is reverted"),
        },
    ),
    Fault(
        law="second run",
        what="each run makes a commit while a part is held",
        inject=_change(materialization, "plan_rendering", _commit_while_held),
        fixed=HELD,
    ),
    Fault(
        law="hold equals stop",
        what="without failures `hold` writes another lock",
        inject=_change(rendering_outcome, "hold_parts", _forget_whole),
    ),
)


def main() -> None:
    """Print the table of the README."""
    print("| law | fault | histories |\n|---|---|---|")
    for fault in FAULTS:
        number, outcome = find(fault)
        print(f"| {fault.law} | {fault.what} | {number if outcome else 'more'} |", flush=True)


if __name__ == "__main__":
    main()
