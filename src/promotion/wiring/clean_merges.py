"""Git for the guard, which needs it only where a merge must be made anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from promotion.common.settings import Settings
from promotion.edges.child_process import ProcessRunner
from promotion.edges.scratch import open_scratch
from promotion.wiring.runtime import Runtime, open_app, read_server_url, read_token

if TYPE_CHECKING:
    from promotion.edges.git.merges import CleanMerges


class LateMerges:
    """Merges that are opened when the first is asked for. Implements `rules_github.Merges`."""

    def __init__(self, open_it: Callable[[], CleanMerges]) -> None:
        self._open = open_it
        self._merges: CleanMerges | None = None

    def merge(self, one: str, other: str) -> str | None:
        """Return the tree of the clean merge of two commits; None if they conflict."""
        self._merges = self._merges or self._open()
        return self._merges.merge(one, other)


def open_merges(settings: Settings, runtime: Runtime, repository: str, stack: ExitStack) -> CleanMerges:
    """Return the merges of a repository of this GitHub.

    Args:
        stack: ends what this begins.

    Raises:
        PromotionError: an input or the environment is wrong, or there is no room.
    """
    from promotion.edges.git.git_client import GitClient  # costs 0.1 s
    from promotion.edges.git.remotes import Access

    access = Access(
        server_url=read_server_url(runtime.environment),
        token=read_token(settings, runtime),
        app=open_app(settings, runtime),
    )
    scratch = stack.enter_context(open_scratch(runtime.cancellation))
    debug = runtime.console.debug
    git = GitClient(
        ProcessRunner(runtime.environment, runtime.redact, scratch, debug, runtime.cancellation),
        access,
        scratch,
        environment=runtime.environment,
        allow_local=False,
        warn=runtime.console.warning,
        sleep=runtime.cancellation.sleep,
        debug=debug,
    )
    return stack.enter_context(git).open_merges(repository)
