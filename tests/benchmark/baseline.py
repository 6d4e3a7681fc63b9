"""What Fabrikate does for an estate: the very processes that it starts, as many at a time as it starts them.

    python -m benchmark.baseline HELM URL FOLDER APPLICATIONS...

`git clone --depth 1 --branch` for each entry at once (fab: one goroutine each), then `helm template` for each
chart at once. fab's own work, writing files and its missing commit and push aren't in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MOST = 200  # processes at a time: 800 of Helm's don't fit into the memory of a small machine


def run(helm: str, url: str, folder: Path, names: Sequence[str]) -> None:
    """Clone and render every application."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }

    def clone(name: str) -> list[str]:
        return [
            "git",
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--branch",
            "dev",
            f"{url}/{name}.git",
            str(folder / name),
        ]

    def template(name: str) -> list[str]:
        return [helm, "template", name, str(folder / name / "hld/chart"), "--namespace", "default"]

    def all_at_once(argv: Callable[[str], list[str]]) -> None:
        def start(name: str) -> None:
            subprocess.run(argv(name), env=environment, check=True, stdout=subprocess.PIPE)

        with ThreadPoolExecutor(min(MOST, len(names))) as pool:
            list(pool.map(start, names))

    all_at_once(clone)
    all_at_once(template)


if __name__ == "__main__":
    helm_path, address, *applications = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as scratch:
        run(helm_path, address, Path(scratch), applications)
