"""A `GitClient` as the composition root would build it, for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from promotion.common.redaction import Redactor
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.edges.web.host_policy import HostPolicy

# What a user's machine has no say in; tests add to it.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@contextmanager
def open_git(
    scratch: Path,
    *,
    access: Access | None = None,
    environment: Mapping[str, str] | None = None,
    allow_local: bool = False,
    warn: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = lambda _: None,
    timeout: float = 60.0,
    host_policy: HostPolicy | None = None,
) -> Iterator[GitClient]:
    """A Git that never really sleeps between attempts, in a scratch folder that need not exist."""
    scratch.mkdir(parents=True, exist_ok=True)
    access = access or Access()
    caller = {**ENVIRONMENT, **(environment or {})}
    commands = ProcessRunner(caller, Redactor([access.token, access.source_token]), scratch)
    with GitClient(
        commands,
        access,
        scratch,
        environment=caller,
        allow_local=allow_local,
        warn=warn,
        sleep=sleep,
        timeout=timeout,
        host_policy=host_policy,
    ) as git:
        yield git
