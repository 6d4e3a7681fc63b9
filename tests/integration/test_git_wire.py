"""Git over HTTP in this process: few requests on few connections; the git program where that won't do."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dulwich.objects import ObjectID
from dulwich.protocol import pkt_seq

from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, BranchMovedError, SourceError
from promotion.rendering.sources.git_source import GitSource
from support import gitserver
from support.gits import open_git
from support.gitserver import Fault, GitServer, Request
from support.repositories import Content, Link, Repository
from support.webserver import make_certificate

OURS = "git/2-gitops-promotion"  # what this process calls itself
ADVERTISEMENT = {"Content-Type": "application/x-git-upload-pack-advertisement"}
RESULT = {"Content-Type": "application/x-git-upload-pack-result"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def git(tmp_path: Path, server: GitServer) -> Iterator[GitClient]:
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


def test_our_server_answers_as_gits_own_backend_does(
    server: GitServer, cats: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = cats.tip().encode()
    asked = [
        (b"0014command=ls-refs\n00010009peel\n0000", "version=2"),
        (pkt_seq(b"want " + tip + b" ofs-delta no-progress\n") + pkt_seq(b"done\n")[:-4], ""),
        (b"junk", "version=2"),
    ]

    def ask(body: bytes, protocol: str) -> tuple[int, dict[str, str], bytes]:
        headers = {"Git-Protocol": protocol, "Content-Type": "application/x-git-upload-pack-request"}
        request = urllib.request.Request(f"{server.url}/acme/cats.git/git-upload-pack", body, headers)  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            told = {name: value for name, value in answer.headers.items() if name != "Date"}
            return answer.status, told, answer.read()

    direct = [ask(*each) for each in asked]
    monkeypatch.setattr(gitserver._Handler, "_wants_objects", lambda *_: False)
    assert direct == [ask(*each) for each in asked]
    assert [tip in direct[0][2], direct[1][2][:12]] == [True, b"0008NAK\nPACK"]


def source(branch: str = "", version: str = "", url: str = "acme/cats") -> GitSource:
    return GitSource(url=url, branch=branch, version=version)


def ours(server: GitServer) -> list[Request]:
    return [request for request in server.requests if request.agent == OURS]


def theirs(server: GitServer) -> list[Request]:
    return [request for request in server.requests if request.agent != OURS]


def read(git: GitClient, asked: GitSource) -> bytes | None:
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


def test_asking_is_one_small_request(git: GitClient, server: GitServer, cats: Repository) -> None:
    git.ask(source())
    server.requests.clear()
    for branch in ("dev", "v1-annotated"):
        git.ask(source(branch))
    assert [request.method for request in server.requests] == ["POST", "POST"]
    assert max(request.sent for request in server.requests) < 300


@pytest.mark.parametrize("url", ["acme/cats", "file://"])
@pytest.mark.parametrize("speaks_v2", [True, False])
def test_what_a_source_is_at(
    git: GitClient, server: GitServer, cats: Repository, url: str, speaks_v2: bool
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


def test_a_whole_commit_id_is_no_question(git: GitClient, server: GitServer, cats: Repository) -> None:
    assert git.ask(source("", "a" * 40)) == "a" * 40
    assert server.requests == []


def test_a_ref_is_asked_for_once_by_many_threads(git: GitClient, server: GitServer, cats: Repository) -> None:
    with ThreadPoolExecutor(16) as pool:
        commits = set(pool.map(lambda _: git.ask(source("dev")), range(32)))
        commits |= set(pool.map(lambda _: git.fetch(source("dev")).revision, range(32)))
    assert commits == {cats.tip("dev")}
    assert len(server.requests) == 3, "what the server can do, where the branch is, and its files"


@pytest.mark.parametrize("way", ["direct", "version 0", "file://"])
def test_what_is_fetched_is_what_was_told(
    git: GitClient, server: GitServer, cats: Repository, way: str
) -> None:
    server.speaks_v2 = way == "direct"
    asked = source("dev", url=cats.url if way == "file://" else "acme/cats")
    told = git.ask(asked)
    cats.commit({"file": "newer"}, branch="dev")
    assert git.fetch(asked).revision == told
    assert read(git, asked) == b"on dev"
    assert git.ask(asked) == told


def test_an_empty_repository(git: GitClient, server: GitServer) -> None:
    server.create("acme/empty")
    for call in (git.ask, git.fetch):
        with pytest.raises(SourceError, match="acme/empty is empty"):
            call(source(url="acme/empty"))


def test_a_token_goes_along(git: GitClient, server: GitServer) -> None:
    server.create("acme/secret-cats", private=True).commit({"file": "secret"})
    assert read(git, source(url="acme/secret-cats")) == b"secret"
    assert theirs(server) == []
    assert all(request.authorization for request in server.requests)


def test_one_who_may_not_is_no_obstacle_to_others(
    git: GitClient, server: GitServer, cats: Repository
) -> None:
    """What a server can do isn't learnt from a refusal."""
    server.create("acme/private", private=True)
    for _ in range(5):
        with pytest.raises(AccessError):
            git.ask(source(str(_), url="acme/private"))
    server.requests.clear()
    assert read(git, source("dev")) == b"on dev"
    assert theirs(server) == []


def test_a_server_of_version_0_is_left_to_the_program(
    git: GitClient, server: GitServer, cats: Repository
) -> None:
    server.speaks_v2 = False
    assert read(git, source("dev")) == b"on dev"
    assert read(git, source("trunk")) == b"second"
    assert len(ours(server)) == 1


def test_a_repository_that_moved_is_left_to_the_program(
    git: GitClient, server: GitServer, cats: Repository
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


@pytest.mark.siege
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
        Fault(path="cats.git/git-upload-pack", status=200, headers=RESULT, body=b"-001"),
        Fault(path="cats.git/git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"ERR go away")),
        Fault(
            path="cats.git/git-upload-pack",
            status=200,
            headers=RESULT,
            body=pkt_seq(b"\xff\xfe refs/heads/dev\n"),
        ),
        Fault(path="cats.git/git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"0" * 40)[:30]),
        Fault(
            path="cats.git/git-upload-pack",
            status=200,
            headers={"Content-Type": "text/plain"},
            body=pkt_seq(b"a" * 40 + b" refs/heads/dev\n"),
        ),
        Fault(path="cats.git/git-upload-pack", status=401),
        Fault(path="cats.git/git-upload-pack", status=404),
        Fault(path="cats.git/git-upload-pack", status=418),
    ],
    ids=lambda fault: f"{fault.path} {fault.status} {fault.body!r:.20}",
)
def test_an_odd_answer_is_left_to_the_program(
    git: GitClient, server: GitServer, cats: Repository, fault: Fault
) -> None:
    server.fail(fault)
    assert git.ask(source("dev")) == cats.tip("dev")
    assert theirs(server)


@pytest.mark.siege
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
def test_an_odd_pack_is_not_taken(git: GitClient, server: GitServer, cats: Repository, body: bytes) -> None:
    git.ask(source("dev"))
    server.fail(Fault(path="cats.git/git-upload-pack", status=200, headers=RESULT, body=body))
    assert read(git, source("dev")) == b"on dev"


def test_a_server_that_fails_and_fails_is_left_to_the_program(
    git: GitClient, server: GitServer, cats: Repository
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


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "GIT_SSL_CAINFO"])
def test_an_authority_of_the_callers_own(tmp_path: Path, variable: str) -> None:
    certificate = tmp_path / "server.pem"
    make_certificate(certificate)
    with GitServer(tmp_path / "tls", certificate=certificate) as server:
        server.create("acme/cats").commit({"file": "encrypted"})
        asked, access = source(url="acme/cats"), Access(server_url=server.url)
        with open_git(tmp_path / "a", access=access, environment={variable: str(certificate)}) as git:
            assert read(git, asked) == b"encrypted"
            assert len({request.connection for request in server.requests}) == 1
        assert len(ours(server)) == 3
        assert theirs(server) == []
        with (
            open_git(tmp_path / "b", access=access) as git,
            pytest.raises(SourceError, match="a certificate that isn't trusted"),
        ):
            read(git, asked)
        assert len(server.requests) == 3


def test_many_refs_with_the_same_beginning(git: GitClient, server: GitServer, cats: Repository) -> None:
    """A server tells all refs that begin so, and may tell even more."""
    for name in ("dev-2", "developer"):
        cats.commit({"file": name}, branch=name)
    assert git.ask(source("dev")) == cats.tip("dev")


@pytest.mark.siege
def test_a_large_pack_goes_through_git(git: GitClient, server: GitServer) -> None:
    large = server.create("acme/large")
    data = os.urandom(3 << 20).hex()
    large.commit({"file": "small", "large": data})
    snapshot = git.fetch(source(url="acme/large"))
    assert snapshot.read("large") == data.encode()
    assert snapshot.read("file") == b"small"
    assert theirs(server) == []


def test_a_repository_with_deltas(git: GitClient, server: GitServer) -> None:
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


def make_large(server: GitServer, *, files: int = 400, size: int = 20_000) -> Repository:
    """A repository of some megabytes beside its folder `hld`."""
    repository = server.create("acme/large")
    content: dict[str, Content] = {f"src/{n % 20}/{n}.bin": os.urandom(size // 2).hex() for n in range(files)}
    content |= {
        "README.md": "hello",
        "hld/component.yaml": "name: large",
        "hld/config/common.yaml": "config: {}",
        "hld/chart/templates/a.yaml": "kind: Pod",
        "hld/chart/values.yaml": "x: 1\n" * 9000,
        "hld/link.yaml": Link("../shared/values.yaml"),
        "shared/values.yaml": "shared",
    }
    repository.commit(content)
    return repository


@pytest.mark.siege
@pytest.mark.parametrize(("files", "size"), [(100, 40_000), (400, 10_000)], ids=["large files", "many files"])
def test_a_large_repository_costs_the_folder_that_is_read(
    git: GitClient, server: GitServer, files: int, size: int
) -> None:
    repository = make_large(server, files=files, size=size)
    snapshot = git.fetch(source(url="acme/large"))
    assert snapshot.read("hld/component.yaml") == b"name: large"
    assert snapshot.read("hld/config/common.yaml") == b"config: {}"
    assert snapshot.read("hld/config/dev.yaml") is None
    assert [entry.name for entry in snapshot.list("hld/chart") or ()] == ["templates", "values.yaml"]
    folder = snapshot.export("hld/chart")
    assert (folder / "values.yaml").read_text() == "x: 1\n" * 9000
    assert snapshot.digest("hld/chart") == f"40000 {repository.git('rev-parse', 'main:hld/chart')}"
    assert len(server.requests) <= 6, [request.sent for request in server.requests]
    assert git.traffic.received < 100_000
    if files == 400:
        assert server.requests[2].sent > 2_000_000, "this answer was left at its beginning"
        assert all(request.sent < 1000 for request in server.requests[3:]), "commit, root, folder"
    assert snapshot.read("hld/link.yaml") == b"shared"
    assert snapshot.read("README.md") == b"hello"
    assert snapshot.read("src/1/1.bin") == repository.read("src/1/1.bin").encode()
    assert theirs(server) == []


@pytest.fixture
def manifests(server: GitServer) -> Repository:
    repository = server.create("acme/manifests", private=True)
    server.allow("ghs_writer", "acme/manifests", "write")
    files: dict[str, Content] = {f"apps/app-{n}/{n}.yaml": f"kind: Pod # {n}\n" * 50 for n in range(100)}
    repository.commit({**files, "promotion.lock": "{}", "README.md": "hello"}, branch="dev")
    return repository


def publish(git: GitClient, changes: dict[str, bytes | None], branch: BranchSnapshot | None = None) -> str:
    branch = branch or git.open_branch("acme/manifests", "dev")
    made = branch.write(changes, message="m", author="A", email="a@b", timestamp=1)
    git.push(branch, made)
    return made


@pytest.fixture
def writer(tmp_path: Path, server: GitServer) -> Iterator[GitClient]:
    with open_git(tmp_path / "writer", access=Access(server_url=server.url, token="ghs_writer")) as opened:
        yield opened


@pytest.mark.parametrize("filters", [True, False])
def test_a_manifest_branch_is_written_without_its_files(
    writer: GitClient, server: GitServer, manifests: Repository, filters: bool
) -> None:
    manifests.git("config", "uploadpack.allowFilter", str(filters).lower())
    before = manifests.files("dev")
    branch = writer.open_branch("acme/manifests", "dev")
    assert branch.files() == before
    made = publish(writer, {"apps/app-7/7.yaml": b"new", "apps/new/x.yaml": b"1", "README.md": None}, branch)
    assert manifests.tip("dev") == made
    after = manifests.files("dev")
    assert after.keys() ^ before.keys() == {"README.md", "apps/new/x.yaml"}
    assert {path for path in before.keys() & after.keys() if before[path] != after[path]} == {
        "apps/app-7/7.yaml"
    }
    manifests.git("fsck", "--strict", "--no-dangling")
    assert [request.sent > 5000 for request in ours(server)] == [False, False, True]
    if filters:
        blobs = manifests.git("rev-list", "--objects", "--filter=tree:0", "dev").count("\n")
        assert not branch.objects.has(ObjectID(before["promotion.lock"].split()[1].encode())), blobs


def test_files_of_a_manifest_branch_come_when_they_are_read(
    writer: GitClient, server: GitServer, manifests: Repository
) -> None:
    branch = writer.open_branch("acme/manifests", "dev")
    assert len(server.requests) == 3
    assert branch.read("promotion.lock") == b"{}"
    assert branch.read("none") is None
    assert len(server.requests) == 4
    paths = [f"apps/app-{n}/{n}.yaml" for n in range(0, 100, 2)]
    branch.prefetch([*paths, "none", "apps", "promotion.lock"])
    assert len(server.requests) == 5
    for path in paths:
        assert (branch.read(path) or b"").decode().strip() == manifests.read(path, "dev")
    assert len(server.requests) == 5
    assert theirs(server) == []


def test_what_is_there_already_can_be_written_again(
    writer: GitClient, server: GitServer, manifests: Repository
) -> None:
    """The same content at another path, so that the push would need a file that isn't here."""
    text = manifests.read("apps/app-3/3.yaml", "dev").encode()
    publish(writer, {"elsewhere/3.yaml": text, "apps/app-3/3.yaml": None})
    assert manifests.read("elsewhere/3.yaml", "dev").encode() == text
    manifests.git("fsck", "--strict", "--no-dangling")


def test_a_manifest_branch_that_moved_since_it_was_opened(
    writer: GitClient, server: GitServer, manifests: Repository
) -> None:
    branch = writer.open_branch("acme/manifests", "dev")
    theirs_ = manifests.commit({"README.md": "moved"}, branch="dev")
    assert branch.read("README.md") == b"hello", "as it was when it was opened"
    with pytest.raises(BranchMovedError):
        publish(writer, {"x": b"1"}, branch)
    assert manifests.tip("dev") == theirs_


def test_a_missing_manifest_branch(writer: GitClient, server: GitServer, manifests: Repository) -> None:
    branch = writer.open_branch("acme/manifests", "new")
    assert branch.commit is None
    assert branch.files() == {}
    branch.prefetch(["x"])


def test_files_that_are_gone_when_they_are_needed(git: GitClient, server: GitServer) -> None:
    """Where this process can't have them, the git program gets the whole commit."""
    repository = make_large(server, files=10)
    snapshot = git.fetch(source(url="acme/large"))
    server.fail(Fault(path="large.git/git-upload-pack", status=200, headers=RESULT, body=pkt_seq(b"ERR no")))
    assert snapshot.read("hld/chart/values.yaml") == b"x: 1\n" * 9000
    assert theirs(server)
    asked = len(server.requests)
    assert snapshot.read("src/1/1.bin") == repository.read("src/1/1.bin").encode()
    assert len(server.requests) == asked


def test_a_mirror_for_another_program_is_whole(tmp_path: Path, git: GitClient, server: GitServer) -> None:
    repository = make_large(server, files=10)
    asked = source(url=f"{server.url}/acme/large.git")
    snapshot = git.fetch(asked)
    environment = git.mirror({asked: snapshot}, {})
    argv = ["git", "clone", "--quiet", asked.url, str(tmp_path / "clone")]
    subprocess.run(argv, env={"PATH": os.environ["PATH"], **environment}, check=True)
    assert (tmp_path / "clone/src/1/1.bin").read_text() == repository.read("src/1/1.bin")


def test_links_are_followed_where_a_part_is_here(git: GitClient, server: GitServer) -> None:
    repository = server.create("acme/links")
    files: dict[str, Content] = {f"other/{n}": str(n) for n in range(400)}
    files |= {f"app/{n}": Link(f"../shared/{n % 3}") for n in range(30)}
    files |= {"shared/0": "zero", "shared/1": "one", "shared/2": "two", "up": Link("app")}
    repository.commit(files)
    snapshot = git.fetch(source(url="acme/links"))
    assert snapshot.digest("app").startswith(f"40000 {repository.git('rev-parse', 'main:app')} in ")
    asked = len(server.requests)
    assert (snapshot.export("app") / "7").read_text() == "one"
    assert snapshot.read("up/8") == b"two"
    assert len(server.requests) - asked <= 3, "a folder, and what links lead to, at a time"
    assert theirs(server) == []


def test_a_refused_filter_is_done_without(git: GitClient, server: GitServer, cats: Repository) -> None:
    """A server may filter in other ways only (git: uploadpackfilter.<filter>.allow)."""
    cats.git("config", "uploadpackfilter.allow", "false")
    assert read(git, source("dev")) == b"on dev"
    assert theirs(server) == []
