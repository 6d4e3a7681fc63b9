"""Git for the guard, which needs it only where a merge must be made anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from promotion.common.settings import Settings
from promotion.edges.child_process import ProcessRunner
from promotion.edges.scratch import open_scratch
from promotion.wiring.runtime import Runtime, open_app, read_server_url, read_token

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

    return lambda one, other: open_it().merge(one, other)
