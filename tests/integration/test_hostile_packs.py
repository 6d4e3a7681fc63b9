"""Git servers whose packs unpack to gigabytes, against the real program in a process of its own.

Measured is the memory of the program and of all that it starts: the largest of them counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import pack_server
from support.packs import MEBIBYTE, Pack, zeros

pytestmark = [pytest.mark.siege, pytest.mark.samples]

ROOT = b"name: cat\ntype: static\npath: m\n"
# A run without attack takes some 60 MiB; so much is fine on any runner.
MEMORY = 700 * MEBIBYTE
# What nothing may take, so that a failing test doesn't take the machine with it.
CEILING = 3 << 30


# Starts a program from a process that is small itself: memory is counted from that of whoever starts it.
MEASURE = """
import json, resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_AS, ({ceiling}, {ceiling}))
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    json.dump([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024], file)
"""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, what it printed, and its memory in bytes."""

    code: int
    log: str
    memory: int


def render(folder: Path, pack: Pack, tree: str) -> Ended:
    """Render the definition in a tree of a pack, from a server that sends just that."""
    commit = pack.commit(tree)
    with pack_server.serve(commit, pack.data()) as url:
        program = Path(sys.executable).with_name("promotion")
        words = [program, "render", f"{url}@dev", folder / "out", "dev"]
        done = subprocess.run(
            [sys.executable, "-c", MEASURE.format(ceiling=CEILING), folder / "ended", *words],
            env={"PATH": os.environ["PATH"], "TZ": "UTC"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
        )  # fmt: skip
    code, memory = json.loads((folder / "ended").read_text())
    return Ended(code, done.stdout, memory)


def fail(folder: Path, pack: Pack, tree: str, words: str) -> None:
    """A definition that has to end in an error with these words, in little memory."""
    ended = render(folder, pack, tree)
    assert ended.code == 1, ended.log
    assert words in ended.log
    assert 20 * MEBIBYTE < ended.memory < MEMORY, f"{ended.memory / MEBIBYTE:.0f} MiB"
    assert not (folder / "out").exists()


def tree_of(pack: Pack, **files: tuple[str, str]) -> str:
    """A definition of a static component, with its folder of manifests and other entries."""
    return pack.add_tree({"component.yaml": ("100644", pack.add("blob", ROOT)), **files})


def names(count: int, blob: str) -> bytes:
    """A folder with so many names for one file, as git keeps it."""
    return b"".join(b"100644 %07d.yaml\0" % number + bytes.fromhex(blob) for number in range(count))


def test_an_honest_pack(tmp_path: Path) -> None:
    pack = Pack()
    folder = pack.add_tree({"a.yaml": ("100644", pack.add("blob", b"kind: ConfigMap\n"))})
    ended = render(tmp_path, pack, tree_of(pack, m=("40000", folder)))
    assert ended.code == 0, ended.log
    assert (tmp_path / "out/cat.yaml").read_text() == "---\nkind: ConfigMap\n\n"


def test_a_file_of_zeros(tmp_path: Path) -> None:
    pack, size = Pack(), 800 * MEBIBYTE
    folder = pack.add_tree({"a.yaml": ("100644", pack.add("blob", zeros(size), size))})
    fail(tmp_path, pack, tree_of(pack, m=("40000", folder)), "'m/a.yaml' unpacks to 800 MiB")


@pytest.mark.parametrize("place", ["component.yaml", "access.yaml"])
def test_a_file_of_the_definition_that_is_too_large(tmp_path: Path, place: str) -> None:
    pack, size = Pack(), 120 * MEBIBYTE
    large = ("100644", pack.add("blob", zeros(size), size))
    fail(tmp_path, pack, tree_of(pack, **{place: large}), f"'{place}' unpacks to 120 MiB")


@pytest.mark.parametrize("count", [1, 12])
def test_a_delta_that_copies_its_base_again_and_again(tmp_path: Path, count: int) -> None:
    """4 GiB from some kilobytes: nobody asks for that object, but git looks at all of a pack."""
    pack, size = Pack(), 16 * MEBIBYTE
    base = pack.add("blob", zeros(size), size)
    for _ in range(count):
        pack.add_delta(base, size, copies=256)
    folder = pack.add_tree({"a.yaml": ("100644", base)})
    fail(tmp_path, pack, tree_of(pack, m=("40000", folder)), "unpacks to hundreds of MiB")


def test_an_entry_that_says_less_than_it_holds(tmp_path: Path) -> None:
    pack = Pack()
    pack.add("blob", zeros(1200 * MEBIBYTE), 1200 * MEBIBYTE)
    pack.entries[-1] = b"\x38" + pack.entries[-1][5:]  # 8 bytes, it says
    fail(tmp_path, pack, tree_of(pack), "can't be")


@pytest.mark.parametrize(
    ("count", "size", "words"),
    [
        (1_000_000, 1, "unpacks to 38 MiB, and the limit is 16"),
        (200_000, MEBIBYTE, "have more than 100 MiB"),
    ],
)
def test_a_folder_of_many_names(tmp_path: Path, count: int, size: int, words: str) -> None:
    """One file, by so many names that each is read again."""
    pack = Pack()
    folder = pack.add("tree", names(count, pack.add("blob", zeros(size), size)))
    fail(tmp_path, pack, tree_of(pack, m=("40000", folder)), words)


def test_components_that_use_one_folder_again_and_again(tmp_path: Path) -> None:
    pack, size = Pack(), 90 * MEBIBYTE
    folder = pack.add_tree({"a.yaml": ("100644", pack.add("blob", zeros(size), size))})
    entries = ", ".join(f"{{name: c{number}, type: static, path: m}}" for number in range(50))
    component = pack.add("blob", f"subcomponents: [{entries}]\n".encode())
    tree = pack.add_tree({"component.yaml": ("100644", component), "m": ("40000", folder)})
    ended = render(tmp_path, pack, tree)
    assert ended.code == 1, ended.log
    assert "more than 256 MiB of its files are used" in ended.log
    assert 20 * MEBIBYTE < ended.memory < MEMORY, f"{ended.memory / MEBIBYTE:.0f} MiB"


def nest(pack: Pack, leaf: str, *, levels: int = 12, width: int = 10) -> str:
    """Folders that hold each other: `width` names for the same one on each level."""
    for _ in range(levels):
        leaf = pack.add_tree({f"d{number}": ("40000", leaf) for number in range(width)})
    return leaf


@pytest.mark.parametrize("leaf", ["100644", "120000"])
def test_a_chart_of_a_million_million_files(tmp_path: Path, leaf: str) -> None:
    """In a dozen objects. A link in each of them is one more reason to look into each."""
    pack = Pack()
    deep = nest(
        pack, pack.add_tree({"a": (leaf, pack.add("blob", b"b")), "b": ("100644", pack.add("blob", b"x"))})
    )
    metadata = pack.add("blob", b"{apiVersion: v2, name: c, version: 1.0.0}")
    chart = pack.add_tree({"Chart.yaml": ("100644", metadata), "files": ("40000", deep)})
    component = pack.add("blob", b"{name: cat, type: helm, path: chart}")
    tree = pack.add_tree({"component.yaml": ("100644", component), "chart": ("40000", chart)})
    fail(tmp_path, pack, tree, "the folder is too big")
