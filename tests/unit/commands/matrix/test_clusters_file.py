"""The file that names the clusters, and the jobs that come of it."""

from __future__ import annotations

import pytest

from promotion.commands.matrix.clusters_file import Cluster, list_jobs, parse_clusters
from promotion.errors import DefinitionError, Location

WHERE = Location(".github/promotion-clusters.yml")


def parse(text: str) -> list[Cluster]:
    return parse_clusters(text.encode(), WHERE)


def test_all_settings_have_defaults() -> None:
    (job,) = list_jobs(parse("east:\n"), "prod", WHERE)
    assert job == {
        "cluster": "east",
        "environment": "prod",
        "hld-path": ".",
        "configs": "prod",
        "manifest-path": "east",
    }


def test_the_environment_stands_where_it_is_asked_for() -> None:
    text = (
        "east:\n  configs: ['{environment}', 'azure-{environment}']\n  hld-path: hld/{environment}\n"
        "  manifest-path: in/{environment}\n"
    )
    (job,) = list_jobs(parse(text), "stage", WHERE)
    assert (job["configs"], job["hld-path"], job["manifest-path"]) == (
        "stage azure-stage",
        "hld/stage",
        "in/stage",
    )


def test_only_the_environments_clusters_in_the_files_order() -> None:
    clusters = parse("west:\nedge: {environments: [prod]}\neast: {environments: dev}\n")
    assert [job["cluster"] for job in list_jobs(clusters, "prod", WHERE)] == ["west", "edge"]
    assert [job["cluster"] for job in list_jobs(clusters, "dev", WHERE)] == ["west", "east"]


def test_two_clusters_cant_share_a_folder() -> None:
    clusters = parse("a: {manifest-path: x, environments: [dev]}\nb: {manifest-path: ./x/}\n")
    assert len(list_jobs(clusters, "prod", WHERE)) == 1
    with pytest.raises(DefinitionError, match="the clusters a and b would both be written to x"):
        list_jobs(clusters, "dev", WHERE)


def test_names_stay_as_they_are_written() -> None:
    assert [cluster.name for cluster in parse("1.10: {configs: [08, on]}\n")] == ["1.10"]
    assert parse("1.10: {configs: [08, on]}\n")[0].configs == ("08", "on")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it names no clusters"),
        ("[east]", "it names no clusters"),
        ("east: [", ":1"),
        ("east:\neast:\n", ":2:1: 'east' is written twice"),
        ("a b:\n", ":1:1: 'a b' is no name for a cluster"),
        ("east: &east {}\n<<: *east\n", ":2:1: the file has a merge key. Write out what it brings."),
        ("east: prod\n", ":1:7: east should be a map"),
        ("east:\n  config: [a]\n", ":2:3: east has an unknown key 'config'. Did you mean `configs`?"),
        ("east:\n  configs: [a b]\n", ":2:13: 'a b' is no name"),
        ("east:\n  configs: []\n", ":2:12: the list is empty"),
        ("east:\n  configs:\n", ":2:11: an entry of configs is empty"),
        ("east:\n  configs: [~]\n", ":2:13: an entry of configs is empty"),
        ("east:\n  manifest-path: null\n", ":2:18: manifest-path is empty"),
        ("east:\n  configs: {a: b}\n", ":2:12: an entry of configs isn't a text"),
        ("east:\n  manifest-path: ../x\n", ":2:18: manifest-path is '../x', which leaves its folder"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, what: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    assert what in str(caught.value)
