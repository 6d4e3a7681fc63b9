"""Compare the engine with Fabrikate on random definitions. `make random` calls it.

The arguments are those of the conformance cases' runner, which starts a process for each definition. Here
that is forked from one that has imported the program; the cases themselves start the program as it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT.parent / "shared/conformance")]

import run  # noqa: E402

from support.prepared import run_program  # noqa: E402


def execute(argv: Sequence[str], cwd: Path, env: Mapping[str, str], limit: float) -> tuple[int, str]:
    """Do what the runner's own function does: return the exit code and all that was printed."""
    started = time.monotonic()
    done = run_program(argv, env=env, cwd=cwd, merged=True)
    if time.monotonic() - started > limit:
        raise TimeoutError(f"it took more than {limit:.0f} s")
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.argv[1:1] = ["--engine", "render {hld} {out} {envs}"]
    run.execute = execute
    sys.exit(run.main())
