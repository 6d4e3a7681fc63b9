"""How often a run starts again when others push all the time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from promotion.commands.materialize.inputs import MATERIALIZE
from promotion.commands.materialize.materialization import _Attempt, materialize_environment
from promotion.common.backoff import PUBLISH
from promotion.common.event import Event
from promotion.common.settings import Settings
from promotion.errors import BranchMovedError
from promotion.publishing.retry import Clock
from promotion.rendering.lock.lock import Lock
from promotion.rendering.materialize_request import Request, read_request
from support.traces import silent

FLAGS = {"environment": "dev", "hld-repository": "acme/hld", "manifest-repository": "acme/manifests"}


class Quiet:
    """A console that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)


def test_a_branch_that_always_moves_is_an_error_in_the_end() -> None:
    request = read_request(Settings(MATERIALIZE, FLAGS), Event())
    assert isinstance(request, Request)
    opened, pauses = [], list[int]()

    @contextlib.contextmanager
    def open_tools() -> Iterator[Any]:
        opened.append(True)
        raise BranchMovedError("branch dev moved")
        yield

    with pytest.raises(BranchMovedError):
        materialize_environment(
            request,
            open_tools,
            Quiet(),  # type: ignore[arg-type]
            environment={},
            pace=Clock(now=lambda: 0, pause=pauses.append),
            workers=1,
            engine="1.0.0",
            tracer=silent(request),
        )
    assert len(opened) == PUBLISH.attempts
    assert pauses == list(range(1, PUBLISH.attempts)), "a pause between two, each longer than the last"


@pytest.mark.parametrize("locks", [(b"damaged", b"{}"), (b"damaged", None), (None, b"damaged")])
def test_a_lock_that_cannot_be_read_is_overtaken_by_nobody(locks: tuple[bytes | None, ...]) -> None:
    """`adopt` replaces a damaged one, so a lost race is a reason to start again, not to fail."""
    request = read_request(Settings(MATERIALIZE, FLAGS | {"adopt": "true"}), Event())
    ours, theirs = (SimpleNamespace(read={"promotion.lock": lock}.get) for lock in locks)
    tools: Any = SimpleNamespace(open_branch=lambda *_: (theirs, None))
    attempt = _Attempt(request, tools, Quiet(), {}, 1, "1.0.0", True, silent(request), str)  # type: ignore[arg-type]
    assert not attempt._is_overtaken(ours, Lock())  # type: ignore[arg-type]
