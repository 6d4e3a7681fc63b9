"""What of git's settings comes from elsewhere: those that change how it reads are left to the git program."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.git.git_transport import GitTransport
from promotion.edges.single_flight import SingleFlight


class CallersSettings:
    """The names of the settings, asked once.

    Args:
        commands: starts git.
        settings: the environment of git.
        transport: checks its version.
    """

    def __init__(self, commands: ProcessRunner, settings: GitEnvironment, transport: GitTransport) -> None:
        self._commands, self._settings, self._transport = commands, settings, transport
        self._keys: SingleFlight[None, Sequence[str] | None] = SingleFlight()

    def allows(self, scheme: str) -> bool:
        """Return whether git may use a protocol."""
        return self._settings.allows(scheme)

    def lack(self, telling: re.Pattern[str]) -> bool:
        """Return whether no setting begins as `telling` says; false where they can't be read."""
        keys = self._keys.get(None, self._ask)
        return keys is not None and not any(telling.match(key) for key in keys)

    def _ask(self) -> Sequence[str] | None:
        self._transport.check_version()
        argv = ["git", f"--git-dir={os.devnull}", "config", "--list", "--name-only", "-z"]
        done = self._commands.run(argv, timeout=60, env=self._settings.callers_variables())
        return None if done.code else done.stdout.decode("utf-8", "replace").split("\0")
