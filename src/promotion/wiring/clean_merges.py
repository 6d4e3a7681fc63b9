"""Git for the guard, which needs it only where a merge must be made anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from promotion.common.settings import Settings
from promotion.wiring.access_inputs import read_access
from promotion.wiring.runtime import Runtime

if TYPE_CHECKING:
    from promotion.edges.git.merges import CleanMerges


def open_clean_merge(
    settings: Settings, runtime: Runtime, repository: str, stack: ExitStack
) -> Callable[[str, str], str | None]:
    """Return what gives the tree of the clean merge of two commits of a repository; None if they conflict.

    Git is opened at the first merge.

    Args:
        stack: ends what this begins.
    """

    @cache
    def open_it() -> CleanMerges:
        from promotion.wiring.run_session import RunContext, open_session  # costs 0.15 s

        session = stack.enter_context(open_session(RunContext(runtime, read_access(settings, runtime))))
        return session.git.open_merges(repository)

    return lambda one, other: open_it().merge(one, other)
