"""Writing elsewhere in the manifest repository, or having us do it: by names, locks, and what lies there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from promotion.rendering.lock.input_digest import digest_fields
from support.repositories import Content, Link, Submodule
from support.siege import OURS, Siege, lay_siege

pytestmark = [pytest.mark.siege, pytest.mark.samples]

STATIC: dict[str, Content] = {
    "hld/component.yaml": "{name: cat, type: static, path: m}",
    "hld/m/x.yaml": "kind: ConfigMap\n",
}


@pytest.fixture
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        yield laid


def read_lock(siege: Siege) -> dict[str, Any]:
    """What a run has written."""
    lock: dict[str, Any] = json.loads(siege.manifests.read("promotion.lock"))
    return lock


def forge_lock(siege: Siege, lock: dict[str, Any]) -> None:
    """Commit a lock that nobody can tell from one of ours."""
    lock["checksum"] = digest_fields(
        {"lock": {key: value for key, value in lock.items() if key != "checksum"}}
    )
    siege.manifests.commit({"promotion.lock": json.dumps(lock)})


def test_a_component_takes_no_file_of_a_neighbour(siege: Siege) -> None:
    """Whatever the attacker calls his component, it lies in the folder that the cluster gave it."""
    for name in ("dog", "README", "promotion.lock", "cat"):
        component = json.dumps({"name": name, "type": "static", "path": "m"})
        outcome = siege.attack({**STATIC, "hld/component.yaml": component})
        assert outcome.code == 0, outcome.log
        assert siege.manifests.files().keys() - OURS == {f"cat/{name}.yaml"}


def test_a_component_takes_no_file_of_ours_that_is_not_its_own(siege: Siege) -> None:
    """By the name of a folder of the cluster's other components: both are named, and nothing is written."""
    hld = {"component.yaml": _cluster(siege, "{name: cat/inner, type: component, source: own}"),
           "own/component.yaml": "{name: own, type: static, path: ../dog}"}  # fmt: skip
    listed = "{name: cat, subcomponents: [{name: inner, source: own}]}"
    files = {"hld/component.yaml": listed, "hld/own/component.yaml": "{name: own, type: static, path: ../m}"}
    siege.repel({**STATIC, **files}, "would both be written to cat/inner/own.yaml", hld=hld)


def test_a_component_takes_no_foreign_file(siege: Siege) -> None:
    siege.manifests.commit({"cat/cat.yaml": "kind: Ours\n"})
    siege.repel(STATIC, "in our way, and not written by us")


@pytest.mark.parametrize(
    "there",
    [
        {"cat": Link(".github/workflows")},
        {"cat": Link("../../etc")},
        {"cat/cat.yaml": Link("../README.md")},
        {"cat/cat.yaml": Link("/etc/passwd")},
        {"cat": Submodule("a" * 40)},
        {"cat/cat.yaml": Submodule("a" * 40)},
        {"CAT/cat.yaml": "kind: Ours\n"},
        {"cat": "a file"},
        {"cat/cat.yaml/x": "a folder"},
        {"promotion.lock/x": "a folder"},
        {"PROMOTION.LOCK": "{}"},
    ],
    ids=str,
)
def test_nothing_is_written_through_what_lies_there(siege: Siege, there: dict[str, Content]) -> None:
    """Links, submodules and folders are never followed, replaced or gone around."""
    siege.manifests.commit(there)
    before = siege.manifests.files()
    siege.cat.commit(STATIC)
    siege.hld.commit({"component.yaml": _cluster(siege), "dog/dog.yaml": "kind: Dog\n"})
    outcome = siege.run()
    assert outcome.code == 1, outcome.log
    after = siege.manifests.files()
    assert {path: entry for path, entry in after.items() if path not in OURS or path in before} == before


FOREIGN = [
    "README.md",
    ".github/workflows/ci.yaml",
    ".github/dependabot.yaml",
    ".flux.yaml",
    "../README.md",
    "/README.md",
    "a/../README.md",
    "./README.md",
    "cat//cat.yaml",
    ".git/config",
    ".git/x.yaml",
    "kustomization.yaml",
    "cat\\..\\x.yaml",
    "x\u0000.yaml",
    "",
]


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("adopt", ["false", "true"])
def test_a_lock_that_claims_what_we_never_write(siege: Siege, path: str, adopt: str) -> None:
    """It would have us delete it. Also with `adopt`, which makes a new lock and leaves such files alone."""
    foreign = {"kustomization.yaml": "kind: Kustomization\n", ".github/workflows/ci.yaml": "on: push\n"}
    siege.manifests.commit(foreign)
    siege.allowed |= foreign.keys()
    assert siege.attack(STATIC).code == 0
    lock = read_lock(siege)
    lock["components"]["evil"] = {"label": "evil", "files": {path: "0" * 40}}
    forge_lock(siege, lock)
    outcome = siege.run(adopt=adopt)
    siege.check(outcome)
    assert outcome.code == (1 if adopt == "false" else 0), outcome.log
    assert adopt == "true" or "claims the file" in outcome.error
    assert {"README.md", *foreign} <= siege.manifests.files().keys()


LOCKS = [
    "",
    "{",
    "[]",
    "null",
    "[" * 100_000,
    '{"format": 3, "format": 2}',
    '{"format": true}',
    '{"format": 1e400}',
    '{"format": -1}',
    '{"format": 99999999999999999999}',
    '{"format": 3, "components": []}',
    '{"format": 3, "components": {"a": 1}}',
    '{"format": 3, "components": {"a": {"files": ["x"]}}}',
    '{"format": 3, "components": {"a": {"files": {"a.yaml": 1}}}}',
    '{"format": 3, "units": []}',
    '{"format": 3, "units": {"x": {"sources": [1]}}}',
    '{"format": 3, "units": {"x": {"sources": "x"}}}',
    '{"format": 3, "hld": "x"}',
    '{"format": 3, "configs": "x"}',
    "\ufeff{}",
    "\udcff",
]


@pytest.mark.parametrize("text", LOCKS, ids=range(len(LOCKS)))
def test_a_lock_that_is_none(siege: Siege, text: str) -> None:
    siege.manifests.commit({"promotion.lock": text.encode("utf-8", "surrogateescape")})
    before = siege.manifests.files()
    siege.cat.commit(STATIC)
    siege.hld.commit({"component.yaml": _cluster(siege), "dog/dog.yaml": "kind: Dog\n"})
    outcome = siege.run()
    assert outcome.code == 1, outcome.log
    assert siege.manifests.files() == before


SOURCES: list[dict[str, str]] = [
    {"git": "ext::sh -c touch% CANARY"},
    {"git": "--upload-pack=touch CANARY"},
    {"git": "file:///etc"},
    {"git": "http://169.254.169.254/x"},
    {"git": ""},
    {"git": "HOST/acme/cat.git", "branch": "--upload-pack=touch CANARY"},
    {"git": "HOST/acme/cat.git", "version": "../../x"},
    {"charts": "file:///etc", "chart": "../x"},
    {"charts": "oci://[", "chart": "x"},
    {"charts": "STRANGER/charts", "chart": "../x"},
    {"file": "file:///etc/passwd"},
    {"file": "http://["},
    {"file": "STRANGER/x.yaml"},
    {},
]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_lock_that_names_sources(siege: Siege, source: dict[str, str]) -> None:
    """The next run asks them whether anything is new: nothing of it may run, come out or be believed."""
    assert siege.attack(STATIC).code == 0
    known = {"HOST": siege.server.url, "STRANGER": siege.stranger.url, "CANARY": str(siege.canary)}
    for name, value in known.items():
        source = {key: text.replace(name, value) for key, text in source.items()}
    lock = read_lock(siege)
    lock["units"]["evil"] = {"sources": [{**source, "answer": "x"}], "units": []}
    forge_lock(siege, lock)
    tip = siege.manifests.tip()
    outcome = siege.run()
    siege.check(outcome)
    assert siege.manifests.tip() == tip


@pytest.mark.parametrize("units", [{}, {"sources": []}, {"sources": [], "units": ["evil"]}], ids=str)
def test_a_lock_that_says_that_all_is_done(siege: Siege, units: dict[str, Any]) -> None:
    """A unit for all that is asked for, which holds nothing, is of a run that never was."""
    assert siege.attack(STATIC).code == 0
    lock = read_lock(siege)
    lock["units"] = {lock["request"]: units, "evil": {"units": [lock["request"]]}}
    forge_lock(siege, lock)
    siege.check(siege.run())


def _cluster(siege: Siege, *entries: str) -> str:
    git = f"{{name: cat, method: git, source: '{siege.address('acme/cat')}', branch: dev, path: hld}}"
    listed = "".join(f"- {entry}\n" for entry in (git, "{name: dog, type: static, path: dog}", *entries))
    return f"name: cluster\nsubcomponents:\n{listed}"
