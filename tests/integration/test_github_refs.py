"""Asking GitHub whether many sources are still where they were, in one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError
from promotion.rendering.sources.git_source import GitSource
from support.estate import SOURCES, Estate
from support.github_graphql import FakeGraphql
from support.gits import open_git
from support.gitserver import GitServer
from support.repositories import Repository

pytestmark = pytest.mark.siege

TOKEN = "ghs_reader"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def repositories(server: GitServer) -> dict[str, Repository]:
    made = {}
    for number in range(4):
        name = f"acme/app-{number}"
        made[name] = server.create(name, branch="trunk", private=True)
        made[name].commit({"file": str(number)})
        made[name].tag("v1")
        made[name].tag("v1-annotated", annotated=True)
        server.allow(TOKEN, name, "read")
    return made


@pytest.fixture
def github(repositories: dict[str, Repository]) -> Iterator[FakeGraphql]:
    with FakeGraphql(repositories) as running:
        yield running


@pytest.fixture
def git(tmp_path: Path, server: GitServer, github: FakeGraphql) -> Iterator[GitClient]:
    environment = {"GITHUB_GRAPHQL_URL": github.url}
    access = Access(server_url=server.url, token=TOKEN)
    with open_git(tmp_path / "scratch", access=access, environment=environment) as opened:
        yield opened


def known_of(repositories: Mapping[str, Repository]) -> dict[GitSource, str]:
    return {
        GitSource(url=name, branch="trunk"): repository.tip() for name, repository in repositories.items()
    }


def test_sources_that_are_where_they_were_need_no_question(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    known = known_of(repositories)
    git.expect(known)
    assert {source: git.ask(source) for source in known} == known
    assert len(github.requests) == 1
    assert server.requests == []
    assert github.authorizations == [f"bearer {TOKEN}"]
    for source, commit in known.items():
        assert git.fetch(source).revision == commit


def test_all_kinds_of_refs(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    tip = repositories["acme/app-0"].tip()
    refs = [
        {},
        {"branch": "trunk"},
        {"branch": "v1"},
        {"version": "v1-annotated"},
        {"version": "origin/trunk"},
    ]
    known = {GitSource(url="acme/app-0", **words): tip for words in refs}
    git.expect(known)
    assert {source: git.ask(source) for source in known} == known
    assert server.requests == []


def test_what_moved_is_asked_of_git(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    """GitHub's answer alone takes a source nowhere: an API that lags behind would take it back."""
    known = known_of(repositories)
    new = repositories["acme/app-2"].commit({"file": "new"})
    git.expect(known)
    answers = {source: git.ask(source) for source in known}
    assert [answers[source] == known[source] for source in known] == [True, True, False, True]
    assert new in answers.values()
    assert {request.path.split(".git")[0] for request in server.requests} == {"/acme/app-2"}


def test_an_older_answer_is_not_believed(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    old = known_of(repositories)
    known = {source: repositories[source.url].commit({"file": "new"}) for source in old}
    answers = {commit: old[source] for source, commit in known.items()}

    def lag(body: bytes) -> tuple[int, bytes]:
        for commit, before in answers.items():
            body = body.replace(commit.encode(), before.encode())
        return 200, body

    github.spoil = lag
    git.expect(known)
    assert {source: git.ask(source) for source in known} == known


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>Bad gateway"),
        (200, b"<html>Sign in"),
        (200, b"[]"),
        (200, b'{"data": null, "errors": [{"type": "RATE_LIMITED"}]}'),
        (200, b'{"data": {"r0": {"a0": {"target": null}}}}'),
        (200, b'{"data": {"r0": 1}}'),
        (401, b'{"message": "Bad credentials"}'),
        (403, b'{"message": "You have exceeded a secondary rate limit"}'),
    ],
)
def test_an_odd_answer_is_as_good_as_none(
    git: GitClient,
    github: FakeGraphql,
    repositories: dict[str, Repository],
    status: int,
    body: bytes,
) -> None:
    github.spoil = lambda _: (status, body)
    known = known_of(repositories)
    git.expect(known)
    assert {source: git.ask(source) for source in known} == known


def test_repositories_that_github_does_not_show(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    known = known_of(repositories)
    del repositories["acme/app-1"]
    git.expect(known)
    assert {source: git.ask(source) for source in known} == known
    assert {request.path.split(".git")[0] for request in server.requests} == {"/acme/app-1"}


def test_only_refs_on_the_runs_own_server_are_asked_for(
    git: GitClient, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    host = server.url.removeprefix("http://")
    git.expect(
        {
            GitSource(url="https://git.example/acme/app-0"): "a" * 40,
            GitSource(url=f"http://me@{host}/acme/app-0.git"): "a" * 40,
            GitSource(url="acme/app-0", version="a" * 40): "a" * 40,
            GitSource(url="git@git.example:acme/app-0"): "a" * 40,
            GitSource(url="acme/app-0", branch="a..b"): "a" * 40,
            GitSource(url="/srv/app-0.git"): "a" * 40,
        }
    )
    assert github.requests == []


@pytest.mark.parametrize("url", ["https://api.evil.example/graphql", "http://127.0.0.2/graphql", ""])
def test_the_token_goes_to_the_servers_own_api_only(
    tmp_path: Path, server: GitServer, repositories: dict[str, Repository], url: str
) -> None:
    """The network block fails the test if it is tried."""
    access = Access(server_url=server.url, token=TOKEN)
    with open_git(tmp_path / "s", access=access, environment={"GITHUB_GRAPHQL_URL": url}) as git:
        git.expect(known_of(repositories))
        assert git.traffic.requests == 0


def test_more_than_fit_in_one_request(
    git: GitClient, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    """Each named once in the query, a hundred at a time; the names of refs are data, never a part of it."""
    names = [f"branch-{number}" for number in range(250)]
    known = {GitSource(url="acme/app-0", branch=name): repositories["acme/app-0"].tip() for name in names}
    git.expect(known | {GitSource(url="acme/app-0", branch='") { x } #'): "a" * 40})
    assert sorted(len(request["variables"]) for request in github.requests) == [200, 400, 400]
    assert not any("branch-" in request["query"] for request in github.requests)


def test_a_run_in_which_nothing_changed_asks_github_once(tmp_path: Path, server: GitServer) -> None:
    estate = Estate(server, tmp_path / "steps")
    assert estate.run(estate.push_event()).code == 0
    server.requests.clear()
    with FakeGraphql({f"acme/{name}": estate.repository(name) for name in SOURCES}) as github:
        finished = estate.run(estate.push_event(), GITHUB_GRAPHQL_URL=github.url)
    assert finished.code == 0, finished.log
    assert len(github.requests) == 1
    asked = {request.path.split(".git")[0] for request in server.requests}
    assert asked == {"/acme/cluster-manifests", "/acme/cat-application"}, "what was pushed to is asked itself"


class TokenForEachOwner:
    """A GitHub App (`promotion.edges.git.remotes.App`); `without` hasn't installed it."""

    def __init__(self, *, without: str = "") -> None:
        self.without = without

    def reader(self, repository: str) -> str:
        owner = repository.partition("/")[0]
        if owner == "broken":
            raise AccessError("the GitHub App is suspended by broken")
        return "" if owner == self.without else f"ghs_reads_{owner}"

    def token_for(self, repository: str, need: str) -> str:
        raise AssertionError(f"{need} for {repository}: nothing is written")


def test_an_app_has_a_question_for_each_owner(
    tmp_path: Path, server: GitServer, github: FakeGraphql, repositories: dict[str, Repository]
) -> None:
    for owner in ("umbrella", "initech", "broken"):
        for number in range(2):
            name = f"{owner}/app-{number}"
            repositories[name] = github.repositories[name] = server.create(name, branch="trunk")
            repositories[name].commit({"file": owner})
    access = Access(server_url=server.url, token=TOKEN, app=TokenForEachOwner(without="initech"))
    known = known_of(repositories)
    with open_git(tmp_path / "app", access=access, environment={"GITHUB_GRAPHQL_URL": github.url}) as git:
        git.expect(known)
        well = {source: commit for source, commit in known.items() if not source.url.startswith("broken")}
        assert {source: git.ask(source) for source in well} == well
        assert server.requests == []
        with pytest.raises(AccessError, match="suspended by broken"):
            git.ask(GitSource(url="broken/app-0", branch="trunk"))
    asked = {
        authorization.removeprefix("bearer "): {
            value for key, value in request["variables"].items() if key.startswith("owner")
        }
        for authorization, request in zip(github.authorizations, github.requests, strict=True)
    }
    assert asked == {"ghs_reads_acme": {"acme"}, "ghs_reads_umbrella": {"umbrella"}, TOKEN: {"initech"}}
