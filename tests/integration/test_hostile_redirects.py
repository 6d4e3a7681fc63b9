"""Servers that lead us elsewhere: to this machine, its network, its secrets, or round in a circle.

`localhost` stands for a public server here: only the tests' resolver says so. Everything else about it is
real, so a connection to it is one to this machine, as it is to a name that changed its meaning.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from promotion.common.backoff import Backoff
from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.git.redirects import follow
from promotion.edges.git.remotes import Access, parse_remote
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.web_client import Patience, WebClient
from promotion.errors import AccessError, SourceError
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from support.charts import packed_chart
from support.gits import open_git
from support.gitserver import GitServer
from support.webserver import Answer, WebServer, serve

pytestmark = [pytest.mark.siege, pytest.mark.samples]

PUBLIC = "93.184.216.34"
# Ways to write an address that only this machine, its network, or its cloud can reach.
INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",  # noqa: S104  an address to be refused
    "[::]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[fd00::1]",
    "[64:ff9b::a00:1]",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "168.63.129.16",
    "100.100.100.200",
    "inside.test",
    "both.test",
]


def resolve(host: str) -> Sequence[str]:
    """What the names of these tests mean."""
    known = {"localhost": [PUBLIC], "inside.test": ["10.0.0.1"], "both.test": [PUBLIC, "169.254.169.254"]}
    return known.get(host, [host])


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as server:
        yield server


@pytest.fixture
def outside() -> WebClient:
    return WebClient({}, host_policy=HostPolicy(resolve), patience=Patience(backoff=Backoff(attempts=1)))


@pytest.mark.parametrize(
    ("status", "inside"),
    [*((302, inside) for inside in INSIDE), *((n, INSIDE[0]) for n in (301, 303, 307, 308))],
)
def test_a_manifest_that_redirects_inside(
    site: WebServer, outside: WebClient, status: int, inside: str
) -> None:
    site.answer("/a.yaml", Answer(status=status, headers={"Location": f"http://{inside}:{site.port}/b.yaml"}))
    with pytest.raises(SourceError, match=r"leads to .*, which is on a private network"):
        outside.get(f"http://localhost:{site.port}/a.yaml")
    assert site.paths() == ["/a.yaml"]


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "data:text/plain,x",
        "jar:http://x!/y",
        "http://[",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "//[",
        "javascript:x",
    ],
)
def test_what_leads_out_of_the_web(site: WebServer, tmp_path: Path, target: str) -> None:
    """By a redirect of a manifest or of a repository, and by an index of charts."""
    site.answer("/a.yaml", Answer(status=302, headers={"Location": target}))
    with pytest.raises(SourceError):
        WebClient({}).get(f"{site.url}/a.yaml")
    site.answer("/a/info/refs?service=git-upload-pack", Answer(status=302, headers={"Location": target}))
    with pytest.raises(SourceError), open_git(tmp_path / "scratch") as git:
        git.fetch(GitSource(url=f"{site.url}/a"))
    index = {"apiVersion": "v1", "entries": {"c": [{"version": "1.0.0", "urls": [target]}]}}
    site.answer("/index.yaml", json.dumps(index).encode())
    with pytest.raises(SourceError):
        ChartStore(WebClient({}), tmp_path).fetch(ChartSource(repository=site.url, chart="c"))
    assert {path.partition("?")[0] for path in site.paths()} == {"/a.yaml", "/a/info/refs", "/index.yaml"}


@pytest.mark.parametrize("way", [["/a"], ["/b", "/a"], [f"/{n}" for n in range(30)]])
def test_redirects_without_end(site: WebServer, way: list[str]) -> None:
    for here, there in zip(["/a", *way], [*way, "/a"], strict=True):
        site.answer(here, Answer(status=302, headers={"Location": there}))
    with pytest.raises(SourceError, match="from redirect to redirect"):
        WebClient({}).get(f"{site.url}/a")
    assert len(site.asked) <= 9


def test_the_page_of_a_redirect_is_not_read(site: WebServer) -> None:
    """It may be endless, or unpack to gigabytes."""
    endless = Answer(status=302, headers={"Location": "/b.yaml"}, body=b"x" * 100, drip=0.2, promise=10**12)
    site.answer("/a.yaml", endless)
    site.answer("/b.yaml", b"kind: ConfigMap\n")
    site.answer("/a/info/refs?service=git-upload-pack", endless)
    start = time.monotonic()
    assert WebClient({}).get(f"{site.url}/a.yaml") == b"kind: ConfigMap\n"
    with pytest.raises(AccessError, match="a page that is no repository"):
        follow(parse_remote(f"{site.url}/a", server_url="", allow_local=False), "git-upload-pack", "", {})
    assert time.monotonic() - start < 10


def test_a_name_that_means_another_address_when_we_connect(site: WebServer, outside: WebClient) -> None:
    """DNS rebinding: it is judged by who is connected to, not by what the name meant a moment before."""
    site.answer("/a.yaml", Answer(status=302, headers={"Location": f"http://localhost:{site.port}/b.yaml"}))
    site.answer("/b.yaml", b"kind: Secret\n")
    with pytest.raises(SourceError, match="private network"):
        outside.get(f"http://localhost:{site.port}/a.yaml")
    assert site.paths() == ["/a.yaml"]


@pytest.mark.parametrize("inside", INSIDE)
def test_an_index_of_charts_that_leads_inside(
    site: WebServer, outside: WebClient, tmp_path: Path, inside: str
) -> None:
    urls = [f"http://{inside}:{site.port}/c.tgz"]
    index = {"apiVersion": "v1", "entries": {"c": [{"version": "1.0.0", "urls": urls}]}}
    site.answer("/charts/index.yaml", json.dumps(index).encode())
    site.answer("/c.tgz", packed_chart("c"))
    with pytest.raises(SourceError, match="private network"):
        source = ChartSource(repository=f"http://localhost:{site.port}/charts", chart="c")
        ChartStore(outside, tmp_path).fetch(source)
    assert site.paths() == ["/charts/index.yaml"]


@pytest.mark.parametrize("inside", INSIDE)
def test_a_repository_that_redirects_inside(tmp_path: Path, inside: str) -> None:
    with GitServer(tmp_path / "server") as server:
        address = server.url.replace("127.0.0.1", "localhost")
        server.redirect("acme/cats", f"http://{inside}:{server.url.rpartition(':')[2]}/acme/dogs.git")
        server.create("acme/dogs").commit({"file": "inside"})
        with (
            open_git(tmp_path / "scratch", host_policy=HostPolicy(resolve)) as git,
            pytest.raises(SourceError, match="private network"),
        ):
            git.fetch(GitSource(url=f"{address}/acme/cats.git"))
        assert not [request for request in server.requests if "dogs" in request.path]


def test_git_in_this_process_judges_who_it_is_connected_to(tmp_path: Path) -> None:
    """As if this machine were where credentials are handed out; nobody's name can tell beforehand."""
    with GitServer(tmp_path / "server") as server:
        server.create("acme/dogs").commit({"file": "inside"})
        address = server.url.replace("127.0.0.1", "localhost")
        with (
            open_git(tmp_path / "scratch", host_policy=HostPolicy(most=1)) as git,
            pytest.raises(SourceError, match="private network"),
        ):
            git.fetch(GitSource(url=f"{address}/acme/dogs.git"))
        assert not server.requests


def test_git_connects_to_the_address_that_was_judged(tmp_path: Path) -> None:
    """The name of the redirect is nobody's, so git can only have the address from us."""

    def meaning(host: str) -> Sequence[str]:
        return ["127.0.0.1"] if host in ("localhost", "moved.test") else [host]

    with GitServer(tmp_path / "server") as server:
        moved = server.url.replace("127.0.0.1", "moved.test")
        server.redirect("acme/cats", f"{moved}/acme/dogs.git")
        server.create("acme/dogs").commit({"file": "moved"})
        with open_git(tmp_path / "scratch", host_policy=HostPolicy(meaning)) as git:
            snapshot = git.fetch(GitSource(url=f"{server.url}/acme/cats.git"))
        assert snapshot.read("file") == b"moved"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "169.254.170.2", "[fe80::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
     "[fd00:ec2::254]", "[fd20:ce::254]", "168.63.129.16", "100.100.100.200"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["manifest", "chart", "git"])
def test_what_hands_out_a_machines_credentials_is_no_source(tmp_path: Path, way: str, host: str) -> None:
    """Not even for a definition that names it."""
    with pytest.raises(SourceError, match="where machines get credentials"):
        match way:
            case "manifest":
                WebClient({}).get(f"http://{host}/latest/meta-data/x.yaml")
            case "chart":
                source = ChartSource(repository=f"http://{host}/latest", chart="c")
                ChartStore(WebClient({}), tmp_path).fetch(source)
            case _:
                with open_git(tmp_path / "scratch") as git:
                    git.fetch(GitSource(url=f"http://{host}/latest"))


def test_a_token_stays_with_its_server(site: WebServer, tmp_path: Path) -> None:
    """Git's token, when the repository redirects to a page, or asks from elsewhere for a password."""
    with GitServer(tmp_path / "server") as server:
        server.allow("ghs_token", "acme/cats", "read")
        server.redirect("acme/cats", f"{site.url}/acme/cats.git")
        site.answer(
            "/acme/cats.git/info/refs?service=git-upload-pack",
            Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'}),
        )
        access = Access(server_url=server.url, token="ghs_token")
        with open_git(tmp_path / "scratch", access=access) as git, pytest.raises(AccessError):
            git.fetch(GitSource(url="acme/cats"))
    assert site.asked
    assert not any("authorization" in asked.headers for asked in site.asked)
