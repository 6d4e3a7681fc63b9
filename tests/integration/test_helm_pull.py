"""Charts from OCI registries, with either Helm."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from promotion.edges import helm
from promotion.edges.command import Commands
from promotion.edges.helm_embedded import EmbeddedHelm
from promotion.edges.helm_program import ProgramHelm
from promotion.errors import AccessError, SourceError
from support import registry, tools

CHART = Path(__file__).parents[1] / "charts" / "legacy"
ACCOUNT = {"username": "reader", "password": "pa55-w0rd"}


class RecordingCommands(Commands):
    """Remembers what other processes can see: arguments and environment."""

    seen: list[str]

    @contextmanager
    def running(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[subprocess.Popen[bytes]]:
        self.seen += [*map(str, argv), *(env or {}).values()]
        with super().running(argv, env=env, **options) as process:
            yield process


@pytest.fixture
def commands(tmp_path: Path) -> RecordingCommands:
    commands = RecordingCommands(os.environ, str, tmp_path)
    commands.seen = []
    return commands


@pytest.fixture(params=["embedded", "program"])
def engine(
    request: pytest.FixtureRequest, commands: RecordingCommands, tmp_path: Path
) -> Iterator[EmbeddedHelm | ProgramHelm]:
    if request.param == "embedded":
        pytest.importorskip("helm_python", reason="NOT TESTED HERE: no embedded Helm for this platform")
    program = "" if request.param == "embedded" else str(tools.helm_program())
    scratch = tmp_path / "helm"
    chosen = helm.choose(
        program=program, kube_version="", api_versions=[], commands=commands, scratch=scratch
    )
    yield chosen
    if isinstance(chosen, EmbeddedHelm):
        chosen.close()


@pytest.fixture
def public() -> Iterator[registry.Registry]:
    with registry.serve() as server:
        yield server


@pytest.fixture
def private() -> Iterator[registry.Registry]:
    with registry.serve(**ACCOUNT) as server:
        yield server


@pytest.mark.parametrize(
    ("wanted", "pulled"), [("1.1.0", "1.1.0"), ("", "1.2.0"), ("~1.1.0", "1.1.4+build.2")]
)
def test_a_version_a_range_or_the_newest(
    engine: EmbeddedHelm | ProgramHelm, public: registry.Registry, tmp_path: Path, wanted: str, pulled: str
) -> None:
    archives = {}
    for version in ("1.1.0", "1.1.4+build.2", "1.2.0", "1.3.0-beta"):
        archives[version] = registry.pack(CHART) + version.encode()  # bytes after the end don't count in gzip
        address = public.add("charts/legacy", version, archives[version])
    archive = engine.pull(address, wanted, tmp_path, plain_http=True)
    assert archive.suffix == ".tgz"
    assert archive.is_relative_to(tmp_path)
    assert archive.read_bytes() == archives[pulled]


def test_credentials_are_used_and_left_nowhere(
    engine: EmbeddedHelm | ProgramHelm,
    private: registry.Registry,
    commands: RecordingCommands,
    tmp_path: Path,
) -> None:
    address = private.add("legacy", "1.0.0", registry.pack(CHART))
    assert engine.pull(address, "1.0.0", tmp_path, plain_http=True, **ACCOUNT).is_file()
    assert ACCOUNT["password"] not in " ".join(commands.seen)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in files if b"auth" in content]


@pytest.mark.parametrize("account", [{}, {"username": "reader", "password": "wrong-0ne"}])
def test_a_registry_that_refuses(
    engine: EmbeddedHelm | ProgramHelm, private: registry.Registry, tmp_path: Path, account: dict[str, str]
) -> None:
    address = private.add("legacy", "1.0.0", registry.pack(CHART))
    with pytest.raises(AccessError, match=f"chart {address} 1.0.0 can't be pulled") as caught:
        engine.pull(address, "1.0.0", tmp_path, plain_http=True, **account)
    assert "wrong-0ne" not in str(caught.value)


def test_a_chart_or_version_that_is_not_there(
    engine: EmbeddedHelm | ProgramHelm, public: registry.Registry, tmp_path: Path
) -> None:
    address = public.add("legacy", "1.0.0", registry.pack(CHART))
    for reference, version in ((address, "2.0.0"), (f"oci://{public.host}/other", "1.0.0")):
        with pytest.raises(SourceError, match=f"chart {reference} {version} can't be pulled: ") as caught:
            engine.pull(reference, version, tmp_path, plain_http=True)
        assert not isinstance(caught.value, AccessError)
