"""What isn't trusted, such as the pull request of a fork, reaches public addresses only, in whatever way.

`localhost` and 127.0.0.1 are the private network here. The run's own server is on it, too, and is reached.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from promotion.common.backoff import Backoff
from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.git.redirects import follow
from promotion.edges.git.remotes import Access, parse_remote
from promotion.edges.web import guarded_session as guard
from promotion.edges.web import host_policy
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.web_address import nearness
from promotion.edges.web.web_client import Patience, WebClient
from promotion.errors import AccessError, PrivateAddressError, SourceError
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from support import registry
from support.charts import packed_chart
from support.gits import open_git
from support.gitserver import GitServer
from support.webserver import Answer, WebServer, serve

PUBLIC = "93.184.216.34"
# What leaves all fetching to the git program.
BY_PROGRAM = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.version", "GIT_CONFIG_VALUE_0": "HTTP/1.1"}
# Ways to write this machine: as a number, and as a name to be looked up.
HERE = ["127.0.0.1", "[::ffff:127.0.0.1]", "[::]", "localhost", "LOCALHOST"]


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as server:
        yield server


@pytest.fixture
def untrusted() -> WebClient:
    return WebClient({}, host_policy=HostPolicy(most=0), patience=Patience(backoff=Backoff(attempts=1)))


@pytest.mark.parametrize("host", HERE)
def test_a_file(site: WebServer, untrusted: WebClient, host: str) -> None:
    site.answer("/a.yaml", b"kind: Secret")
    with pytest.raises(PrivateAddressError, match="is on a private network"):
        untrusted.get(f"http://{host}:{site.port}/a.yaml")
    assert not site.asked


@pytest.mark.parametrize("host", HERE)
def test_a_chart_repository(site: WebServer, untrusted: WebClient, tmp_path: Path, host: str) -> None:
    with pytest.raises(PrivateAddressError, match="is on a private network"):
        ChartStore(untrusted, tmp_path).fetch(ChartSource(repository=f"http://{host}:{site.port}", chart="c"))
    assert not site.asked


def test_an_archive_that_an_index_names(site: WebServer, untrusted: WebClient, tmp_path: Path) -> None:
    """The index is public here, being the run's own; the archive isn't."""
    with serve() as other:
        other.answer("/c.tgz", packed_chart("c"))
        urls = [f"http://localhost:{other.port}/c.tgz"]
        index = {"apiVersion": "v1", "entries": {"c": [{"version": "1.0.0", "urls": urls}]}}
        site.answer("/index.yaml", json.dumps(index).encode())
        web = WebClient(
            {},
            host_policy=HostPolicy(most=0, home=[site.url]),
            patience=Patience(backoff=Backoff(attempts=1)),
        )
        with pytest.raises(PrivateAddressError, match="private network"):
            ChartStore(web, tmp_path).fetch(ChartSource(repository=site.url, chart="c"))
        assert site.asked
        assert not other.asked


def test_a_registry(untrusted: WebClient, tmp_path: Path) -> None:
    with registry.serve() as server:
        for host in (server.host, server.host.replace("127.0.0.1", "localhost")):
            with pytest.raises(PrivateAddressError, match="is on a private network"):
                ChartStore(untrusted, tmp_path).fetch(
                    ChartSource(repository=f"oci://{host}/charts", chart="c")
                )


def test_a_server_of_tokens_that_a_registry_names(tmp_path: Path) -> None:
    with registry.serve(username="u", password="p") as server, serve() as other:
        home = WebClient(
            {},
            host_policy=HostPolicy(most=0, home=[f"http://{server.host}"]),
            patience=Patience(backoff=Backoff(attempts=1)),
        )
        with pytest.raises(SourceError):
            ChartStore(home, tmp_path).fetch(ChartSource(repository=f"oci://{server.host}/charts", chart="c"))
        assert not other.asked


def test_a_redirect(site: WebServer) -> None:
    with serve() as other:
        other.answer("/b.yaml", b"kind: Secret")
        location = {"Location": f"http://localhost:{other.port}/b.yaml"}
        site.answer("/a.yaml", Answer(status=302, headers=location))
        web = WebClient(
            {},
            host_policy=HostPolicy(most=0, home=[site.url]),
            patience=Patience(backoff=Backoff(attempts=1)),
        )
        with pytest.raises(PrivateAddressError, match="private network"):
            web.get(f"{site.url}/a.yaml")
        assert not other.asked


@pytest.mark.parametrize("host", HERE)
@pytest.mark.parametrize("environment", [{}, BY_PROGRAM], ids=["here", "program"])
def test_a_repository(tmp_path: Path, host: str, environment: dict[str, str]) -> None:
    with GitServer(tmp_path / "server") as server:
        server.create("acme/dogs").commit({"file": "inside"})
        address = server.url.replace("127.0.0.1", host)
        with (
            open_git(tmp_path / "scratch", host_policy=HostPolicy(most=0), environment=environment) as git,
            pytest.raises(PrivateAddressError, match="is on a private network"),
        ):
            git.fetch(GitSource(url=f"{address}/acme/dogs.git"))
        assert not server.requests


@pytest.mark.parametrize("environment", [{}, BY_PROGRAM], ids=["here", "program"])
def test_a_repository_that_redirects(tmp_path: Path, environment: dict[str, str]) -> None:
    with GitServer(tmp_path / "home") as home, GitServer(tmp_path / "other") as other:
        other.create("acme/dogs").commit({"file": "inside"})
        home.redirect("acme/cats", f"{other.url.replace('127.0.0.1', 'localhost')}/acme/dogs.git")
        judge = HostPolicy(most=0, home=[home.url])
        with (
            open_git(tmp_path / "scratch", host_policy=judge, environment=environment) as git,
            pytest.raises(PrivateAddressError, match="private network"),
        ):
            git.fetch(GitSource(url=f"{home.url}/acme/cats.git"))
        assert not other.requests


def test_the_question_where_a_repository_has_moved(site: WebServer) -> None:
    remote = parse_remote(f"http://localhost:{site.port}/a", server_url="", allow_local=False)
    with pytest.raises(PrivateAddressError, match="private network"):
        follow(remote, "git-upload-pack", "", {}, nearest=0)
    assert not site.asked


def test_ssh_needs_a_key_and_there_is_none(tmp_path: Path) -> None:
    with (
        open_git(tmp_path, host_policy=HostPolicy(most=0)) as git,
        pytest.raises(AccessError, match="there is no key"),
    ):
        git.fetch(GitSource(url="git@127.0.0.1:acme/dogs.git"))


def test_the_runs_own_server_may_be_private(tmp_path: Path) -> None:
    for number, environment in enumerate([{}, BY_PROGRAM]):
        with GitServer(tmp_path / f"server-{number}") as server:
            server.create("acme/dogs").commit({"file": "ours"})
            access, judge = Access(server_url=server.url), HostPolicy(most=0, home=[server.url])
            scratch = tmp_path / f"scratch-{number}"
            with open_git(scratch, access=access, host_policy=judge, environment=environment) as git:
                assert git.fetch(GitSource(url="acme/dogs")).read("file") == b"ours"


def test_nobody_is_connected_to_before_he_is_judged(untrusted: WebClient) -> None:
    """Else whoever asks would learn which ports answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        with pytest.raises(PrivateAddressError):
            untrusted.get(f"http://localhost:{listener.getsockname()[1]}/")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_name_means_what_it_meant_when_it_was_judged(
    site: WebServer, untrusted: WebClient, monkeypatch: pytest.MonkeyPatch, blocked_attempts: list[str]
) -> None:
    """DNS rebinding: `localhost` means a public address once, and this machine ever after."""
    answers = iter([[PUBLIC]])
    monkeypatch.setattr(guard, "find_addresses", lambda host: next(answers, ["127.0.0.1"]))
    with pytest.raises(SourceError, match="can't be reached"):
        untrusted.get(f"http://localhost:{site.port}/a.yaml")
    assert not site.asked
    assert PUBLIC in blocked_attempts.pop()


def test_one_private_address_among_public_ones_is_enough(
    site: WebServer, untrusted: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "find_addresses", lambda _: [PUBLIC, "10.0.0.1"])
    with pytest.raises(PrivateAddressError):
        untrusted.get(f"http://files.example:{site.port}/a.yaml")


def test_the_git_program_is_told_the_address_and_asks_no_proxy(
    tmp_path: Path, site: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is nobody's, so git can only have the address from us."""
    monkeypatch.setattr(
        host_policy, "nearness", lambda address: 0 * nearness(address)
    )  # as if this machine were public

    def meaning(host: str) -> Sequence[str]:
        return ["127.0.0.1"] if host == "public.test" else [host]

    with GitServer(tmp_path / "server") as server:
        server.create("acme/dogs").commit({"file": "public"})
        address = server.url.replace("127.0.0.1", "public.test")
        proxied = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": site.url}
        for number, environment in enumerate([BY_PROGRAM, proxied, BY_PROGRAM | {"http_proxy": site.url}]):
            judge = HostPolicy(meaning, most=0)
            with open_git(tmp_path / str(number), host_policy=judge, environment=environment) as git:
                snapshot = git.fetch(GitSource(url=f"{address}/acme/dogs.git"))
            assert snapshot.read("file") == b"public"
    assert not site.asked


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "inside.example", "public.example."])
def test_what_git_would_look_up_is_looked_up_before(tmp_path: Path, host: str) -> None:
    """Numbers that Python doesn't take for addresses, and curl does; a dot at a name's end."""
    with (
        open_git(
            tmp_path, host_policy=HostPolicy(lambda _: ["127.0.0.1"], most=0), environment=BY_PROGRAM
        ) as git,
        pytest.raises(SourceError, match=r"is on a private network|its host isn't known"),
    ):
        git.fetch(GitSource(url=f"http://{host}/acme/dogs.git"))


def test_a_proxy_is_not_asked(site: WebServer, tmp_path: Path) -> None:
    """It looks names up by itself, and may reach what it likes."""
    proxy = {"http_proxy": site.url}
    with pytest.raises(PrivateAddressError, match="behind a proxy"):
        WebClient(proxy, host_policy=HostPolicy(most=0)).get("http://files.example/a.yaml")
    with (
        open_git(tmp_path, host_policy=HostPolicy(lambda _: [PUBLIC], most=0), environment=proxy) as git,
        pytest.raises(PrivateAddressError, match="behind a proxy"),
    ):
        git.fetch(GitSource(url="http://files.example/a.git"))
    assert not site.asked
