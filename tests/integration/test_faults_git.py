"""Troubles between us and git servers: tried again where that can help, else one clear error."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotion.edges.git import git_environment
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, ExhaustedError, PromotionError, PublishError, SourceError
from promotion.rendering.sources.git_source import GitSource
from support.disks import MakeDisk
from support.gits import open_git
from support.gitserver import GitServer
from support.processes import find_processes
from support.proxy import EVER, FaultProxy, Trouble
from support.repositories import Repository

pytestmark = [pytest.mark.siege, pytest.mark.samples]

FETCH, PUSH = "git-upload-pack", "git-receive-pack"
SOURCE, MANIFESTS = "acme/cats", "acme/manifests"
NOISE = random.Random(1).randbytes(300_000)  # noqa: S311  so that a pack has a middle

PASSING = [
    Trouble(reset=True),
    Trouble(reset=True, times=2),
    Trouble(status=429),
    Trouble(status=429, headers={"Retry-After": "1"}),
    Trouble(status=500),
    Trouble(status=502, times=2),
    Trouble(status=503),
    Trouble(status=504),
    Trouble(cut=0),
    Trouble(cut=30),
    Trouble(cut=30, reset=True),
    Trouble(cut=30, pretend=True),
    Trouble(path="POST", cut=10),
    Trouble(path="POST", reset=True),
    Trouble(path="POST", cut_request=50),
]
IN_MID_PACK = [
    Trouble(path="POST", cut=150_000, reset=True),
    Trouble(path="POST", cut=150_000),
    Trouble(path="POST", cut=150_000, pretend=True),
    Trouble(path="POST", cut=150_000, pretend=True, times=2),
]
LASTING = [
    (Trouble(reset=True), SourceError, "can't be reached after 4 attempts"),
    (Trouble(cut=10), SourceError, "can't be reached after 4 attempts"),
    (Trouble(status=429), SourceError, "can't be reached after 4 attempts: .*429"),
    (Trouble(status=500), SourceError, "can't be reached after 4 attempts: .*500"),
    (Trouble(status=502), SourceError, "can't be reached after 4 attempts: .*502"),
    (Trouble(status=401), AccessError, "the server refuses the token"),
    (Trouble(status=403), AccessError, "the server forbids it"),
    (Trouble(status=404), AccessError, "is not there, or the credential may not see it"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        running.allow("ghs_token", SOURCE, "read")
        running.allow("ghs_token", MANIFESTS, "write")
        yield running


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with FaultProxy() as running:
        yield running


@pytest.fixture
def cats(server: GitServer) -> Repository:
    repository = server.create(SOURCE, private=True)
    repository.commit({"file": "meow", "noise": NOISE})
    return repository


@pytest.fixture
def manifests(server: GitServer) -> Repository:
    repository = server.create(MANIFESTS, branch="dev", private=True)
    repository.commit({"README.md": "old"})
    return repository


class Client:
    """A Git behind the proxy; at its end, nothing that it started is alive."""

    def __init__(self, scratch: Path, server: GitServer, proxy: FaultProxy, *, timeout: float = 60) -> None:
        self.pauses: list[float] = []
        self.scratch = scratch
        self._opening = open_git(
            scratch,
            access=Access(server_url=server.url, token="ghs_token"),
            environment=proxy.variables,
            sleep=self.pauses.append,
            timeout=timeout,
        )

    def __enter__(self) -> Client:
        self.git: GitClient = self._opening.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._opening.__exit__(None, None, None)
        assert not find_processes(str(self.scratch))

    def read(self) -> bytes:
        snapshot = self.git.fetch(GitSource(url=SOURCE))
        assert snapshot.read("file") == b"meow"
        return snapshot.read("noise") or b""

    def push(self) -> str:
        branch = self.git.open_branch(MANIFESTS, "dev")
        changes = {"noise": NOISE}
        made = branch.write(changes, message="New", author="Bot", email="bot@example.com", timestamp=0)
        self.git.push(branch, made)
        return made


@pytest.mark.parametrize("trouble", [*PASSING, *IN_MID_PACK], ids=str)
def test_a_fetch_survives(
    tmp_path: Path, server: GitServer, proxy: FaultProxy, cats: Repository, trouble: Trouble
) -> None:
    proxy.make(_made_for(trouble, FETCH))
    with Client(tmp_path / "scratch", server, proxy) as client:
        assert client.read() == NOISE
    assert len(client.pauses) <= 3


@pytest.mark.parametrize("trouble", PASSING, ids=str)
def test_a_push_survives(
    tmp_path: Path, server: GitServer, proxy: FaultProxy, manifests: Repository, trouble: Trouble
) -> None:
    proxy.make(_made_for(trouble, PUSH))
    with Client(tmp_path / "scratch", server, proxy) as client:
        made = client.push()
    assert manifests.tip() == made
    manifests.git("fsck", "--strict")


def test_a_push_whose_pack_breaks_in_the_middle(
    tmp_path: Path, server: GitServer, proxy: FaultProxy, manifests: Repository
) -> None:
    proxy.make(Trouble(path=f"POST /{MANIFESTS}.git/{PUSH}", cut_request=150_000, times=2))
    with Client(tmp_path / "scratch", server, proxy) as client:
        made = client.push()
    assert manifests.tip() == made
    assert 1 <= len(client.pauses) <= 3


@pytest.mark.parametrize(("trouble", "kind", "words"), LASTING, ids=str)
def test_a_fetch_ends_with_a_clear_error(
    tmp_path: Path,
    server: GitServer,
    proxy: FaultProxy,
    cats: Repository,
    trouble: Trouble,
    kind: type[PromotionError],
    words: str,
) -> None:
    proxy.make(_made_for(trouble, FETCH, times=EVER))
    with Client(tmp_path / "scratch", server, proxy) as client, pytest.raises(kind, match=words) as caught:
        client.read()
    _check_error(caught.value, client, SOURCE)


@pytest.mark.parametrize(("trouble", "kind", "words"), LASTING, ids=str)
def test_a_push_ends_with_a_clear_error_and_the_branch_as_it_was(
    tmp_path: Path,
    server: GitServer,
    proxy: FaultProxy,
    manifests: Repository,
    trouble: Trouble,
    kind: type[PromotionError],
    words: str,
) -> None:
    old = manifests.tip()
    proxy.make(_made_for(trouble, PUSH, times=EVER))
    with Client(tmp_path / "scratch", server, proxy) as client, pytest.raises(kind, match=words) as caught:
        client.push()
    _check_error(caught.value, client, MANIFESTS)
    assert manifests.tip() == old


def test_pauses_grow_and_are_spread_by_chance(
    tmp_path: Path, server: GitServer, proxy: FaultProxy, manifests: Repository
) -> None:
    proxy.make(Trouble(path=PUSH, status=503, times=EVER))
    with Client(tmp_path / "scratch", server, proxy) as client, pytest.raises(SourceError):
        client.push()
    first, second, third = client.pauses
    assert 0.5 <= first < 1.5
    assert 1 <= second < 3
    assert 2 <= third < 6
    assert {first, second, third}.isdisjoint({0.5, 1, 2})


@pytest.mark.parametrize("service", [FETCH, PUSH])
def test_nobody_listens(tmp_path: Path, server: GitServer, manifests: Repository, service: str) -> None:
    """Not even a proxy: connections are refused."""
    with FaultProxy() as closed:
        pass
    with Client(tmp_path / "scratch", server, closed) as client:
        with pytest.raises(SourceError, match="can't be reached after 4 attempts"):
            client.read() if service == FETCH else client.push()
        assert len(client.pauses) == 3


@pytest.mark.parametrize(
    ("service", "trouble"),
    [
        (FETCH, Trouble(hang=True)),
        (FETCH, Trouble(drip=0.05)),
        (FETCH, Trouble(path="POST", rate=5)),
        (PUSH, Trouble(hang=True)),
        (PUSH, Trouble(drip=0.05)),
        (PUSH, Trouble(rate=5)),
        (PUSH, Trouble(path="POST", hang=True)),
    ],
    ids=str,
)
def test_everything_has_an_end(
    tmp_path: Path,
    server: GitServer,
    proxy: FaultProxy,
    cats: Repository,
    manifests: Repository,
    service: str,
    trouble: Trouble,
) -> None:
    """A server that hangs, and one whose answer comes letter by letter."""
    proxy.make(_made_for(trouble, service, times=EVER))
    start = time.monotonic()
    with Client(tmp_path / "scratch", server, proxy, timeout=1) as client:
        with pytest.raises((SourceError, PublishError), match="after 1 s") as caught:
            client.read() if service == FETCH else client.push()
        assert caught.value.fix
    assert time.monotonic() - start < 15


def test_a_server_slower_than_any_line_counts_as_broken(
    tmp_path: Path,
    server: GitServer,
    proxy: FaultProxy,
    manifests: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before the time limit of the whole call."""
    settings = [
        ("http.lowSpeedTime", "1") if key == "http.lowSpeedTime" else (key, value)
        for key, value in git_environment.SETTINGS
    ]
    assert ("http.lowSpeedTime", "1") in settings
    monkeypatch.setattr(git_environment, "SETTINGS", tuple(settings))
    proxy.make(Trouble(path=PUSH, hang=True, times=EVER))
    client = Client(tmp_path / "scratch", server, proxy)
    with client, pytest.raises(SourceError, match=r"can't be reached after 4 attempts: .*too slow"):
        client.push()


@pytest.mark.parametrize("service", [FETCH, PUSH])
def test_a_disk_that_fills_up_in_the_git_program(
    tmp_path: Path,
    server: GitServer,
    proxy: FaultProxy,
    cats: Repository,
    manifests: Repository,
    service: str,
    small_disk: MakeDisk,
) -> None:
    """It isn't taken for a fault of the line, and not tried again."""
    server.speaks_v2 = False  # so that the program is asked
    big = random.Random(2).randbytes(900_000)  # noqa: S311
    (cats if service == FETCH else manifests).commit({"big": big})
    small_disk(tmp_path / "scratch", 800)
    with Client(tmp_path / "scratch", server, proxy) as client:
        with pytest.raises(ExhaustedError, match="the disk is full"):
            client.read() if service == FETCH else client.push()
        assert not client.pauses


def _made_for(trouble: Trouble, service: str, *, times: int = 0) -> Trouble:
    repository = SOURCE if service == FETCH else MANIFESTS
    given = vars(trouble) | {"times": times or trouble.times}
    if trouble.path == "POST":
        return Trouble(**given | {"path": f"POST /{repository}.git/{service}"})
    return Trouble(**given | {"path": service})


def _check_error(error: PromotionError, client: Client, name: str) -> None:
    assert name in error.what
    assert error.fix
    assert "\n" not in str(error)
    is_refusal = isinstance(error, AccessError)
    assert len(client.pauses) == (0 if is_refusal else 3)
