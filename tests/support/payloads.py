"""The events that GitHub sends."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from support.tools import CACHE

EXAMPLES = "@octokit/webhooks-examples@7.6.1"  # recorded from GitHub, MIT


def small_push(repository: str, branch: str, commit: str) -> dict[str, Any]:
    """A push with the fields that an action can rely on, and no more."""
    return addressed({"ref": "", "commits": []}, repository, branch, commit)


def recorded_push(repository: str, branch: str, commit: str) -> dict[str, Any]:
    """A push as GitHub has sent it, about another repository. Skips the test where npm isn't there."""
    examples = json.loads(_fetch_examples().read_text("utf-8"))
    pushes = next(event["examples"] for event in examples if event["name"] == "push")
    return addressed(next(push for push in pushes if push["commits"]), repository, branch, commit)


def addressed(push: dict[str, Any], repository: str, branch: str, commit: str) -> dict[str, Any]:
    """The same push, but to this repository and branch."""
    owner, _, name = repository.partition("/")
    return {
        **push,
        "ref": f"refs/heads/{branch}",
        "before": "0" * 40,
        "after": commit,
        "deleted": False,
        "repository": {**push.get("repository", {}), "name": name, "full_name": repository},
        "sender": {**push.get("sender", {}), "login": owner},
    }


def _fetch_examples() -> Path:
    """The package's file of examples, fetched once."""
    kept = CACHE / f"{EXAMPLES.replace('/', '-')}.json"
    if kept.exists():
        return kept
    if not shutil.which("npm"):
        import pytest

        pytest.skip(f"NOT TESTED HERE: npm isn't there to fetch {EXAMPLES}")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(["npm", "pack", "--silent", EXAMPLES], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/api.github.com/index.json")
            assert member is not None
            aside = Path(folder, "index.json")
            aside.write_bytes(member.read())
        aside.rename(kept)
    return kept
