"""Our choice of a chart's version is that of the real `helm pull`."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from promotion.rendering.charts.chart_versions import choose_version
from support.tools import helm_program
from support.webserver import WebServer, serve

pytestmark = pytest.mark.siege

ROWS = """
    0.0.0 0.0.1 0.0.3 0.1.0 0.2.0 0.2.3 0.2.4-rc.1
    1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-rc.2 1.0.0-rc.11 1.0.0 v1.1.0
    1.2.0 1.2.3 1.2.4-beta 1.2.4+build.7 1.3 1.9.0 1.10.0
    2.0.0-alpha 2.0.0 2.0.1 2.1.0-0 3.0.0-rc.1 3.0.0-rc.1.1
    not-a-version 4.0.0.0 5.0.0-01
"""
VERSIONS = ROWS.split()

CONSTRAINTS = [
    *(
        "",
        "*",
        "x",
        "X",
        "1",
        "1.x",
        "1.2",
        "1.2.x",
        "1.2.*",
        "1.2.3",
        "v1.2.3",
        "=1.2.3",
        "= 1.2.3",
        "1.3",
        "1.3.0",
    ),
    *(
        "v1",
        "1.1.0",
        "v1.1.0",
        "1.2.4",
        "1.2.4+build.7",
        "1.2.4+other",
        "2.0.0-alpha",
        "=2.0.0-alpha",
        "9.9.9",
    ),
    *("not-a-version", "4.0.0.0", "5.0.0-01", "5.x-0", "latest"),
    *("!=2.0.1", "!=2.0.1 !=2.0.0", "!=2", "!=2.x", "!=2.0", "!=2.0.x, !=1", "!=*", "!=2 <3-0"),
    *(">1", ">1.2", ">1.2.3", ">0.2 <1", ">=1", ">=1.2", ">=1.2.3, <1.3", ">= 1.2.3 < 1.3", ">=1.2.3<1.3"),
    *("<1", "<1.2", "<1.2.3", "<=1", "<=1.2", "<=1.2.3", "=<1.2", "=>1.9", "<*", "<=*", ">*", ">=*"),
    *("~0", "~0.0", "~0.0.0", "~0.0.1", "~0.2.0", "~1", "~1.2", "~1.2.0", "~1.2.x", "~>1.2", "~>1.2.3", "~*"),
    *("^0", "^0.0", "^0.0.0", "^0.0.1", "^0.2", "^0.2.0", "^1", "^1.2", "^1.2.0", "^2.0.0-0", "^*", "^0.x"),
    *("1 - 2", "1.2 - 1.9", "1.0.0 - 1.2.3", "0 - 1.2 || 2.0.0", "1 -2", "1.2 - ", "0.1 - 0.2, !=0.2.3"),
    *(
        ">0.0.0-0",
        ">=1.0.0-0 <2",
        "^1.0.0-0",
        "~1.2.0-0",
        "1.x-0",
        "*-0",
        "<1.0.0-z",
        "<=1.0.0-rc.2",
        "<1.0.0-rc.11",
    ),
    *(
        ">1.0.0-alpha <1",
        ">1.0.0-alpha <1.0.0-beta",
        ">=1.0.0-alpha.1 <=1.0.0-alpha.beta",
        "=1.0.0-rc.2",
        "!=3.x >2.0.0-0",
    ),
    *(
        ">=2.0.0-alpha <3 || <1",
        "<1 || >=3-0",
        "1.2 || 1.9",
        "1 || ",
        "||",
        "1||2",
        "1|2",
        "1,2",
        "1,,2",
        ",1",
        "1.0.0,",
    ),
    *(
        "1.2.3.4",
        "1.a",
        "a",
        ">",
        "> ",
        "==1",
        "~~1",
        "^^1",
        ">==1",
        "1.2.3-",
        "1.2.3+",
        "-1",
        "1..2",
        ".1",
        "01.02",
    ),
    *(
        "x.1",
        "1.x.3",
        "*.*.*",
        "1.x.x",
        "1.X.2",
        "1.2.xx",
        "\t1.2\t",
        " 1.2.3 ",
        "1.2.3 ",
        "18446744073709551616.0.0",
    ),
]


@pytest.fixture(scope="module")
def repository() -> Iterator[WebServer]:
    entries = "".join(
        f"  - apiVersion: v2\n    name: c\n    version: {version!r}\n    urls: [c-{position}.tgz]\n"
        for position, version in enumerate(VERSIONS)
    )
    with serve() as site:
        site.answer("/index.yaml", b"apiVersion: v1\nentries:\n  c:\n" + entries.encode())
        for position in range(len(VERSIONS)):
            site.answer(f"/c-{position}.tgz", b"an archive")
        yield site


def choose_by_helm(repository: WebServer, constraint: str, home: Path) -> str | None:
    """The version whose archive `helm pull` asks for."""
    repository.asked.clear()
    words = ["pull", "c", "--repo", repository.url, "--destination", home, f"--version={constraint}"]
    environment = {"HOME": str(home), "PATH": "/nowhere"}
    subprocess.run([helm_program(), *words], env=environment, capture_output=True, check=False)
    asked = [path for path in repository.paths() if path.startswith("/c-")]
    return VERSIONS[int(asked[0].removeprefix("/c-").removesuffix(".tgz"))] if asked else None


def choose_by_us(constraint: str) -> str | None:
    try:
        return choose_version(VERSIONS, constraint)
    except ValueError:
        return None


def differences(repository: WebServer, constraints: Sequence[str], home: Path) -> list[str]:
    rows = ((text, choose_by_helm(repository, text, home), choose_by_us(text)) for text in constraints)
    return [f"{text!r}: Helm {helm}, we {ours}" for text, helm, ours in rows if helm != ours]


@pytest.mark.parametrize("part", range(4))
def test_choice_is_that_of_helm(repository: WebServer, tmp_path: Path, part: int) -> None:
    assert differences(repository, CONSTRAINTS[part::4], tmp_path) == []


def test_random_constraints(repository: WebServer, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311
    operators = ["", "=", "!=", ">", "<", ">=", "<=", "~", "^"]
    parts = ["0", "1", "2", "10", "x"]

    def comparator() -> str:
        numbers = ".".join(chance.choices(parts, weights=[5, 8, 8, 1, 1], k=chance.randint(1, 3)))
        return chance.choice(operators) + numbers + chance.choice(["", "", "", "-0", "-rc.1"])

    constraints = [
        chance.choice([" ", ", ", " || "]).join(comparator() for _ in range(chance.randint(1, 3)))
        for _ in range(150)
    ]
    # `!=1.2.x` beside a pre-release: Helm lets some pre-releases of 1.2 through, we none.
    known = [text for text in constraints if "!=" in text and "-" in text]
    assert differences(repository, [text for text in constraints if text not in known], tmp_path) == []
