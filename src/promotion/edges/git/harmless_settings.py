"""Settings of the machine's git that say how to reach a server, and nothing of who asks."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.single_flight import SingleFlight
from promotion.rendering.sources.credential_reach import Reach

# By `http.<url>.`, too; git prints names in lower case. A proxy's own credential is for the proxy.
_HARMLESS = re.compile(
    r"http\.(?:.+\.)?(?:proxy|proxyauthmethod|proxyssl\w+|sslcainfo|sslcapath|sslbackend|sslverify|sslversion"
    r"|sslcipherlist|schannel\w+|version|postbuffer|lowspeed\w+|useragent|curloptresolve)"
    # A mirror that is asked as anybody may: no user in its address, no ssh, no helper of another transport.
    r"|url\.(?:https?://[^/@\\]+(?:/.*)?|(?:file://)?/.*)\.insteadof"
)

Entries = Sequence[tuple[str, str]]


class HarmlessSettings:
    """What a git inherits that may use no credential.

    Left out is what may bring one along: addresses of others by ssh or with a user, headers, cookies,
    certificates of clients, helpers, other programs (git-config(1): `url.*`, `http.*`, `credential.*`,
    `core.sshCommand`).

    Args:
        commands: starts git, once, to learn its settings.
        settings: the environment of git.
    """

    def __init__(self, commands: ProcessRunner, settings: GitEnvironment) -> None:
        self._commands, self._settings = commands, settings
        self._entries: SingleFlight[None, Entries] = SingleFlight()

    def choose(self, reach: Reach) -> Entries | None:
        """Return all that is inherited for a source; None where that is everything."""
        return self._entries.get(None, self._read) if reach is Reach.PUBLIC else None

    def _read(self) -> Entries:
        argv = ["git", f"--git-dir={os.devnull}", "config", "--list", "-z"]
        done = self._commands.run(argv, timeout=60, env=self._settings.callers_variables())
        return list_harmless(done.stdout.decode("utf-8", "surrogateescape")) if done.code == 0 else ()


def list_harmless(listing: str) -> Entries:
    """Return the harmless ones of the settings that `git config --list -z` prints: keys and values, with a
    line break between.
    """
    entries = [entry.partition("\n") for entry in listing.split("\0")]
    return [(key, value) for key, has_value, value in entries if has_value and _HARMLESS.fullmatch(key)]
