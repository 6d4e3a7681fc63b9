"""What an application team can put into its repository: links, submodules, git's own files, odd names."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support.packs import Pack
from support.repositories import Content, Link, Program, Submodule
from support.siege import Siege, lay_siege

pytestmark = [pytest.mark.siege, pytest.mark.samples]

CHART = {
    "hld/chart/Chart.yaml": "{apiVersion: v2, name: chart, version: 1.0.0}",
    "hld/chart/values.yaml": "{}",
    "hld/chart/templates/x.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n",
}
STATIC = {"hld/m/x.yaml": "kind: ConfigMap\n"}


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        yield laid


def static(**files: Content) -> dict[str, Content]:
    return {"hld/component.yaml": "{name: cat, type: static, path: m}", **STATIC, **files}


def chart(**files: Content) -> dict[str, Content]:
    return {"hld/component.yaml": "{name: cat, type: helm, path: chart}", **CHART, **files}


# Where a link may lead, so that its file would show something of this machine.
TARGETS = [
    "/proc/self/environ",
    "/etc/passwd",
    "../../../../../../../../../etc/passwd",
    "../../../../../../../../../proc/self/environ",
    "..//..//..//..//..//..//..//..//etc/passwd",
    "./../.././../../../../../../etc/passwd",
    "m/../../../../../../../../etc/passwd",
]
# What is read of a repository, in each of the ways that there are.
PLACES = {
    "component.yaml": static,
    "config/common.yaml": static,
    "config/dev.yaml": static,
    "access.yaml": static,
    "m/y.yaml": static,
    "chart/Chart.yaml": chart,
    "chart/values.yaml": chart,
    "chart/values.schema.json": chart,
    "chart/templates/y.yaml": chart,
    "chart/templates/_helpers.tpl": chart,
    "chart/crds/y.yaml": chart,
    "chart/files/y": chart,
    "chart/charts/y.tgz": chart,
    "chart/.helmignore": chart,
    "chart/Chart.lock": chart,
    "chart/requirements.yaml": chart,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_is_a_link_out_of_the_repository(siege: Siege, place: str) -> None:
    siege.repel(PLACES[place](**{f"hld/{place}": Link(TARGETS[0])}), "leads out of the repository")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("place", ["m/y.yaml", "chart/files/y"])
def test_a_link_to_any_place(siege: Siege, place: str, target: str) -> None:
    siege.repel(PLACES[place](**{f"hld/{place}": Link(target)}), "leads out of the repository")


@pytest.mark.parametrize("folder", ["m", "chart", "config", "chart/templates", "chart/charts"])
@pytest.mark.parametrize("target", ["/proc/self", "/etc", "../../../../../../etc", "../.."])
def test_a_folder_that_is_a_link_out_of_the_repository(siege: Siege, folder: str, target: str) -> None:
    written = static() if folder in ("m", "config") else chart()
    files = {path: content for path, content in written.items() if not path.startswith(f"hld/{folder}/")}
    siege.repel(
        {**files, f"hld/{folder}": Link(target)}, "leads out of the repository|leads back to a folder"
    )


@pytest.mark.parametrize(
    "links",
    [
        {"hld/m": Link("m")},
        {"hld/m": Link("../hld/m")},
        {"hld/m": Link("n"), "hld/n": Link("m")},
        {"hld/m/y.yaml": Link("y.yaml")},
        {"hld/m/y.yaml": Link("a/" * 2000 + "y")},
        {"hld/m/y.yaml": Link("x" * 5000)},
    ],
    ids=str,
)
def test_links_that_lead_nowhere(siege: Siege, links: dict[str, Content]) -> None:
    """A dangling link in a folder of manifests is no manifest; one that goes round is an error."""
    files = {"hld/component.yaml": "{name: cat, type: static, path: m}", **links}
    outcome = siege.attack(files)
    assert outcome.code == 1 or "cat" not in siege.manifests.files(), outcome.log


def test_links_between_the_own_files_are_nothing_bad(siege: Siege) -> None:
    outcome = siege.attack(
        static(**{"hld/m/y.yaml": Link("../../shared/y.yaml"), "shared/y.yaml": "kind: Y\n"})
    )
    assert outcome.code == 0, outcome.log
    assert "kind: Y" in siege.manifests.read("cat/cat.yaml")


@pytest.mark.parametrize("place", ["hld", "hld/m", "hld/component.yaml", "hld/config", "hld/inner"])
def test_a_submodule_is_never_fetched(siege: Siege, place: str) -> None:
    """Its address would be the attacker's, and so would its name, which git makes a folder of."""
    url = f"{siege.stranger.url}/evil"
    modules = (
        f'[submodule "../../../evil"]\n\tpath = {place}\n\turl = {url}\n\tupdate = !touch {siege.canary}\n'
    )
    written = json.dumps({"name": "cat", "subcomponents": [{"name": "x", "source": "inner"}]})
    files = {
        "hld/component.yaml": written if place == "hld/inner" else "{name: cat, type: static, path: m}",
        **STATIC,
    }
    files = {path: text for path, text in files.items() if not f"{path}/".startswith(f"{place}/")}
    outcome = siege.attack({**files, ".gitmodules": modules, place: Submodule("a" * 40)})
    assert outcome.code == 1, outcome.log
    assert not siege.stranger.asked


def test_what_a_repository_says_to_git_runs_nothing_and_changes_nothing(siege: Siege) -> None:
    """Filters, conversions and hooks are for a working tree, and there is none."""
    shown = "kind: ConfigMap\nmetadata: {name: x}\nid: $Id$\nformat: $Format:%H$\nword: caf\\u00e9\n"
    run = f"#!/bin/sh\ntouch {siege.canary}\n"
    files = static(
        **{
            "hld/m/x.yaml": shown,
            ".gitattributes": "* filter=evil diff=evil merge=evil text eol=crlf ident export-subst "
            "working-tree-encoding=UTF-16\n*.md export-ignore\n",
            "hld/m/.gitattributes": "*.yaml -text filter=lfs\nx.yaml export-ignore\n",
            ".gitconfig": f'[core]\n\tfsmonitor = "touch {siege.canary}"\n',
            "hld/.gitconfig": f'[filter "evil"]\n\tsmudge = touch {siege.canary}\n',
            ".lfsconfig": f"[lfs]\n\turl = {siege.stranger.url}\n",
            "config": f'[core]\n\tsshCommand = "touch {siege.canary}"\n',
            "hooks/post-checkout": Program(run),
            "hooks/reference-transaction": Program(run),
            ".githooks/pre-push": Program(run),
            "hld/m/run.sh": Program(run),
            "HEAD": "ref: refs/heads/evil\n",
            "objects/info/alternates": f"{siege.private.folder}/objects\n",
        }
    )
    outcome = siege.attack(files)
    assert outcome.code == 0, outcome.log
    assert siege.manifests.read("cat/cat.yaml") == f"---\n{shown}".rstrip("\n")
    assert not siege.stranger.asked


def test_a_pointer_of_lfs_is_no_manifest(siege: Siege) -> None:
    """Nothing is fetched for it, and it isn't taken for what it stands for."""
    oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n"
    siege.repel(static(**{"hld/m/x.yaml": pointer}), "a pointer of Git LFS, not the file itself")


HIDDEN = [".git", ".GIT", ".Git", "..", ".", "a/b", "../../../dog.yaml"]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_folder_with_a_name_that_no_honest_git_writes(siege: Siege, name: str) -> None:
    pack = Pack()
    blob = pack.add("blob", b"{name: cat, type: static, path: .}")
    hld = pack.add_tree({"component.yaml": ("100644", blob), name: ("100644", blob)})
    siege.push(pack, pack.commit(pack.add_tree({"hld": ("40000", hld)})))
    outcome = siege.run()
    siege.check(outcome)
    assert "forbidden name" in outcome.error, outcome.log


@pytest.mark.parametrize(
    "mode",
    [
        "100644",
        "100755",
        "100664",
        "100600",
        "120000",
        "160000",
        "40000",
        "0",
        "777777",
        "060000",
        "010000",
        "140000",
    ],
)
def test_a_file_of_any_mode(siege: Siege, mode: str) -> None:
    """Devices, pipes and sockets have modes, too; and a file may be called a folder."""
    pack = Pack()
    component = pack.add("blob", b"{name: cat, type: helm, path: chart}")
    metadata = pack.add("blob", b"{apiVersion: v2, name: chart, version: 1.0.0}")
    odd = pack.add("blob", b"kind: ConfigMap\n")
    folder = pack.add_tree({"Chart.yaml": ("100644", metadata), "values.yaml": (mode, odd)})
    hld = pack.add_tree({"component.yaml": ("100644", component), "chart": ("40000", folder)})
    siege.push(pack, pack.commit(pack.add_tree({"hld": ("40000", hld)})))
    siege.check(siege.run())


@pytest.mark.parametrize(
    "name", ["git~1", ".git.", ".g\u200cit", "a\\b", "a\x1b[31m", ".git::$INDEX_ALLOCATION", "\udcff"]
)
def test_a_file_of_a_chart_with_a_name_for_another_system(siege: Siege, name: str) -> None:
    siege.repel(chart(**{f"hld/chart/files/{name}": "x"}), "the path 'hld/chart/files/")


@pytest.mark.parametrize(
    ("one", "other"), [("values.yaml", "VALUES.yaml"), ("caf\u00e9", "cafe\u0301"), ("x", "x\u200b")]
)
def test_two_files_that_are_one_for_some_system(siege: Siege, one: str, other: str) -> None:
    """Where they are two, both are there; where they are one, it is an error (`test_git_export`)."""
    outcome = siege.attack(chart(**{f"hld/chart/{one}": "a: 1", f"hld/chart/{other}": "a: 2"}))
    assert outcome.code == 0, outcome.log
