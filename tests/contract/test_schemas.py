"""The schemas of Kubernetes in the package are those that kubernetes-validate, as it is locked, carries."""

from __future__ import annotations

import gzip
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "src/promotion/schemas"


def test_the_schemas_are_up_to_date() -> None:
    render = runpy.run_path(str(ROOT / ".ci/schemas.py"))["render"]
    expected = {name: _unpack(name, data) for name, data in render().items()}
    actual = {path.name: _unpack(path.name, path.read_bytes()) for path in SCHEMAS.glob("*.json*")}
    assert actual.keys() == expected.keys(), "run `make schemas`"
    assert not [name for name in actual if actual[name] != expected[name]], "run `make schemas`"


def _unpack(name: str, data: bytes) -> bytes:
    """Content alone: how well it is compressed differs from machine to machine."""
    return gzip.decompress(data) if name.endswith(".gz") else data
