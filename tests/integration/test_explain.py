"""`promotion explain` as somebody runs it in a terminal, on the example estate on a real git server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.estate import Estate
from support.gitserver import GitServer
from support.terminal_program import start

CAT = "cat-application/cat-application.yaml"
COMMON, PROD = "hld/config/common.yaml", "config/prod.yaml"
REPLICAS = """\
subcomponents:
  cat-application:
    config:
      image:
        tag: "9.9.9"
"""


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Two pushes of the cat to dev, the second with a tag that the HLD gives; then one of the dog."""
    folder = tmp_path_factory.mktemp("explain")
    with GitServer(folder / "server") as server:
        made = Estate(server, folder / "steps")
        publish(made)
        made.repository("cluster-hld").commit({"config/dev.yaml": REPLICAS})
        publish(made)
        made.release("3.0.0", application="dog-application")
        publish(made, "dog-application")
        yield made


def publish(estate: Estate, application: str = "cat-application") -> None:
    done = estate.run(estate.push_event(application))
    assert done.code == 0, done.log


def explain(estate: Estate, *words: str, token: str = "") -> subprocess.CompletedProcess[str]:
    where = ("--environment", "dev", "--manifest-repository", "acme/cluster-manifests")
    return start(estate, "explain", *words, *where, token=token)


def ask(estate: Estate, *words: str) -> dict[str, Any]:
    done = explain(estate, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def address(estate: Estate, name: str) -> str:
    return f"{estate.server.url}/acme/{name}.git"


def lines(text: str) -> list[str]:
    return text.split("\n")


def test_a_resource_is_traced_to_repository_commit_chart_and_template(estate: Estate) -> None:
    answer = ask(estate, "deploy/cat-application")
    assert answer["component"] == "cat-application"
    assert answer["source"] == {
        "repository": address(estate, "cat-application"),
        "ref": "dev",
        "revision": estate.repository("cat-application").tip(),
        "path": "hld/chart",
    }
    assert answer["manifest"]["commit"] == estate.manifests.tip()
    (resource,) = answer["resources"]
    assert resource["template_path"] == "hld/chart/templates/deployment.yaml"
    assert estate.repository("cat-application").read(resource["template_path"])
    assert resource["images"] == ["ghcr.io/acme/cat-application:9.9.9"]
    assert lines(estate.manifests.read(CAT))[resource["line"] :][0] == "kind: Deployment"


def test_each_value_is_traced_to_the_line_that_gave_it(estate: Estate) -> None:
    values = {value["path"]: value for value in ask(estate, "cat-application", "--value", "image")["values"]}
    tag, name = values["image.tag"], values["image.repository"]
    hld, cat = estate.repository("cluster-hld"), estate.repository("cat-application")
    assert (tag["repository"], tag["commit"], tag["file"]) == (
        address(estate, "cluster-hld"),
        hld.tip(),
        "config/dev.yaml",
    )
    assert '"9.9.9"' in lines(hld.read("config/dev.yaml"))[tag["line"] - 1]
    assert (name["repository"], name["commit"], name["file"]) == (
        address(estate, "cat-application"),
        cat.tip(),
        COMMON,
    )
    assert "repository: ghcr.io" in lines(cat.read(COMMON))[name["line"] - 1]


def test_a_text_of_the_manifest_leads_to_its_template_and_likely_values(estate: Estate) -> None:
    (found,) = ask(estate, "deploy/cat-application", "--value", ":9.9.9")["lines"]
    assert ":9.9.9" in lines(estate.manifests.read(CAT))[found["line"] - 1]
    assert found["values"] == ["image.repository", "image.tag"]
    shown = explain(estate, "deploy/cat-application", "--value", ":9.9.9").stdout
    assert "printed by cat-application/templates/deployment.yaml" in shown
    assert f"perhaps image.tag: config/dev.yaml:5 of {address(estate, 'cluster-hld')}@" in shown


def test_a_static_resource_is_traced_to_its_file_and_line(estate: Estate) -> None:
    (resource,) = ask(estate, "ns/dogs")["resources"]
    written = resource["written_in"]
    source = estate.repository("cloud-native")
    assert (written["file"], written["commit"]) == ("hld/namespaces/namespaces.yaml", source.tip())
    text = lines(source.read(written["file"]))
    assert text[written["line"] - 1 : written["line"] + 3][1:] == [
        "kind: Namespace",
        "metadata:",
        "  name: dogs",
    ]


def test_the_history_names_who_promoted_it_and_when(estate: Estate) -> None:
    deployment, service = ask(estate, "deploy/cat-application"), ask(estate, "svc/cat-application")
    third, second, first, _ = estate.manifests.history()
    assert [one["commit"] for one in deployment["history"]] == [second, first], "not the dog's"
    assert [one["commit"] for one in service["history"]] == [first], "its file changed, it didn't"
    last = deployment["history"][0]
    assert (last["actor"], last["repository"]) == ("acme", "acme/cat-application")
    assert last["run"].startswith(f"{estate.server.url}/acme/cat-application/actions/runs/")
    assert last["event_commit"] == last["source_revision"] == estate.repository("cat-application").tip()
    assert third not in str(deployment["history"])


def test_a_short_history_says_that_there_is_more(estate: Estate) -> None:
    shown = explain(estate, "deploy/cat-application", "--history", "1").stdout
    assert "older ones: see more with --history" in shown
    assert "older ones" not in explain(estate, "deploy/cat-application", "--history", "2").stdout


def test_no_other_repository_is_read(estate: Estate) -> None:
    estate.server.requests.clear()
    ask(estate, "deploy/cat-application")
    assert estate.server.requests
    assert {"cluster-manifests" in request.path for request in estate.server.requests} == {True}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["cat"], ["nothing here is called 'cat'", "Deployment/cat-application --namespace cats"]),
        (["svc/log-collector"], ["DaemonSet/log-collector --namespace logging"]),
        (["deploy/cat-application", "--namespace", "dogs"], ["Deployment/cat-application --namespace cats"]),
    ],
)
def test_an_unknown_name_is_told_what_is_alike(estate: Estate, words: list[str], told: list[str]) -> None:
    done = explain(estate, *words)
    assert done.returncode == 1
    assert not done.stdout
    for text in told:
        assert text in done.stderr


def test_an_environment_without_manifests_is_an_error(estate: Estate) -> None:
    done = start(
        estate, "explain", "x", "--environment", "prod", "--manifest-repository", "acme/cluster-manifests"
    )
    assert done.returncode == 1
    assert "acme/cluster-manifests.git has no branch 'prod'; it has dev. Check --environment" in done.stderr


def test_who_may_not_read_the_manifests_is_told_so(estate: Estate) -> None:
    done = explain(estate, "cat-application", token="ghs_stranger0test0token0of0forty0charact0")
    assert done.returncode == 1
    assert "cluster-manifests" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_repository_on_this_machine_is_read_as_well(estate: Estate) -> None:
    folder = Path(estate.server.root) / "acme/cluster-manifests.git"
    done = start(
        estate,
        "explain",
        "deploy/dog-application",
        "--environment",
        "dev",
        "--manifest-repository",
        str(folder),
    )
    assert done.returncode == 0, done.stderr
    assert "ghcr.io/acme/dog-application:3.0.0" in done.stdout
