"""The branch of the pull request that delivers manifests, and its one commit."""

from __future__ import annotations

import hashlib
import re

from promotion.common.commit_history import PastCommit
from promotion.common.paths import normalise_folder
from promotion.publishing.commit_message import ends_in_trailers
from promotion.rendering.materialize_request import Request

_BASE = "Promotion-Base"
_GITHUB = "GitHub <noreply@github.com>"  # commits what its API makes


def head_branch(request: Request) -> str:
    """Return the name of the branch, one for each environment: `promotion/dev`.

    Where manifests of one environment go to several branches or folders, each has its own; a digest keeps
    names apart that look alike once they are plain.
    """
    environment, branch = request.environment, request.manifest_branch
    folder = normalise_folder(request.manifest_path)
    parts = [environment, *([branch] if branch != environment else []), *([folder] if folder else [])]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(parts)).strip("-")
    if [name] != parts:
        digest = hashlib.sha256("\0".join((environment, branch, folder)).encode("utf-8", "surrogatepass"))
        name = f"{name[:80]}-{digest.hexdigest()[:8]}"
    return f"promotion/{name}"


def name_base(message: str, base: str) -> str:
    """Return the message of the branch's commit, whose last trailer names the commit below it."""
    text = message.rstrip("\n")
    joint = "\n" if ends_in_trailers(text) else "\n\n"
    return f"{text}{joint}{_BASE}: {base}\n"


def is_ours(commit: PastCommit) -> bool:
    """Return whether a run made the commit: its trailer names its parent, and nobody amended it."""
    if commit.committer not in ("", commit.author, _GITHUB):
        return False
    last = commit.message.rstrip().rpartition("\n")[2]
    return len(commit.parents) == 1 and last == f"{_BASE}: {commit.parents[0]}"
