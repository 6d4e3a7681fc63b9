"""The main job as the runner starts it: real processes, a real git server over HTTP, real Helm."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support import payloads
from support.estate import TOKEN, Estate
from support.estate_copies import copy_server, create_estate, publish_estate
from support.gitserver import Fault

CAT = "cat-application/cat-application.yaml"
TREE = {
    CAT,
    "cloud-native/logging/logging.yaml",
    "cloud-native/metrics/metrics.yaml",
    "cloud-native/namespaces.yaml",
    "dog-application/dog-application.yaml",
    "promotion.lock",
}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Estate(server, tmp_path / "steps")


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Estate]:
    """An estate that was materialised once."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield Estate(server, tmp_path / "steps")


def test_a_push_in_an_application_commits_the_whole_cluster(estate: Estate) -> None:
    commit = estate.release("1.2.0")
    done = estate.run(estate.push_event())

    assert done.code == 0, done.log
    assert estate.manifests.files().keys() == TREE
    assert 'image: "ghcr.io/acme/cat-application:1.2.0"' in estate.manifests.read(CAT)
    outputs = done.step.outputs
    assert outputs["changed"] == "true"
    assert outputs["commit"] == estate.manifests.tip()
    assert (outputs["environment"], outputs["branch"], outputs["components"]) == ("dev", "dev", "5")
    assert (outputs["added"], outputs["changed-resources"], outputs["removed"]) == ("10", "0", "0")
    report = json.loads((done.step.workspace / outputs["result"]).read_text("utf-8"))
    assert report["counts"]["added"] == 10
    body = estate.manifests.git("log", "-1", "--format=%B", "dev")
    hld = estate.repository("cluster-hld").tip()
    assert f"HLD-Commit: {estate.server.url}/acme/cluster-hld.git@{hld}" in body
    assert f"Source-Commit: cat-application {estate.server.url}/acme/cat-application.git@{commit}" in body
    assert "Triggered-By: acme/cat-application@" in body


def test_a_new_branch_starts_from_an_empty_root_commit(estate: Estate) -> None:
    estate.run(estate.push_event())
    tip, root = estate.manifests.history()
    assert estate.manifests.git("ls-tree", "-r", root) == ""
    assert estate.manifests.git("rev-list", "--parents", "-1", tip).split() == [tip, root]


def test_a_second_run_makes_no_commit(published: Estate) -> None:
    before = published.manifests.tip()
    second = published.run(published.push_event("dog-application"))
    assert second.step.outputs["changed"] == "false"
    assert second.step.outputs["commit"] == ""
    assert published.manifests.tip() == before


def test_a_source_that_moves_without_changing_manifests_makes_no_commit(published: Estate) -> None:
    before = published.manifests.tip()
    published.repository("cat-application").commit({"README.md": "more words"})
    assert published.run(published.push_event()).step.outputs["changed"] == "false"
    assert published.manifests.tip() == before


def test_one_new_version_changes_one_file_and_the_lock(published: Estate) -> None:
    published.release("1.2.0")
    done = published.run(published.push_event())
    subject = published.manifests.git("log", "-1", "--format=%s", "dev")
    assert subject == "dev: cat-application 1.1.0 → 1.2.0"
    changed = published.manifests.git("diff", "--name-only", "dev~1", "dev").split()
    assert changed == [CAT, "promotion.lock"]
    assert done.step.outputs["changed-resources"] == "1"
    assert "1.1.0 → 1.2.0" in done.step.summary


def test_a_component_that_is_gone_takes_its_manifest_with_it(estate: Estate) -> None:
    estate.manifests.commit({"README.md": "ours", "dog-application/notes.md": "a note"})
    estate.run(estate.push_event())
    hld = estate.repository("cluster-hld")
    text = hld.read("component.yaml")
    hld.commit({"component.yaml": text[: text.index("  - name: dog-application")]})
    done = estate.run(estate.push_event("cluster-hld"))
    files = estate.manifests.files()
    assert "dog-application/dog-application.yaml" not in files
    assert {"README.md", "dog-application/notes.md"} <= files.keys(), "foreign files stay"
    assert done.step.outputs["removed"] == "2"


def test_a_dispatch_names_the_environment(estate: Estate) -> None:
    payload = {
        "action": "promote",
        "branch": "main",
        "client_payload": {"environment": "dev"},
        "repository": {"full_name": "acme/cluster-hld"},
        "sender": {"login": "octocat"},
    }
    done = estate.run(estate.step("repository_dispatch", payload, hld_repository=""))
    assert done.code == 0, done.log
    assert estate.manifests.files().keys() == TREE


def test_a_manual_run_asks_for_the_environment(estate: Estate) -> None:
    payload = {
        "ref": "refs/heads/main",
        "inputs": {"environment": "dev"},
        "repository": {"full_name": "acme/cluster-hld"},
        "sender": {"login": "octocat"},
    }
    done = estate.run(estate.step("workflow_dispatch", payload))
    assert done.code == 0, done.log
    assert done.step.outputs["environment"] == "dev"


def test_a_push_to_another_branch_ends_green_with_a_notice(estate: Estate) -> None:
    step = estate.step("push", payloads.small_push("acme/cat-application", "topic", "1" * 40))
    done = estate.run(step)
    assert done.code == 0, done.log
    assert "::notice::branch topic is no environment" in done.log
    assert step.outputs["changed"] == "false"
    assert not estate.manifests.git("for-each-ref")
    assert not estate.server.requests


def test_an_environment_has_configs_and_branches_of_its_own(estate: Estate) -> None:
    hld = estate.repository("cluster-hld")
    hld.git("branch", "prod", "dev")
    done = estate.run(estate.push_event("cluster-hld", branch="prod"))
    assert done.code == 0, done.log
    assert "replicas: 3" in estate.manifests.read(CAT, "prod")
    assert "retention.time=30d" in estate.manifests.read("cloud-native/metrics/metrics.yaml", "prod")


def test_a_dry_run_shows_the_difference_and_pushes_nothing(published: Estate) -> None:
    before = published.manifests.tip()
    published.release("1.2.0")
    done = published.run(published.push_event(dry_run="true"))
    assert done.code == 0, done.log
    assert '+        image: "ghcr.io/acme/cat-application:1.2.0"' in done.log
    assert "```diff" in done.step.summary
    assert done.step.outputs["changed"] == "true"
    assert done.step.outputs["commit"] == ""
    assert published.manifests.tip() == before


def test_a_slip_in_a_file_is_told_in_the_log_the_summary_and_the_report(estate: Estate) -> None:
    done = estate.run(estate.push_event("cluster-hld"))
    assert "::warning" not in done.log

    estate.repository("cluster-hld").commit({"config/common.yaml": "confg: {}\n"})
    done = estate.run(estate.push_event("cluster-hld"))
    assert done.code == 0, done.log
    warning = next(line for line in done.log.splitlines() if line.startswith("::warning"))
    assert "file=config/common.yaml,line=1,col=1" in warning
    assert "the key `confg` is not known" in warning
    assert "confg" in done.step.summary
    report = json.loads((done.step.workspace / done.step.outputs["result"]).read_text("utf-8"))
    assert [text for text in report["warnings"] if text.startswith("config/common.yaml:1:1")]


def test_two_clusters_share_a_branch(estate: Estate) -> None:
    for region in ("east", "west"):
        done = estate.run(estate.push_event(manifest_path=f"clusters/{region}"))
        assert done.code == 0, done.log
    both = {f"clusters/{region}/{path}" for region in ("east", "west") for path in TREE}
    assert estate.manifests.files().keys() == both


def test_an_empty_definition_does_not_empty_the_cluster(published: Estate) -> None:
    before = published.manifests.tip()
    published.repository("cluster-hld").commit({"component.yaml": "name: pets-cluster\nsubcomponents: []\n"})
    done = published.run(published.push_event("cluster-hld"))
    assert done.code == 1
    assert "allow-empty" in done.errors[0]
    assert published.manifests.tip() == before


def test_a_foreign_file_in_our_way_is_an_error_until_it_is_adopted(estate: Estate) -> None:
    estate.manifests.commit({CAT: "# by hand\n"})
    done = estate.run(estate.push_event())
    assert done.code == 1
    assert CAT in done.errors[0]
    assert "adopt: true" in done.errors[0]
    assert estate.manifests.read(CAT) == "# by hand"
    assert estate.run(estate.push_event(adopt="true")).code == 0
    assert "kind: Deployment" in estate.manifests.read(CAT)


def test_a_missing_branch_says_who_asked_for_it(estate: Estate) -> None:
    hld = estate.repository("cluster-hld")
    hld.commit({"component.yaml": hld.read("component.yaml").replace("branch: dev", "branch: stage")})
    done = estate.run(estate.push_event("cluster-hld", on_failure="stop"))
    assert done.code == 1
    (error,) = done.errors
    assert error.startswith("::error file=component.yaml,line=4")
    for part in ("acme/cloud-native", "'stage'", "component cloud-native"):
        assert part in error
    assert "acme/cloud-native" in done.step.summary
    assert not estate.manifests.git("for-each-ref")


def test_a_chart_that_refuses_its_values_shows_helms_own_words(estate: Estate) -> None:
    template = '{{ fail "an image tag is required" }}\n'
    estate.repository("cat-application").commit({"hld/chart/templates/deployment.yaml": template})
    done = estate.run(estate.push_event())
    assert done.code == 1
    (error,) = done.errors
    assert "cat-application is held back" in error
    assert "templates/deployment.yaml:1" in error
    assert "an image tag is required" in error


def test_an_unknown_environment_is_an_error_of_usage(estate: Estate) -> None:
    done = estate.run(estate.push_event(environment="production"))
    assert done.code == 2
    assert "production" in done.errors[0]


@pytest.mark.parametrize(
    ("right", "words"), [("read", "contents: write"), ("none", "acme/cluster-manifests")]
)
def test_a_token_that_lacks_a_right_is_told_which(estate: Estate, right: str, words: str) -> None:
    estate.server.allow(TOKEN, "acme/cluster-manifests", right)
    done = estate.run(estate.push_event())
    assert done.code == 1
    assert words in done.errors[0]
    assert "acme/cluster-manifests" in done.errors[0]


def test_the_source_token_reads_and_the_token_writes(estate: Estate) -> None:
    for name in ("cluster-hld", "cat-application", "dog-application", "cloud-native"):
        estate.server.allow(TOKEN, f"acme/{name}", "none")
        estate.server.allow("a-token-that-reads-sources", f"acme/{name}", "read")
    done = estate.run(estate.push_event(source_token="a-token-that-reads-sources"))
    assert done.code == 0, done.log


def test_a_push_race_starts_again_from_the_sources(published: Estate, tmp_path: Path) -> None:
    """Between our fetch and our push another run pushes, and an application moves on."""
    published.release("1.2.0")
    published.server.fail(Fault(path="cluster-manifests.git/info/refs?service=git-receive-pack", delay=3.0))
    requests = published.server.requests
    before = len(requests)
    slow = published.start(published.push_event())
    deadline = time.monotonic() + 60
    while not any("cat-application.git/git-upload-pack" in r.path for r in requests[before:]):
        assert time.monotonic() < deadline, "the run has not fetched the application"
        time.sleep(0.01)
    published.release("1.3.0")
    published.manifests.commit({"README.md": "a human's commit"})
    done = slow()
    assert done.code == 0, done.log
    assert "starting again from the sources" in done.log
    assert ":1.3.0" in published.manifests.read(CAT)
    assert published.manifests.read("README.md") == "a human's commit"


def test_the_token_is_nowhere(estate: Estate, tmp_path: Path) -> None:
    """Not in arguments, logs, summary, outputs, report, lock, commit or a file that stays: with success
    and with failure, with debug logging too."""
    programs = tmp_path / "bin"
    programs.mkdir()
    git = shutil.which("git")
    log = tmp_path / "argv.log"
    (programs / "git").write_text(f'#!/bin/sh\necho "$0 $*" >>{log}\nexec {git} "$@"\n', "utf-8")
    (programs / "git").chmod(0o755)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "RUNNER_DEBUG": "1",
        "TMPDIR": str(scratch),
    }
    good = estate.run(estate.push_event(), **variables)
    estate.repository("cat-application").commit({"hld/component.yaml": "name: [\n"})
    bad = estate.run(estate.push_event(), **variables)
    estate.server.allow(TOKEN, "acme/cluster-hld", "none")
    worse = estate.run(estate.push_event(), **variables)

    assert (good.code, bad.code, worse.code) == (0, 1, 1)
    assert "git" in log.read_text("utf-8")
    assert not list(scratch.iterdir()), "nothing is left"
    header = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    shapes = [TOKEN, quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode(), header]
    texts = {"argv": log.read_text("utf-8")}
    for done in (good, bad, worse):
        visible = [line for line in done.log.splitlines() if not line.startswith("::add-mask::")]
        texts[f"log of {done.step.folder.name}"] = "\n".join(visible)
        for path in done.step.folder.rglob("*"):
            if path.is_file():
                texts[str(path)] = path.read_text("utf-8")
    texts["commits"] = estate.manifests.git("log", "--patch", "--format=raw", "dev")
    assert [name for name, text in texts.items() for shape in shapes if shape in text] == []
    assert f"::add-mask::{TOKEN}\n" in good.log, "the runner hides it too"
    assert any(request.authorization for request in estate.server.requests)
