"""One call of the git program that talks to a server, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.git.git_failures import Failure
from promotion.edges.git.remotes import Remote
from promotion.rendering.sources.credential_reach import Reach


@dataclass(frozen=True)
class GitCall:
    """What git is asked to do; the address stands between `argv` and `refspecs`."""

    repository: Path
    remote: Remote
    argv: Sequence[str]
    refspecs: Sequence[str]
    token: str = field(default="", repr=False)
    write: bool = False
    push: bool = False
    tried: int = 0
    reach: Reach = Reach.OWN


@dataclass(frozen=True)
class GitEnd:
    """How it went: `remote` is the last that was tried, `authorized` whether it got a credential; `words` are
    git's own, in which secrets may be.
    """

    remote: Remote
    authorized: bool
    failure: Failure | None = None
    words: str = field(default="", repr=False)
    output: bytes = b""
