"""`promotion status` as somebody runs it in a terminal, on the example estate on a real git server."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.estate import SOURCES, Estate
from support.gitserver import GitServer
from support.payloads import small_push
from support.terminal_program import start

WHERE = ("--manifest-repository", "acme/cluster-manifests")


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Everything on dev and stage, then a newer cat and a component more on dev; nothing on prod."""
    folder = tmp_path_factory.mktemp("status")
    with GitServer(folder / "server") as server:
        made = Estate(server, folder / "steps")
        for name in SOURCES:
            made.repository(name).git("branch", "stage", "dev")
        hld = made.repository("cluster-hld")
        text = hld.read("component.yaml")
        hld.commit({"component.yaml": text.replace("branch: dev", "branch: stage")}, branch="stage")
        publish(made, "dev")
        publish(made, "stage")
        made.release("1.2.0")
        files = {
            "component.yaml": f"{text.rstrip()}\n  - name: quota\n    type: static\n    path: quota\n",
            "quota/quota.yaml": "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\n",
        }
        hld.commit(files)
        publish(made, "dev")
        yield made


def publish(estate: Estate, branch: str) -> None:
    done = estate.run(estate.push_event(branch=branch))
    assert done.code == 0, done.log


def status(estate: Estate, *words: str) -> subprocess.CompletedProcess[str]:
    done = start(estate, "status", *WHERE, *words)
    assert done.returncode == 0, done.stderr
    return done


def ask(estate: Estate, *words: str) -> dict[str, Any]:
    return json.loads(status(estate, *words, "--json").stdout)


def test_each_environment_has_versions_commits_and_since_when(estate: Estate) -> None:
    dev, stage, _ = ask(estate)["environments"]
    path = "cat-application/cat-application.yaml"
    assert dev["commit"] == estate.manifests.tip("dev")
    assert dev["components"][path]["version"] == "1.2.0"
    assert dev["components"][path]["revision"] == estate.repository("cat-application").tip("dev")
    assert dev["components"][path]["manifest_commit"] == estate.manifests.tip("dev")
    assert stage["components"][path]["version"] == "1.1.0"
    untouched = dev["components"]["dog-application/dog-application.yaml"]
    assert untouched["manifest_commit"] == estate.manifests.history("dev")[1]


def test_what_waits_to_be_promoted_is_listed(estate: Estate) -> None:
    moves = {move["component"]: move for move in ask(estate)["differences"]}
    assert moves.keys() == {"cat-application", "quota"}
    cat = moves["cat-application"]
    assert (cat["from"], cat["to"], cat["standing"]) == ("dev", "stage", "waiting")
    assert (cat["before"], cat["after"]) == ("1.1.0", "1.2.0")
    assert moves["quota"]["standing"] == "new"


def test_the_table_is_plain_where_there_is_no_terminal(estate: Estate) -> None:
    text = status(estate).stdout
    assert "\x1b" not in text
    head, *lines = text.splitlines()
    assert head.split() == ["component", "dev", "stage", "prod", "(no", "branch)"]
    (cat,) = (line for line in lines if line.startswith("cat-application"))
    commit = estate.repository("cat-application").tip("dev")[:7]
    assert cat.split()[1:3] == ["1.2.0", commit]
    assert "▲" in cat
    assert "dev → stage: 2 components to promote" in lines
    assert any(line.startswith("  cat-application 1.1.0 → 1.2.0, in dev for ") for line in lines)
    assert "prod: there is no branch prod" in lines


def test_the_table_has_colours_in_a_terminal(estate: Estate) -> None:
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "COLUMNS": "140",
        "GITHUB_SERVER_URL": estate.server.url,
        "GITHUB_TOKEN": estate.token,
    }
    program = Path(sys.executable).with_name("promotion")
    done = subprocess.run(
        [program, "status", *WHERE],
        env=environment,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert "\x1b[33m1.1.0" in text, "what waits is yellow"


def test_as_an_action_it_goes_to_the_job_summary(estate: Estate) -> None:
    hld = {"full_name": "acme/cluster-hld"}
    payload = {"schedule": "23 6 * * 1-5", "repository": hld, "sender": {"login": "acme"}}
    step = estate.step("schedule", payload, "status")
    done = estate.run(step)
    assert done.code == 0, done.log
    text = step.summary
    assert "| component | dev | stage | prod \\(no branch\\) |\n|---|---|---|---|\n" in text
    assert "**dev → stage&#58; 2 components to promote**" in text
    assert step.outputs == {"waiting": "2"}
    assert "cat-application 1.1.0 → 1.2.0" in done.log


def test_branches_may_have_other_names_and_the_order_is_the_readers(estate: Estate) -> None:
    content = ask(estate, "--environments", "stage=Staging,dev=Development")
    assert [(one["name"], one["branch"]) for one in content["environments"]] == [
        ("Staging", "stage"),
        ("Development", "dev"),
    ]
    standings = {move["component"]: move["standing"] for move in content["differences"]}
    assert standings == {"cat-application": "behind", "quota": "gone"}


def test_what_is_no_address_names_the_input_and_how_a_path_begins(estate: Estate) -> None:
    commands = {
        "status": (),
        "explain": ("cat-application", "--environment", "dev"),
        "rollback": ("--environment", "dev", "--to", "2h"),
    }
    for command, words in commands.items():
        done = start(estate, command, *words, "--manifest-repository", "cluster-manifests")
        assert done.returncode == 2, done.stderr
        assert "--manifest-repository: the address 'cluster-manifests'" in done.stderr
        assert "`./cluster-manifests`" in done.stderr


def test_where_no_environment_has_manifests_it_is_an_error(estate: Estate) -> None:
    done = start(estate, "status", *WHERE, "--environments", "qa,prod")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no environment has manifests in" in done.stderr
    assert "qa: there is no branch qa; prod: there is no branch prod" in done.stderr
    done = start(estate, "status", *WHERE, "--manifest-path", "clusters/east")
    assert done.returncode == 1
    assert "dev: branch dev has no clusters/east/promotion.lock" in done.stderr
    done = start(estate, "status", "--manifest-repository", "acme/cluster-hld")
    assert "stage: branch stage has no promotion.lock" in done.stderr


def test_only_the_manifest_repository_is_read_and_nothing_is_written(estate: Estate) -> None:
    before = estate.manifests.tip("dev")
    estate.server.requests.clear()
    status(estate)
    assert estate.server.requests
    assert all("cluster-manifests" in request.path for request in estate.server.requests)
    assert not any("receive-pack" in request.path for request in estate.server.requests)
    assert estate.manifests.tip("dev") == before


def test_what_a_rollback_holds_back_from_being_there_has_a_row(tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        estate = Estate(server, tmp_path / "steps")
        publish(estate, "dev")
        old = estate.manifests.tip("dev")
        hld = estate.repository("cluster-hld")
        bird = "  - name: bird\n    type: static\n    path: ./bird\n"
        manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bird}\n"
        hld.commit({"component.yaml": f"{hld.read('component.yaml')}\n{bird}", "bird/bird.yaml": manifest})
        publish(estate, "dev")
        back = start(estate, "rollback", "--environment", "dev", "--to", old, *WHERE)
        assert back.returncode == 0, back.stderr

        lines = status(estate, "--environments", "dev").stdout.splitlines()
        assert [line.split() for line in lines if "bird" in line] == [["bird", "–", "pinned"]]
        (dev,) = json.loads(status(estate, "--environments", "dev", "--json").stdout)["environments"]
        assert dev["pinned_absent"] == {"bird.yaml": "bird"}


def test_what_a_rollback_holds_is_marked(tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        estate = Estate(server, tmp_path / "steps")
        publish(estate, "dev")
        old = estate.manifests.tip("dev")
        estate.release("1.2.0")
        publish(estate, "dev")
        push = small_push("acme/cluster-hld", "dev", estate.repository("cluster-hld").tip())
        payload = {"inputs": {}, **{key: push[key] for key in ("ref", "repository", "sender")}}
        step = estate.step("workflow_dispatch", payload, "rollback", environment="dev", to=old)
        done = estate.run(step)
        assert done.code == 0, done.log

        lines = status(estate, "--environments", "dev").stdout.splitlines()
        (cat,) = (line for line in lines if line.startswith("cat-application"))
        assert cat.split()[1] == "1.1.0"
        assert cat.endswith("pinned")
        assert sum("pinned" in line for line in lines) == 1
        where = ("--environment", "dev", *WHERE)
        told = start(estate, "explain", "deploy/cat-application", *where).stdout
        assert f"pinned     by a rollback to {old}" in told
        assert f"    commit {estate.manifests.tip('dev')}" in told.split("\n"), (
            "the rollback is in its history"
        )


@pytest.mark.siege
def test_what_a_rollback_holds_of_the_definition_has_the_commit_of_then(tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        estate = Estate(server, tmp_path / "steps")
        hld = estate.repository("cluster-hld")
        component = {
            "component.yaml": "name: bird\ntype: static\npath: bird\n",
            "bird/bird.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bird}\ndata: {n: '1'}\n",
        }
        first = hld.commit(component)
        publish(estate, "dev")
        old = estate.manifests.tip("dev")
        second = hld.commit({"bird/bird.yaml": component["bird/bird.yaml"].replace("1'", "2'")})
        publish(estate, "dev")
        where = ("--environment", "dev", *WHERE)

        def told() -> tuple[str, str, str]:
            (dev,) = json.loads(status(estate, "--environments", "dev", "--json").stdout)["environments"]
            found = json.loads(start(estate, "explain", "bird", *where, "--json").stdout)
            text = start(estate, "explain", "bird", *where).stdout
            (row,) = (row for row in text.splitlines() if row.startswith("  from "))
            return dev["components"]["bird.yaml"]["revision"], found["source"]["revision"], row.strip()

        assert told()[:2] == (second, second)
        assert start(estate, "rollback", *where, "--to", old).returncode == 0
        held = estate.manifests.tip("dev")
        revision, explained, row = told()
        assert (revision, explained) == (first, first)
        assert f"cluster-hld.git@{first} " in row

        # The state of a rollback, restored by another one, is still that of then.
        hld.commit({"bird/bird.yaml": component["bird/bird.yaml"].replace("1'", "3'")})
        publish(estate, "dev")
        assert start(estate, "rollback", *where, "--to", held).returncode == 0
        assert told()[:2] == (first, first)

        # Where nothing tells, no commit is better than a wrong one.
        lock = json.loads(estate.manifests.read("promotion.lock", branch="dev"))
        lock["pins"]["bird.yaml"]["to"] = "1" * 40
        estate.manifests.commit({"promotion.lock": json.dumps(lock)}, branch="dev")
        revision, explained, row = told()
        assert (revision, explained) == ("", "")
        assert "an earlier commit" in row
