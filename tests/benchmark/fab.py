"""What a fab program does for an estate: `fab install`, then `fab generate`, in a clone of the definition.

python -m benchmark.fab FAB ADDRESS BRANCH
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def run(fab: str, address: str, branch: str, folder: str) -> None:
    """Clone, install, generate."""
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"}
    clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", branch, address, "hld"]
    subprocess.run(clone, cwd=folder, env=environment, check=True)
    for words in (["install"], ["generate", branch]):
        subprocess.run([fab, *words], cwd=f"{folder}/hld", env=environment, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(*sys.argv[1:4], scratch)
