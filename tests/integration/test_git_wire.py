"""Git over HTTP in this process: few requests on few connections; the git program where that won't do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dulwich.protocol import pkt_seq

from promotion.core.model import GitSource
from promotion.edges.git import Git
from promotion.edges.remotes import Access
from promotion.errors import AccessError, SourceError
from support.gits import open_git
from support.gitserver import Fault, GitServer, Request
from support.repositories import Repository

OURS = "git/2-gitops-promotion"  # what this process calls itself
ADVERTISEMENT = {"Content-Type": "application/x-git-upload-pack-advertisement"}
RESULT = {"Content-Type": "application/x-git-upload-pack-result"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def git(tmp_path: Path, server: GitServer) -> Iterator[Git]:
    access = Access(server_url=server.url, token="ghs_reader")
    server.allow("ghs_reader", "acme/secret-cats", "read")
    with open_git(tmp_path / "scratch", access=access, allow_local=True) as opened:
        yield opened


@pytest.fixture
def cats(server: GitServer) -> Repository:
    repository = server.create("acme/cats", branch="trunk")
    repository.commit({"file": "first"})
    repository.tag("v1")
    repository.tag("v1-annotated", annotated=True)
    repository.commit({"file": "second"})
    repository.commit({"file": "on dev"}, branch="dev")
    return repository


def source(branch: str = "", version: str = "", url: str = "acme/cats") -> GitSource:
    return GitSource(url=url, branch=branch, version=version)


def ours(server: GitServer) -> list[Request]:
    return [request for request in server.requests if request.agent == OURS]


def theirs(server: GitServer) -> list[Request]:
    return [request for request in server.requests if request.agent != OURS]


def read(git: Git, asked: GitSource) -> bytes | None:
    return git.fetch(asked).read("file")


def test_two_requests_for_each_repository_and_no_process(tmp_path: Path, server: GitServer) -> None:
    for number in range(20):
        server.create(f"acme/app-{number}").commit({"file": str(number)})
    path = tmp_path / "bin" / "git"
    path.parent.mkdir()
    path.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/log\nexec /usr/bin/env -S PATH={os.environ["PATH"]} git "$@"\n'
    )
    path.chmod(0o755)
    environment = {"PATH": f"{path.parent}:{os.environ['PATH']}"}
    access = Access(server_url=server.url)
    with (
        open_git(tmp_path / "s", access=access, environment=environment) as git,
        ThreadPoolExecutor(4) as pool,
    ):
        texts = list(pool.map(lambda number: read(git, source(url=f"acme/app-{number}")), range(20)))
        assert git.traffic.requests == len(server.requests) == 1 + 2 * 20
        assert git.traffic.received == sum(request.sent for request in server.requests)
    assert texts == [str(number).encode() for number in range(20)]
    assert len({request.connection for request in server.requests}) <= 4
    processes = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[-1] for line in processes] == ["version", "-z"], "its version and its settings"


def test_asking_is_one_small_request(git: Git, server: GitServer, cats: Repository) -> None:
    git.ask(source())
    server.requests.clear()
    for branch in ("dev", "v1-annotated"):
        git.ask(source(branch))
    assert [request.method for request in server.requests] == ["POST", "POST"]
    assert max(request.sent for request in server.requests) < 300


@pytest.mark.parametrize("url", ["acme/cats", "file://"])
@pytest.mark.parametrize("speaks_v2", [True, False])
def test_what_a_source_is_at(
    git: Git, server: GitServer, cats: Repository, url: str, speaks_v2: bool
) -> None:
    server.speaks_v2 = speaks_v2
    url = cats.url if url == "file://" else url
    second, first = cats.history("trunk")
    assert git.ask(source(url=url)) == second
    assert git.ask(source("dev", url=url)) == cats.tip("dev")
    assert git.ask(source("v1", url=url)) == first
    assert git.ask(source("dev", "v1-annotated", url=url)) == first
    assert git.ask(source("", "origin/dev", url=url)) == cats.tip("dev")
    assert git.ask(source("", "refs/heads/dev", url=url)) == cats.tip("dev")
    assert git.ask(source("", first.upper(), url=url)) == first
    assert git.ask(source("", first[:9], url=url)) == "", "only fetching can tell"
    for nowhere in (source("nope", url=url), source("", "v9", url=url)):
        with pytest.raises(SourceError, match="has no"):
            git.ask(nowhere)


def test_a_whole_commit_id_is_no_question(git: Git, server: GitServer, cats: Repository) -> None:
    assert git.ask(source("", "a" * 40)) == "a" * 40
    assert server.requests == []


def test_a_ref_is_asked_for_once_by_many_threads(git: Git, server: GitServer, cats: Repository) -> None:
    with ThreadPoolExecutor(16) as pool:
        commits = set(pool.map(lambda _: git.ask(source("dev")), range(32)))
        commits |= set(pool.map(lambda _: git.fetch(source("dev")).revision, range(32)))
    assert commits == {cats.tip("dev")}
    assert len(server.requests) == 3, "what the server can do, where the branch is, and its files"


@pytest.mark.parametrize("way", ["direct", "version 0", "file://"])
def test_what_is_fetched_is_what_was_told(git: Git, server: GitServer, cats: Repository, way: str) -> None:
    server.speaks_v2 = way == "direct"
    asked = source("dev", url=cats.url if way == "file://" else "acme/cats")
    told = git.ask(asked)
    cats.commit({"file": "newer"}, branch="dev")
    assert git.fetch(asked).revision == told
    assert read(git, asked) == b"on dev"
    assert git.ask(asked) == told


def test_an_empty_repository(git: Git, server: GitServer) -> None:
    server.create("acme/empty")
    for call in (git.ask, git.fetch):
        with pytest.raises(SourceError, match="acme/empty is empty"):
            call(source(url="acme/empty"))


def test_a_token_goes_along(git: Git, server: GitServer) -> None:
    server.create("acme/secret-cats", private=True).commit({"file": "secret"})
    assert read(git, source(url="acme/secret-cats")) == b"secret"
    assert theirs(server) == []
    assert all(request.authorization for request in server.requests)


def test_one_who_may_not_is_no_obstacle_to_others(git: Git, server: GitServer, cats: Repository) -> None:
    """What a server can do isn't learnt from a refusal."""
    server.create("acme/private", private=True)
    for _ in range(5):
        with pytest.raises(AccessError):
            git.ask(source(str(_), url="acme/private"))
    server.requests.clear()
    assert read(git, source("dev")) == b"on dev"
    assert theirs(server) == []


def test_a_server_of_version_0_is_left_to_the_program(git: Git, server: GitServer, cats: Repository) -> None:
    server.speaks_v2 = False
    assert read(git, source("dev")) == b"on dev"
    assert read(git, source("trunk")) == b"second"
    assert len(ours(server)) == 1


def test_a_repository_that_moved_is_left_to_the_program(
    git: Git, server: GitServer, cats: Repository
) -> None:
    server.redirect("acme/old", f"{server.url}/acme/cats.git")
    old = source("dev", url="acme/old")
    assert git.ask(old) == cats.tip("dev")
    assert read(git, old) == b"on dev"
    assert [request.status for request in ours(server)] == [301]


@pytest.mark.parametrize(
    "key",
    [
        "http.proxy",
        "HTTP.https://git.example/.sslVerify",
        "url.x.insteadOf",
        "remote.origin.proxy",
        "protocol.allow",
        "transfer.fsckObjects",
        "core.gitProxy",
    ],
)
def test_settings_of_the_caller_are_the_programs_business(
    tmp_path: Path, server: GitServer, cats: Repository, key: str
) -> None:
    value = {"http.proxy": "", "protocol.allow": "always"}.get(key, "true")
    environment = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": value}
    access = Access(server_url=server.url)
    with open_git(tmp_path / "s", access=access, environment=environment) as git:
        assert read(git, source("dev")) == b"on dev"
        assert git.ask(source("trunk")) == cats.tip("trunk")
    assert ours(server) == []


def test_other_settings_of_the_caller_do_not_matter(
    tmp_path: Path, server: GitServer, cats: Repository
) -> None:
    environment = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "x"}
    access = Access(server_url=server.url)
    with open_git(tmp_path / "s", access=access, environment=environment) as git:
        assert read(git, source("dev")) == b"on dev"
    assert theirs(server) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="info/refs", status=200, headers={"Content-Type": "text/html"}, body=b"<html>Sign in"),
        Fault(path="info/refs", status=200, headers=ADVERTISEMENT, body=b"nonsense"),
        Fault(path="info/refs", status=200, headers=ADVERTISEMENT, body=b"fff0short"),
        Fault(path="info/refs", status=200, headers=ADVERTISEMENT, body=pkt_seq(b"version 2\n")),
        Fault(
            path="info/refs",
            status=200,
            headers={**ADVERTISEMENT, "Content-Encoding": "gzip"},
            body=b"\x1f\x8b",
        ),
        Fault(path="git-upload-pack", status=200, headers=RESULT, body=b"-001"),
        Fault(path="git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"ERR go away")),
        Fault(path="git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"\xff\xfe refs/heads/dev\n")),
        Fault(path="git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"0" * 40)[:30]),
        Fault(path="git-upload-pack", status=401),
        Fault(path="git-upload-pack", status=404),
        Fault(path="git-upload-pack", status=418),
    ],
    ids=lambda fault: f"{fault.path} {fault.status} {fault.body!r:.20}",
)
def test_an_odd_answer_is_left_to_the_program(
    git: Git, server: GitServer, cats: Repository, fault: Fault
) -> None:
    server.fail(fault)
    assert git.ask(source("dev")) == cats.tip("dev")
    assert theirs(server)


@pytest.mark.parametrize(
    "body",
    [
        pkt_seq(b"ERR upload-pack: not our ref"),
        pkt_seq(b"packfile\n", b"\x03too busy"),
        pkt_seq(b"packfile\n", b"\x01PACKnonsense"),
        pkt_seq(b"packfile\n"),
        pkt_seq(b"shallow-info\n", b"shallow ../../x\n"),
        pkt_seq(b"packfile\n", b"\x01PACK")[:-4],
    ],
    ids=str,
)
def test_an_odd_pack_is_left_to_the_program(
    git: Git, server: GitServer, cats: Repository, body: bytes
) -> None:
    git.ask(source("dev"))
    server.fail(Fault(path="git-upload-pack", status=200, headers=RESULT, body=body))
    assert read(git, source("dev")) == b"on dev"
    assert theirs(server)


def test_a_server_that_fails_and_fails_is_left_to_the_program(
    git: Git, server: GitServer, cats: Repository
) -> None:
    """So that not every repository waits for the same fault."""
    server.fail(Fault(times=100, path="info/refs", status=503))
    for number in range(6):
        with pytest.raises(SourceError, match="can't be reached after 4 attempts"):
            git.ask(source(f"b{number}"))
    assert len(ours(server)) == 3
    assert len(theirs(server)) == 3 * 3 + 3 * 4


def test_a_proxy_is_used_and_left_out_as_curl_does(
    tmp_path: Path, server: GitServer, cats: Repository
) -> None:
    """A proxy for http gets the whole address; our server looks at its path only, so it can play one."""
    elsewhere = source("dev", url="http://git.example/acme/cats.git")
    with open_git(tmp_path / "used", environment={"http_proxy": server.url}) as git:
        assert read(git, elsewhere) == b"on dev"
    assert len(ours(server)) == 3
    assert theirs(server) == []
    dead = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1", "HTTP_PROXY": "http://127.0.0.1:1"}
    access = Access(server_url=server.url)
    with open_git(tmp_path / "left out", access=access, environment=dead) as git:
        assert read(git, source("dev")) == b"on dev"


def test_many_refs_with_the_same_beginning(git: Git, server: GitServer, cats: Repository) -> None:
    """A server tells all refs that begin so, and may tell even more."""
    for name in ("dev-2", "developer"):
        cats.commit({"file": name}, branch=name)
    assert git.ask(source("dev")) == cats.tip("dev")


def test_a_large_pack_goes_through_git(git: Git, server: GitServer) -> None:
    large = server.create("acme/large")
    data = os.urandom(3 << 20).hex()
    large.commit({"file": "small", "large": data})
    snapshot = git.fetch(source(url="acme/large"))
    assert snapshot.read("large") == data.encode()
    assert snapshot.read("file") == b"small"
    assert theirs(server) == []


def test_a_repository_with_deltas(git: Git, server: GitServer) -> None:
    repository = server.create("acme/deltas")
    files = {
        f"{n}.yaml": "".join(f"line {line} of {n // 5}\n" for line in range(n % 5 * 10, 500))
        for n in range(50)
    }
    repository.commit(files)
    repository.git("repack", "-adfq", "--depth=50", "--window=50")
    snapshot = git.fetch(source(url="acme/deltas"))
    assert {name: snapshot.read(name) for name in files} == {n: text.encode() for n, text in files.items()}
    assert theirs(server) == []
