"""Rolling back, and what stays pinned then: the real programs, on a real git server over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promotion.common.text import line
from promotion.errors import Location
from promotion.rendering.lock.lock import LockedComponent, Pin
from promotion.rendering.lock.lock_file import dumps, parse_lock
from support import payloads
from support.estate import Estate, Finished
from support.estate_copies import copy_server
from support.gitserver import Fault, GitServer

CAT = "cat-application/cat-application.yaml"
DOG = "dog-application/dog-application.yaml"
FISH = "fish.yaml"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: fish}\n"
BEFORE_THE_PUSH = "cluster-manifests.git/info/refs?service=git-receive-pack"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate in which version 1.1.0 and then 1.2.0 of one application was deployed."""
    with copy_server(tmp_path / "server", deploy_twice) as server:
        yield Estate(server, tmp_path / "steps")


def deploy_twice(server: GitServer, folder: Path) -> None:
    estate = Estate(server, folder)
    deploy(estate, "1.1.0")
    deploy(estate, "1.2.0")


@pytest.fixture
def new_estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate in which nothing was deployed."""
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


@pytest.fixture
def old(estate: Estate) -> str:
    """The manifest commit of 1.1.0."""
    _, before, *_ = estate.manifests.history()
    return before


def deploy(estate: Estate, version: str, application: str = "cat-application", **inputs: str) -> str:
    """Release a version and materialise it; gives the manifest commit."""
    estate.release(version, application=application)
    done = succeed(estate.run(estate.push_event(application, **inputs)))
    return done.step.outputs["commit"]


def roll_back(estate: Estate, **inputs: str) -> Finished:
    push = payloads.small_push("acme/cluster-hld", "dev", estate.repository("cluster-hld").tip())
    payload = {"inputs": {}, "ref": push["ref"], **{key: push[key] for key in ("repository", "sender")}}
    step = estate.step("workflow_dispatch", payload, action="rollback", **{"environment": "dev", **inputs})
    return estate.run(step)


def succeed(done: Finished) -> Finished:
    assert done.code == 0, done.log
    return done


def image(estate: Estate, path: str = CAT) -> str:
    rows = [row for row in estate.manifests.read(path).splitlines() if "image:" in row]
    return rows[0].split(":")[-1].strip('" ')


def pins(estate: Estate, folder: str = "") -> set[str]:
    return {
        pin["label"] for pin in json.loads(estate.manifests.read(f"{folder}promotion.lock"))["pins"].values()
    }


def body(estate: Estate) -> str:
    return estate.manifests.git("log", "-1", "--format=%B", "dev")


def test_one_component_goes_back_by_a_commit_on_top(estate: Estate, old: str) -> None:
    tip = deploy(estate, "2.1.0", "dog-application")
    estate.manifests.commit({"README.md": "of somebody else"})
    before = estate.manifests.tip()

    done = succeed(roll_back(estate, to=old[:9], component="cat-application"))

    assert (image(estate), image(estate, DOG)) == ("1.1.0", "2.1.0")
    assert estate.manifests.history()[:3] == [done.step.outputs["commit"], before, tip]
    assert estate.manifests.read("README.md") == "of somebody else"
    assert done.step.outputs["restored"] == old
    assert done.log.count("The state to restore is that of") == 1
    assert done.step.outputs["pinned"] == "cat-application"
    assert (done.step.outputs["changed"], done.step.outputs["changed-resources"]) == ("true", "1")
    assert f"dev: roll back cat-application to {old[:12]}" in body(estate)
    assert "ghcr.io/acme/cat-application: 1.2.0 → 1.1.0" in body(estate)
    assert f"Rolled-Back-To: {old}\nPinned: cat-application\nSource-Commit: cat-application" in body(estate)
    assert "Triggered-By: acme/cluster-hld by acme http" in body(estate)


def test_all_go_back_but_only_what_differs_is_pinned(estate: Estate) -> None:
    old = deploy(estate, "2.1.0", "dog-application")
    deploy(estate, "1.3.0")
    add_fish(estate)
    succeed(estate.run(estate.push_event("cluster-hld")))
    assert FISH in estate.manifests.files()

    done = succeed(roll_back(estate, to=old))

    assert (image(estate), image(estate, DOG)) == ("1.2.0", "2.1.0")
    assert FISH not in estate.manifests.files()
    assert pins(estate) == {"cat-application", "fish"}
    assert done.step.outputs["removed"] == "1"


def test_a_time_means_what_the_branch_was_at_then(estate: Estate) -> None:
    tip = estate.manifests.tip()
    moment = estate.manifests.git("log", "-1", "--format=%cI", tip)
    time.sleep(1.1)  # commits know whole seconds
    deploy(estate, "1.3.0")
    done = succeed(roll_back(estate, to=moment))
    assert done.step.outputs["restored"] == tip
    assert image(estate) == "1.2.0"


@pytest.mark.siege
def test_pushes_of_others_leave_it_pinned(estate: Estate, old: str) -> None:
    succeed(roll_back(estate, to=old))
    tip = estate.manifests.tip()

    idle = succeed(estate.run(estate.push_event()))
    assert (idle.step.outputs["changed"], estate.manifests.tip()) == ("false", tip)
    assert "Rendered 0 components" in idle.log

    deploy(estate, "2.1.0", "dog-application")
    assert (image(estate), image(estate, DOG)) == ("1.1.0", "2.1.0")
    succeed(estate.run(estate.push_event(full="true")))
    estate.repository("cat-application").commit({"README.md": "nothing that is deployed"})
    done = succeed(estate.run(estate.push_event(full="true")))
    assert image(estate) == "1.1.0"
    assert pins(estate) == {"cat-application"}
    assert f"cat-application is pinned by a rollback: it stays as it was at {old[:12]}" in line(done.log)
    assert "📌" in done.step.summary
    assert "| pinned |" in done.step.summary


@pytest.mark.siege
def test_what_has_gone_since_comes_back_and_stays(estate: Estate) -> None:
    add_fish(estate)
    succeed(estate.run(estate.push_event("cluster-hld")))
    old = estate.manifests.tip()
    remove_fish(estate)
    succeed(estate.run(estate.push_event("cluster-hld")))
    assert FISH not in estate.manifests.files()

    succeed(roll_back(estate, to=old))
    deploy(estate, "2.1.0", "dog-application")
    assert FISH in estate.manifests.files()
    succeed(estate.run(estate.push_event(full="true")))
    assert FISH in estate.manifests.files()
    succeed(roll_back(estate, lift="fish"))
    succeed(estate.run(estate.push_event()))
    assert FISH not in estate.manifests.files()


@pytest.mark.siege
def test_what_is_pinned_is_not_judged(estate: Estate) -> None:
    add_fish(estate, "apiVersion: v1\nkind: Secret\nmetadata: {name: fish}\nstringData: {key: plain}\n")
    succeed(estate.run(estate.push_event("cluster-hld", secrets="allow")))
    old = estate.manifests.tip()
    remove_fish(estate)
    succeed(estate.run(estate.push_event("cluster-hld", secrets="deny")))
    shown = succeed(roll_back(estate, to=old))
    assert "plain" not in shown.log.replace("plain text", "")
    for full in ("false", "true"):
        succeed(estate.run(estate.push_event(secrets="deny", full=full)))
    assert FISH in estate.manifests.files()


def test_the_pin_ends_when_the_source_moves(estate: Estate, old: str) -> None:
    succeed(roll_back(estate, to=old))
    deploy(estate, "1.3.0")
    assert image(estate) == "1.3.0"
    assert pins(estate) == set()
    assert "- no longer pinned by a rollback, for their sources moved: cat-application" in body(estate)
    assert "Unpinned: cat-application" in body(estate)


def test_the_pin_ends_when_the_source_goes_back_itself(estate: Estate, old: str) -> None:
    succeed(roll_back(estate, to=old))
    assert deploy(estate, "1.1.0"), "no manifest changes, but the pin ends, which must be noted"
    assert body(estate).startswith("dev: cat-application no longer pinned")
    deploy(estate, "1.2.0")
    assert image(estate) == "1.2.0"


def test_a_pin_is_lifted(estate: Estate, old: str) -> None:
    succeed(roll_back(estate, to=old))
    done = succeed(roll_back(estate, lift="all"))
    assert "lifted the pin of cat-application: the next `materialize` of dev brings it up to date" in done.log
    assert "0 added" not in done.log
    assert done.step.outputs["pinned"] == ""
    assert "Unpinned: cat-application" in body(estate)
    assert (image(estate), pins(estate)) == ("1.1.0", set())
    again = succeed(estate.run(estate.push_event("dog-application")))
    assert image(estate) == "1.2.0"
    assert "by hand" not in again.log
    refused = roll_back(estate, lift="cat-application")
    assert refused.code == 2
    assert "'cat-application' isn't pinned" in refused.log


def test_a_rollback_is_rolled_back(estate: Estate, old: str) -> None:
    new = estate.manifests.tip()
    lock = estate.manifests.read("promotion.lock")
    succeed(roll_back(estate, to=old))
    succeed(roll_back(estate, to=new))
    assert image(estate) == "1.2.0"
    assert estate.manifests.read("promotion.lock") == lock
    assert estate.run(estate.push_event()).step.outputs["changed"] == "false"


def test_a_dry_run_shows_and_pushes_nothing(estate: Estate, old: str) -> None:
    tip = estate.manifests.tip()
    done = succeed(roll_back(estate, to=old, dry_run="true"))
    assert estate.manifests.tip() == tip
    assert (done.step.outputs["changed"], done.step.outputs["commit"]) == ("true", "")
    assert '+        image: "ghcr.io/acme/cat-application:1.1.0"' in done.log
    assert "would change (0 added, 1 changed, 0 removed); nothing was pushed" in done.log
    assert "Rollback: dev" in done.step.summary


def test_a_state_that_is_there_already_needs_no_commit(estate: Estate) -> None:
    tip = estate.manifests.tip()
    done = succeed(roll_back(estate, to=tip))
    assert (done.step.outputs["changed"], estate.manifests.tip()) == ("false", tip)


def test_a_push_in_between_is_kept(estate: Estate, old: str) -> None:

    def push() -> None:
        deploy(estate, "2.1.0", "dog-application")

    estate.server.fail(Fault(path=BEFORE_THE_PUSH, before=push))
    done = succeed(roll_back(estate, to=old, component="cat-application"))
    assert "starting again from its tip (attempt 2)" in done.log
    assert (image(estate), image(estate, DOG)) == ("1.1.0", "2.1.0")
    assert len(estate.manifests.history()) == 5


def test_a_run_that_a_rollback_overtakes_keeps_it(estate: Estate, old: str) -> None:

    def push() -> None:
        succeed(roll_back(estate, to=old))

    estate.server.fail(Fault(path=BEFORE_THE_PUSH, before=push))
    deploy(estate, "2.1.0", "dog-application")
    assert (image(estate), image(estate, DOG)) == ("1.1.0", "2.1.0")
    assert pins(estate) == {"cat-application"}


@pytest.mark.siege
def test_environments_in_one_branch_are_apart(new_estate: Estate) -> None:
    estate = new_estate
    for environment in ("dev", "stage"):
        estate.release("1.1.0")
        inputs = {"environment": environment, "hld_ref": "dev", "manifest_branch": "dev"}
        succeed(estate.run(estate.push_event(manifest_path=environment, **inputs)))
    old = estate.manifests.tip()
    estate.release("1.2.0")
    for environment in ("dev", "stage"):
        inputs = {"environment": environment, "hld_ref": "dev", "manifest_branch": "dev"}
        succeed(estate.run(estate.push_event(manifest_path=environment, **inputs)))

    refused = roll_back(estate, to=old, manifest_path="stage")
    assert refused.code == 1
    assert "those of environment 'stage', not 'dev'" in refused.log
    succeed(roll_back(estate, to=old, manifest_path="stage", manifest_branch="dev", environment="stage"))
    assert (image(estate, f"dev/{CAT}"), image(estate, f"stage/{CAT}")) == ("1.2.0", "1.1.0")
    assert (pins(estate, "dev/"), pins(estate, "stage/")) == (set(), {"cat-application"})


@pytest.mark.siege
def test_what_cannot_be_is_one_clear_error(estate: Estate) -> None:
    tip = estate.manifests.tip()
    cases: list[tuple[dict[str, str], int, str]] = [
        ({}, 2, "neither input to nor input lift"),
        ({"to": "yesterday"}, 2, "input to is 'yesterday'"),
        ({"to": "2999-01-01"}, 2, "still to come"),
        ({"to": "2h", "environment": "qa"}, 1, "has no branch 'qa'; it has dev"),
        ({"lift": "all", "environment": "dv"}, 1, "it has dev. Did you mean 'dev'?"),
        ({"environment": "qa"}, 1, "has no branch 'qa'; it has dev"),
        ({"to": "0123456789"}, 1, "has no commit 0123456789"),
        ({"to": "2020-01-01"}, 1, "no commit at or before 2020-01-01T00:00:00Z"),
        ({"to": estate.manifests.history()[-1]}, 1, "there is no promotion.lock at"),
        ({"to": tip, "component": "bird"}, 2, "there is no component 'bird'"),
        ({"to": tip, "environment": "prod", "manifest_branch": "dev"}, 1, "those of environment 'dev'"),
    ]
    for inputs, code, words in cases:
        done = roll_back(estate, **inputs)
        assert done.code == code, done.log
        assert words in done.log
        assert len(done.errors) == 1
    assert estate.manifests.tip() == tip


def test_without_a_state_the_last_ones_are_listed(estate: Estate) -> None:
    done = roll_back(estate)
    assert done.code == 2, "an empty `to` must not look as if something had been done"
    history = estate.manifests.history()
    assert [row.split()[0] for row in done.log.splitlines() if "  dev: " in row] == [
        commit[:12] for commit in history[:2]
    ]
    assert f"{history[0][:12]}  " in done.log
    assert "(now)" in done.log


@pytest.mark.parametrize("by_whom", ["somebody who knows the checksum", "somebody"])
def test_a_forged_pin_touches_no_file_of_others(estate: Estate, by_whom: str) -> None:
    lock = parse_lock(f"{estate.manifests.read('promotion.lock')}\n".encode(), Location("promotion.lock"))
    theirs = LockedComponent(label="notes", source_digest="b", subtree="u", files={"notes.yaml": "0" * 40})
    forged = {
        "notes.yaml": Pin(label="notes", to="no commit", base="", held_back=theirs),
        "more.yaml": Pin(label="more", to="", base=""),
        DOG: Pin(
            label="dog", to="", base="", held_back=replace(lock.components[DOG], source_digest="forged")
        ),
    }
    data = dumps(replace(lock, pins=forged))
    if by_whom == "somebody":
        data = data.replace(b'"checksum": "sha256:', b'"checksum": "sha256:0')
    estate.manifests.commit({"notes.yaml": "a: 1", "more.yaml": "b: 1", "promotion.lock": data})

    deploy(estate, "1.3.0")
    assert (image(estate), estate.manifests.read("notes.yaml")) == ("1.3.0", "a: 1")
    assert estate.manifests.read("more.yaml") == "b: 1"
    assert estate.manifests.files().keys() >= {CAT, DOG}
    idle = succeed(estate.run(estate.push_event()))
    assert idle.step.outputs["changed"] == "false"


def add_fish(estate: Estate, manifest: str = NAMESPACE) -> None:
    hld = estate.repository("cluster-hld")
    files = {
        "component.yaml": hld.read("component.yaml") + "\n  - {name: fish, type: static, path: ./fish}\n",
        "fish/fish.yaml": manifest,
    }
    hld.commit(files)


def remove_fish(estate: Estate) -> None:
    hld = estate.repository("cluster-hld")
    text = hld.read("component.yaml").replace("\n  - {name: fish, type: static, path: ./fish}", "")
    hld.commit({"component.yaml": text})
