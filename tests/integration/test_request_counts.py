"""How often each kind of run asks git servers and GitHub, as the table in docs/performance.md says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import payloads
from support.estate import ROOT, SOURCES
from support.estate_copies import copy_server, publish_estate
from support.github_graphql import FakeGraphql
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.hosted import HostedEstate
from support.runner import Step

Scenario = Callable[[HostedEstate], Step]


@pytest.fixture
def estate(tmp_path: Path, github: FakeGitHub) -> Iterator[HostedEstate]:
    """Four sources, published once."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield HostedEstate(server, tmp_path / "steps", github)


def push(estate: HostedEstate, **inputs: str) -> Step:
    estate.release("1.2.0")
    return estate.push_event(**inputs)


def dispatch(estate: HostedEstate) -> Step:
    estate.release("1.2.0")
    payload = {**payloads.small_push("acme/cluster-hld", "dev", ""), "ref": "refs/heads/dev"}
    return estate.step("workflow_dispatch", payload)


def propose(estate: HostedEstate) -> Step:
    estate.github.add(LiveRepository("acme/cluster-manifests", estate.manifests))
    return push(estate, delivery="pull-request")


SCENARIOS: dict[str, Scenario] = {
    "push, nothing changed": lambda estate: estate.push_event(),
    "push, one application changed": push,
    "the same, `deployments: off`": lambda estate: push(estate, deployments="off"),
    "the same, `delivery: pull-request`": propose,
    "the same, `full: true`": lambda estate: push(estate, full="true"),
    "the same, `dry-run: true`": lambda estate: push(estate, dry_run="true"),
    "manual run, one application changed": dispatch,
}


def read_table() -> dict[str, list[int]]:
    text = (ROOT / "docs/performance.md").read_text("utf-8").partition("## Requests")[2]
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    return {name: [int(number) for number in numbers] for name, *numbers in rows}


def test_the_table_has_a_row_for_each_kind_of_run() -> None:
    assert read_table().keys() == SCENARIOS.keys()


@pytest.mark.parametrize("what", SCENARIOS)
def test_the_table_says_how_often_a_run_asks(estate: HostedEstate, github: FakeGitHub, what: str) -> None:
    step = SCENARIOS[what](estate)
    estate.server.requests.clear()
    github.seen.clear()
    with FakeGraphql({f"acme/{name}": estate.repository(name) for name in SOURCES}) as graphql:
        done = estate.run(step, GITHUB_GRAPHQL_URL=graphql.url)
        confirmed = len(graphql.requests)
    assert done.code == 0, done.log
    manifests = [request for request in estate.server.requests if "cluster-manifests" in request.path]
    sources = [request for request in estate.server.requests if request not in manifests]
    fetches = sum(request.command == "fetch" for request in sources)
    counted = [confirmed, len(sources) - fetches, fetches, len(manifests), len(github.seen)]
    assert counted == read_table()[what]
