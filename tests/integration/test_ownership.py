"""Ownership in a run: real git over HTTP, the program as the action starts it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import TOKEN, Estate
from support.estate_copies import copy_server, create_estate
from support.prepared import run_program

FILE = ".github/promotion-ownership.yml"
ADMIN = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: me}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: cats}]
"""
CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: dogs}}\n"
TEMPLATE = "hld/chart/templates/admin.yaml"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Estate(server, tmp_path / "steps")


def own(estate: Estate, text: str) -> None:
    estate.repository("cluster-hld").commit({FILE: text}, branch="dev")


def test_who_pushes_to_an_application_cannot_make_himself_admin(estate: Estate) -> None:
    estate.repository("cat-application").commit({TEMPLATE: ADMIN})
    own(estate, '"*": any\ncat-application: {namespaces: [cats], kinds: ["*"]}\n')
    done = estate.run(estate.push_event())
    assert done.code == 1
    (error,) = done.errors
    for words in (
        "cat-application is held back and left out, for it never was published",
        "ClusterRoleBinding cats/me (from cat-application/templates/admin.yaml, line ",
        "which has no namespace; the part cat-application may have cluster-scoped none",
        f"{FILE}:2:1",
        "as `ClusterRoleBinding/me`",
    ):
        assert words in error
    assert "kind: ClusterRoleBinding" not in str([*map(estate.manifests.read, estate.manifests.files())])


def test_what_is_allowed_is_published_and_a_new_rule_counts_for_what_is_there(estate: Estate) -> None:
    own(estate, '"*": any\n')
    assert estate.run(estate.push_event()).code == 0
    assert estate.run(estate.push_event()).step.outputs["changed"] == "false"
    own(estate, 'cat-application: {namespaces: [nothing]}\n"*": any\n')
    done = estate.run(estate.push_event("cluster-hld"))
    assert done.code == 1
    assert "the part cat-application may have namespaces 'nothing'" in done.errors[0]


def test_a_file_that_is_not_understood_stops_the_run(estate: Estate) -> None:
    own(estate, "cat-application: {namespace: [cats]}\n")
    done = estate.run(estate.push_event())
    assert done.code == 1
    assert "unknown key 'namespace'. Did you mean `namespaces`?" in done.errors[0]
    assert not estate.manifests.git("for-each-ref")


def test_an_applications_own_file_says_nothing(estate: Estate) -> None:
    estate.repository("cat-application").commit({FILE: '"*": {namespaces: []}\n'})
    assert estate.run(estate.push_event()).code == 0


def ask(estate: Estate, action: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask about the definition that the words name; without them, by its address."""
    named = words or (f"{estate.server.url}/acme/cluster-hld.git@dev",)
    variables = {"PATH": os.environ["PATH"], "GITHUB_SERVER_URL": estate.server.url, "GITHUB_TOKEN": TOKEN}
    return run_program(("ownership", action, *named, "--environment", "dev"), env=variables)


def test_what_is_proposed_allows_what_there_is_and_no_more(estate: Estate) -> None:
    done = ask(estate, "propose")
    assert done.returncode == 0, done.stderr
    assert '"cat-application":\n  namespaces: ["cats"]\n  hosts: []\n  images: [' in done.stdout
    own(estate, done.stdout)
    assert ask(estate, "check").returncode == 0
    assert estate.run(estate.push_event()).code == 0
    estate.repository("cat-application").commit({TEMPLATE: ADMIN})
    done = ask(estate, "check")
    assert done.returncode == 1
    assert "component cat-application: ClusterRoleBinding cats/me" in done.stdout


def test_a_repository_is_named_as_in_a_workflow(estate: Estate) -> None:
    """As `owner/name` it is one of the job's own server, and the branch is the environment's."""
    by_name = ask(estate, "propose", "--hld-repository", "acme/cluster-hld")
    assert by_name.returncode == 0, by_name.stderr
    assert by_name.stdout == ask(estate, "propose").stdout


def test_there_must_be_a_file_to_check_by(estate: Estate) -> None:
    done = ask(estate, "check")
    assert done.returncode == 2
    assert f"there is no {FILE} in" in done.stderr


def test_a_breach_holds_its_part_alone_until_it_is_gone(estate: Estate) -> None:
    own(estate, '"*": any\ncat-application: {namespaces: [cats]}\n')
    assert estate.run(estate.push_event()).code == 0
    before = estate.manifests.read("cat-application/cat-application.yaml")
    estate.repository("cat-application").commit({TEMPLATE: ADMIN})
    estate.release("7.7.7", application="dog-application")
    done = estate.run(estate.push_event("dog-application"))
    assert "ClusterRoleBinding cats/me" in done.log
    assert "7.7.7" in estate.manifests.read("dog-application/dog-application.yaml")
    assert estate.manifests.read("cat-application/cat-application.yaml") == before
    estate.repository("cat-application").commit({TEMPLATE: None})
    estate.release("8.8.8")
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log
    assert "8.8.8" in estate.manifests.read("cat-application/cat-application.yaml")


@pytest.mark.parametrize("on_failure", ["stop", "hold"])
def test_what_a_new_rule_forbids_is_said_run_after_run(estate: Estate, on_failure: str) -> None:
    own(estate, '"*": any\n')
    assert estate.run(estate.push_event()).code == 0
    own(estate, '"*": any\ncat-application: {namespaces: [other]}\n')
    for _ in range(3):
        done = estate.run(estate.push_event("cluster-hld", on_failure=on_failure))
        assert "may have namespaces 'other'" in done.log


def ask_published(estate: Estate, action: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask about what is published, in a workflow's words."""
    variables = {"PATH": os.environ["PATH"], "GITHUB_SERVER_URL": estate.server.url, "GITHUB_TOKEN": TOKEN}
    place = ("--environment", "dev", "--manifest-repository", "acme/cluster-manifests")
    return run_program(("ownership", action, *words, *place), env=variables)


def test_what_is_published_is_proposed_and_checked(estate: Estate) -> None:
    """Nothing is rendered, and the definition isn't even asked for a proposal."""
    library = estate.server.create("acme/library", branch="dev", private=True)
    estate.server.allow(TOKEN, "acme/library", "read")
    library.commit({"component.yaml": "{name: l, type: static, path: m}", "m/x.yaml": CONFIG})
    url = f"{estate.server.url}/acme/library"
    entry = f"{{name: more, method: git, source: '{url}.git'}}"
    estate.repository("dog-application").commit(
        {"hld/component.yaml": f"{{name: d, subcomponents: [{entry}]}}"}, branch="dev"
    )
    anything = f'"*": {{any: true, sources: ["{estate.server.url}/acme/*"]}}\n'
    own(estate, anything)
    assert estate.run(estate.push_event()).code == 0
    estate.server.requests.clear()
    done = ask_published(estate, "propose")
    assert done.returncode == 0, done.stderr
    assert not [asked for asked in estate.server.requests if "cluster-hld" in asked.path]
    assert '"cat-application":\n  namespaces: ["cats"]\n' in done.stdout
    assert f'"dog-application":\n  namespaces: ["dogs"]\n  hosts: []\n  images: []\n  sources: ["{url}"]' in (
        done.stdout
    )
    # Rendered by who may read it all, it comes to the same; the public sources of parts aren't listed.
    assert ask(estate, "propose").stdout == done.stdout
    own(estate, done.stdout)
    assert ask_published(estate, "check").returncode == 0
    assert estate.run(estate.push_event()).code == 0
    own(estate, 'cat-application: {namespaces: [nothing]}\n"*": any\n')
    done = ask_published(estate, "check")
    assert done.returncode == 1
    assert "the part cat-application may have namespaces 'nothing'" in done.stdout


def test_nothing_published_is_told(estate: Estate) -> None:
    done = ask_published(estate, "check")
    assert done.returncode == 2
    assert "nothing is published on the branch dev of" in done.stderr
