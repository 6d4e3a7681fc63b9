"""Write the locks: runtime, tests, the build back end, the audit. `make lock` calls it."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def compile_lock(name: str, *sources: str, stdin: str = "") -> None:
    """Resolve for every platform and every Python we support, with the hash of every file."""
    words = ["pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    # The public index, whatever this machine's settings say.
    words += ["--no-config", "--upgrade"]
    words += ["--custom-compile-command", "make lock", "--output-file", name]
    subprocess.run([ROOT / ".venv/bin/uv", *words, *sources], cwd=ROOT, input=stdin, text=True, check=True)


def main() -> None:
    """Lock the runtime first; the tests run with exactly its versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    compile_lock("requirements.lock", "pyproject.toml")
    compile_lock("requirements-dev.lock", "pyproject.toml", "--group=dev", "--constraint=requirements.lock")
    requirements = "\n".join(project["build-system"]["requires"])
    compile_lock("requirements-build.lock", "-", "--constraint=requirements-dev.lock", stdin=requirements)
    compile_lock("requirements-audit.lock", "-", stdin="\n".join(project["dependency-groups"]["audit"]))


if __name__ == "__main__":
    main()
