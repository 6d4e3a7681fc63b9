"""What each kind of run loads, as importing is most of what a small one takes: hardly more than it uses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.charts import write_chart, write_files
from support.guard_world import TOKEN, World
from support.repositories import Repository

PROGRAM = """\
import sys
from promotion.cli.main import main
try:
    code = main(sys.argv[2:])
finally:
    import dataclasses
    lines = list(sys.modules)
    for name, module in sys.modules.copy().items():
        if name.startswith("promotion.") and getattr(module, "dataclass", None) is dataclasses.dataclass:
            lines.append(f"eager:{name}")
    open(sys.argv[1], "w").write("\\n".join(lines))
raise SystemExit(code)
"""
# What the tests' environment and compiled code bring.
IGNORED = {"__main__", "sitecustomize", "cython_runtime"}


@dataclass(frozen=True)
class Load:
    """All libraries that a run loads, the most modules of each layer and of the standard library, and what
    it has no use for.
    """

    libraries: frozenset[str]
    most: Mapping[str, int]
    unused: tuple[str, ...]


FAB = ("promotion.edges.fab", "promotion.rendering.fab")
CHARTS = (
    "promotion.edges.charts",
    "promotion.edges.helm.helm_program",
    "promotion.rendering.component_rendering",
)
WEB = ("ssl", "http.client", "urllib.request")
SCHEMAS = ("promotion.rendering.validation.kinds", "promotion.rendering.validation.manifest_faults")
SECRETS = "promotion.rendering.manifests.plain_secrets"
GIT = frozenset({"dulwich", "yaml"})

START = Load(frozenset(), {"stdlib": 92, "cli": 5, "common": 6, "errors": 1}, ())
RENDER = Load(
    frozenset({"yaml"}),
    {
        "stdlib": 162,
        "cli": 6,
        "commands": 5,
        "wiring": 6,
        "edges": 31,
        "publishing": 1,
        "rendering": 62,
        "common": 31,
        "errors": 1,
    },
    (*FAB, *WEB, "promotion.edges.charts.oci_registry", "promotion.edges.git.git_client", *SCHEMAS, "rich"),
)
SAME = Load(
    GIT | {"actions_toolkit"},
    {
        "stdlib": 158,
        "cli": 6,
        "commands": 5,
        "wiring": 8,
        "edges": 56,
        "publishing": 24,
        "rendering": 57,
        "common": 34,
        "errors": 1,
    },
    (*FAB, *CHARTS, *WEB, *SCHEMAS, SECRETS, "promotion.rendering.definition.resolution", "rich"),
)
STATUS = Load(
    GIT,
    {
        "stdlib": 158,
        "cli": 6,
        "commands": 9,
        "wiring": 7,
        "edges": 55,
        "publishing": 7,
        "rendering": 38,
        "common": 31,
        "errors": 1,
    },
    (*FAB, *CHARTS, *WEB, *SCHEMAS, "rich"),
)
# PyGithub brings most of them.
GUARD = Load(
    frozenset(
        {
            *(
                "actions_toolkit",
                "certifi",
                "charset_normalizer",
                "cryptography",
                "github",
                "idna",
                "jwt",
                "nacl",
            ),
            *("requests", "typing_extensions", "urllib3", "yaml"),
        }
    ),
    {
        "stdlib": 203,
        "cli": 6,
        "commands": 13,
        "wiring": 4,
        "edges": 18,
        "publishing": 14,
        "rendering": 30,
        "common": 42,
        "errors": 1,
    },
    (*FAB, *CHARTS, *SCHEMAS, "dulwich", "rich"),
)


def run(folder: Path, words: Sequence[str | Path], **variables: str) -> list[str]:
    """Run the program, and return the names of the modules that it has loaded at its end."""
    argv = [sys.executable, "-c", PROGRAM, folder / "modules", *words]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    done = subprocess.run(
        list(map(str, argv)), env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode in (0, 1), done.stderr
    return (folder / "modules").read_text().split("\n")


def check(loaded: Sequence[str], load: Load) -> None:
    """Compare what is loaded with what may be. Raise a number where a run needs more; what it doesn't need
    is better imported where it is called.
    """
    # Each data class takes up to 1 ms, unless `lazy_dataclass` makes it. That is above the errors.
    assert {name for name in loaded if name.startswith("eager:")} <= {"eager:promotion.errors"}
    loaded = [name for name in loaded if not name.startswith("eager:")]
    tops = Counter(name.partition(".")[0] for name in loaded)
    libraries = {name for name in tops if name not in IGNORED and not name.startswith("_")}
    assert libraries - sys.stdlib_module_names - {"promotion"} == load.libraries
    layers = Counter(name.split(".")[1] for name in loaded if name.startswith("promotion."))
    layers["stdlib"] = sum(number for name, number in tops.items() if name in sys.stdlib_module_names)
    assert not {name: number for name, number in layers.items() if number > load.most.get(name, 0)}
    assert not [part for part in load.unused if part in loaded]


def test_version_and_help_load_the_command_line_alone(tmp_path: Path) -> None:
    for word in ("--version", "--help"):
        check(run(tmp_path, [word]), START)


def test_a_rendered_chart(tmp_path: Path) -> None:
    write_chart(tmp_path / "hld/chart", "shop")
    write_files(tmp_path / "hld", {"component.yaml": "name: shop\ntype: helm\npath: chart\n"})
    check(run(tmp_path, ["render", tmp_path / "hld", tmp_path / "out"]), RENDER)


@pytest.fixture
def materialized(tmp_path: Path) -> list[str | Path]:
    """The words of a run that has nothing left to do."""
    hld, manifests = Repository(tmp_path / "hld.git"), Repository(tmp_path / "manifests.git")
    hld.commit({"component.yaml": "name: shop\ntype: static\npath: m\n", "m/a.yaml": "kind: A\n"})
    words = ["materialize", "--environment", "dev", "--hld-repository", hld.folder, "--hld-ref", "main"]
    words += ["--manifest-repository", manifests.folder, "--validate", "off"]
    run(tmp_path, words)
    return words


def test_a_run_in_which_nothing_changed(tmp_path: Path, materialized: list[str | Path]) -> None:
    check(run(tmp_path, materialized), SAME)


def test_status(tmp_path: Path, materialized: list[str | Path]) -> None:
    check(run(tmp_path, ["status", "--manifest-repository", tmp_path / "manifests.git"]), STATUS)


def test_an_audit_of_the_guard(tmp_path: Path, world: World) -> None:
    variables = {"GITHUB_API_URL": world.github.url, "GITHUB_TOKEN": TOKEN}
    check(run(tmp_path, ["guard", "audit", "--repository", "acme/shop"], **variables), GUARD)
