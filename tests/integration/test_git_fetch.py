"""Fetching sources from a real git server, as it should be and with everything that goes wrong."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, PromotionError, SourceError
from promotion.rendering.sources.git_source import GitSource
from support.gits import open_git
from support.gitserver import NOBODY, Fault, GitServer
from support.repositories import Repository


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def git(tmp_path: Path, server: GitServer) -> Iterator[GitClient]:
    """A run with a token that may read acme/secret-cats."""
    server.allow("ghs_reader", "acme/secret-cats", "read")
    access = Access(server_url=server.url, token="ghs_reader")
    with open_git(tmp_path / "scratch", access=access, allow_local=True) as opened:
        yield opened


@pytest.fixture
def cats(server: GitServer) -> Repository:
    """A public repository whose default branch is trunk."""
    repository = server.create("acme/cats", branch="trunk")
    repository.commit({"file": "first"})
    repository.tag("v1")
    repository.tag("v1-annotated", annotated=True)
    repository.commit({"file": "second"})
    repository.commit({"file": "on dev"}, branch="dev")
    return repository


def read(git: GitClient, url: str, *, branch: str = "", version: str = "", token: str = "") -> str:
    data = git.fetch(GitSource(url=url, branch=branch, version=version), token=token).read("file")
    assert data is not None
    return data.decode()


def refuse(
    scratch: Path, url: str, message: str, *, kind: type[PromotionError] = SourceError, **options: Any
) -> PromotionError:
    """The error that reading a repository ends with."""
    with open_git(scratch, **options) as git, pytest.raises(kind, match=message) as caught:
        read(git, url)
    return caught.value


def test_default_branch_branch_and_tag(git: GitClient, cats: Repository) -> None:
    assert read(git, "acme/cats") == "second"
    assert read(git, "acme/cats", branch="dev") == "on dev"
    assert read(git, "acme/cats", branch="v1") == "first"
    assert read(git, "acme/cats", version="v1") == "first"
    assert read(git, "acme/cats", version="v1-annotated") == "first"
    assert read(git, "acme/cats", version="dev") == "on dev"
    assert read(git, "acme/cats", version="origin/dev") == "on dev"
    assert read(git, "acme/cats", version="refs/heads/dev") == "on dev"


def test_the_version_head_is_the_branch_or_the_default_one_as_for_fab(
    git: GitClient, cats: Repository
) -> None:
    url = "acme/cats"
    default = git.fetch(GitSource(url=url), token="")
    assert git.fetch(GitSource(url=url, version="HEAD"), token="").revision == default.revision
    branch = git.fetch(GitSource(url=url, branch="dev"), token="")
    assert git.fetch(GitSource(url=url, branch="dev", version="HEAD"), token="").revision == branch.revision
    with pytest.raises(SourceError, match="has no branch or tag 'nowhere'"):
        git.fetch(GitSource(url=url, branch="nowhere", version="HEAD"), token="")


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ("dev:file", " lacks an object that its own commits name: remote: fatal: unable to read"),
        ("dev^{tree}", " lacks an object that its own commits name: remote: fatal: bad tree object"),
        ("dev", " names '.*', but didn't give it"),
    ],
)
def test_a_server_that_lacks_an_object_is_told_of(
    git: GitClient, cats: Repository, lacking: str, words: str
) -> None:
    cats.lose(lacking)
    for url in ("acme/cats", f"file://{cats.folder}"):
        with pytest.raises(SourceError, match=words) as caught:
            read(git, url, branch="dev")
        assert "git fsck" in caught.value.fix


def test_version_wins_over_branch(git: GitClient, cats: Repository) -> None:
    assert read(git, "acme/cats", branch="dev", version="v1") == "first"


def test_a_branch_comes_before_a_tag_and_for_versions_the_tag(git: GitClient, cats: Repository) -> None:
    cats.git("update-ref", "refs/tags/dev", cats.git("rev-parse", "v1"))
    assert read(git, "acme/cats", branch="dev") == "on dev"
    assert read(git, "acme/cats", version="dev") == "first"


def test_commits_whole_and_abbreviated(git: GitClient, cats: Repository) -> None:
    first = cats.history("trunk")[-1]
    assert read(git, "acme/cats", version=first) == "first"
    assert read(git, "acme/cats", version=first.upper()) == "first"
    assert read(git, "acme/cats", version=first[:7]) == "first"
    assert read(git, cats.url, version=first[:5].upper()) == "first"
    assert git.fetch(GitSource(url="acme/cats", version=first[:7])).revision == first


def test_a_tag_named_like_an_abbreviated_commit(git: GitClient, cats: Repository) -> None:
    cats.tag(cats.history("trunk")[-1][:7], at=cats.tip("dev"))
    assert read(git, "acme/cats", version=cats.history("trunk")[-1][:7]) == "on dev"


def test_a_prefix_of_several_commits_is_an_error(git: GitClient, server: GitServer) -> None:
    dogs = server.create("acme/dogs")
    # of 2000 commits, two share their first four digits: 1 - exp(-2000**2 / 2 / 16**4) is all but certain
    one = "commit refs/heads/main\ncommitter Test <t@example.com> {} +0000\ndata 0\n"
    dogs.git("fast-import", "--quiet", stdin="".join(one.format(n) for n in range(2000)).encode())
    prefixes = Counter(commit[:4] for commit in dogs.history())
    (prefix, count), *_ = prefixes.most_common(1)
    assert count > 1
    with pytest.raises(SourceError, match="several commits"):
        read(git, "acme/dogs", version=prefix)


def test_a_server_that_gives_no_commit_by_its_id(git: GitClient, server: GitServer, cats: Repository) -> None:
    server.speaks_v2 = False  # before it, git gives only what a branch or tag is at
    assert read(git, "acme/cats", version=cats.history("trunk")[-1]) == "first"
    assert read(git, "acme/cats", version=cats.history("trunk")[-1][:8]) == "first"
    with pytest.raises(SourceError, match="has no commit, tag or branch 'aaaaaaa"):
        read(git, "acme/cats", version="a" * 40)


@pytest.mark.parametrize("direct", [True, False])
def test_only_one_commit_is_fetched(
    git: GitClient, server: GitServer, cats: Repository, direct: bool
) -> None:
    server.speaks_v2 = direct
    snapshot = git.fetch(GitSource(url="acme/cats", branch="trunk"))
    shallow = (snapshot.repository / "shallow").read_text().split()
    assert shallow == [cats.tip("trunk")]


@pytest.mark.parametrize("shape", ["plain path", "file://"])
def test_local_repositories(tmp_path: Path, cats: Repository, shape: str) -> None:
    address = str(cats.folder) if shape == "plain path" else cats.url
    with open_git(tmp_path / "local", allow_local=True) as git:
        assert read(git, address) == "second"
        assert read(git, address, version=cats.history("trunk")[-1]) == "first"
    with open_git(tmp_path / "remote") as git, pytest.raises(SourceError, match="only a local definition"):
        read(git, address)


def test_a_shallow_repository_is_a_source_too(tmp_path: Path, cats: Repository, git: GitClient) -> None:
    clone = tmp_path / "shallow.git"
    cats.git("clone", "--quiet", "--bare", "--depth=1", cats.url, str(clone))
    assert read(git, f"file://{clone}") == "second"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_local_repository_of_another_user(tmp_path: Path, cats: Repository, git: GitClient) -> None:
    for path in (cats.folder, *cats.folder.rglob("*")):
        shutil.chown(path, 12345, 12345)
    assert read(git, cats.url) == "second"


def test_a_private_repository_needs_its_token(tmp_path: Path, git: GitClient, server: GitServer) -> None:
    server.create("acme/secret-cats", private=True).commit({"file": "secret"})
    assert read(git, "acme/secret-cats") == "secret"
    assert read(git, f"{server.url}/acme/secret-cats.git") == "secret"
    error = refuse(
        tmp_path / "anonymous",
        "acme/secret-cats",
        "asks for a token",
        kind=AccessError,
        access=Access(server_url=server.url),
    )
    assert "`contents: read` on acme/secret-cats" in error.fix


def test_a_wrong_token_and_one_without_the_right(tmp_path: Path, server: GitServer) -> None:
    server.create("acme/secret-cats", private=True).commit({"file": "secret"})
    server.create("acme/other", private=True)
    server.allow("ghs_other", "acme/other", "read")
    wrong = Access(server_url=server.url, token="ghs_nobody")
    refuse(tmp_path / "wrong", "acme/secret-cats", "refuses the token", kind=AccessError, access=wrong)
    other = Access(server_url=server.url, token="ghs_other")
    message = "acme/secret-cats is not there, or the credential may not see it"
    refuse(tmp_path / "other", "acme/secret-cats", message, kind=AccessError, access=other)
    assert len(server.requests) < 6, "a refusal is no reason to try again"


def test_a_token_for_one_source(tmp_path: Path, server: GitServer) -> None:
    """access.yaml: the token goes to this source and to no other on the same host."""
    for name in ("cats", "dogs"):
        server.create(f"acme/{name}", private=True).commit({"file": name})
        server.allow("for-cats", f"acme/{name}", "read")
    with open_git(tmp_path / "scratch") as git:  # this server is not the run's
        assert read(git, f"{server.url}/acme/cats.git", token="for-cats") == "cats"
        assert read(git, f"{server.url}/acme/cats.git", token="me:for-cats") == "cats"
        with pytest.raises(AccessError):
            read(git, f"{server.url}/acme/dogs.git")
    assert {request.authorization for request in server.requests if "dogs" in request.path} == {None}


def test_credentials_in_an_address(tmp_path: Path, server: GitServer) -> None:
    server.create("acme/cats", private=True).commit({"file": "cats"})
    server.allow("in-address", "acme/cats", "read")
    host = server.url.removeprefix("http://")
    with open_git(tmp_path / "scratch") as git:
        assert read(git, f"http://me:in-address@{host}/acme/cats.git") == "cats"
        with pytest.raises(AccessError) as caught:
            read(git, f"http://me:wrong-pass@{host}/acme/cats.git")
    assert "wrong-pass" not in f"{caught.value}{caught.value!r}{caught.value.__dict__}"


def test_a_user_name_in_an_address_is_a_token_only_if_the_server_wants_one(
    tmp_path: Path, server: GitServer
) -> None:
    """`https://organisation@dev.azure.com` as well as `https://TOKEN@github.com`."""
    server.create("acme/cats", private=True).commit({"file": "cats"})
    server.create("acme/dogs").commit({"file": "dogs"})
    server.allow(NOBODY, "acme/cats", "none")
    server.users["ghs_as_user"] = "acme/cats"
    host = server.url.removeprefix("http://")
    with open_git(tmp_path / "scratch") as git:
        assert read(git, f"http://organisation@{host}/acme/dogs.git") == "dogs"
        assert {request.authorization for request in server.requests} == {None}
        assert read(git, f"http://ghs_as_user@{host}/acme/cats.git") == "cats"
        with pytest.raises(AccessError, match="refuses the token") as caught:
            read(git, f"http://ghs_unknown@{host}/acme/cats.git")
    assert "ghs_unknown" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            GitSource(url="acme/cats", branch="nope"),
            "acme/cats has no branch or tag 'nope'; it has dev, trunk. Check",
        ),
        (GitSource(url="acme/cats", branch="trnk"), "it has dev, trunk. Did you mean 'trunk'?"),
        (
            GitSource(url="acme/empty", branch="dev"),
            "acme/empty has no branch 'dev'; it is empty. Push a first commit.",
        ),
        (
            GitSource(url="acme/cats", branch="abcdef0"),
            "it has dev, trunk. A commit must be given by its whole id",
        ),
        (GitSource(url="acme/cats", version="v9"), "acme/cats has no commit, tag or branch 'v9'"),
        (
            GitSource(url="acme/cats", version="a" * 40),
            f"acme/cats has no commit, tag or branch '{'a' * 40}'",
        ),
        (GitSource(url="acme/cats", version="abcdef0"), "acme/cats has no commit, tag or branch 'abcdef0'"),
        (GitSource(url="acme/none"), "acme/none is not there"),
        (GitSource(url="acme/empty"), "acme/empty is empty. Push a first commit."),
        (GitSource(url="file:///nowhere.git"), "at file:///nowhere.git. Name the top folder of a clone"),
        (GitSource(url="acme/cats", version="HEAD~1"), "'HEAD~1' can't be the name"),
        (GitSource(url="acme/cats", branch="--upload-pack=x"), "'--upload-pack=x' can't be the name"),
        (GitSource(url="acme/cats", branch="x:refs/heads/y"), "can't be the name"),
        (GitSource(url="ext::sh -c id"), "address"),
    ],
)
def test_what_is_not_there_is_named(
    git: GitClient, server: GitServer, cats: Repository, source: GitSource, message: str
) -> None:
    server.create("acme/empty")
    with pytest.raises(SourceError) as caught:
        git.fetch(source)
    assert message in str(caught.value)


def test_a_tag_of_a_file_is_not_a_commit(git: GitClient, cats: Repository) -> None:
    blob = cats.git("rev-parse", "trunk:file")
    cats.git("update-ref", "refs/tags/blob", blob)
    with pytest.raises(SourceError, match="is not a commit"):
        git.fetch(GitSource(url="acme/cats", version="blob"))


def test_each_ref_is_fetched_once_by_many_threads(
    git: GitClient, server: GitServer, cats: Repository
) -> None:
    server.fail(Fault(delay=0.2, path="info/refs"))
    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(lambda _: read(git, "acme/cats"), range(32)))
    assert set(texts) == {"second"}
    assert len([request for request in server.requests if request.path.endswith("info/refs")]) == 1


def test_many_refs_at_once(git: GitClient, server: GitServer) -> None:
    for number in range(12):
        server.create(f"acme/app-{number}").commit({"file": str(number)})
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda number: read(git, f"acme/app-{number}"), range(12)))
    assert texts == [str(number) for number in range(12)]


def test_every_waiter_sees_the_failure_as_its_own(
    git: GitClient, server: GitServer, cats: Repository
) -> None:
    def ask(number: int) -> PromotionError:
        with pytest.raises(SourceError) as caught:
            read(git, "acme/cats", branch="nope")
        caught.value.component = str(number)
        return caught.value

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(ask, range(16)))
    assert [error.component for error in errors] == [str(number) for number in range(16)]
    asked = [request for request in server.requests if request.method == "POST"]
    assert len(asked) == 2, "once for branches and tags of that name, once for all that there are"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, times=2),
        Fault(status=502),
        Fault(status=503, times=3),
        Fault(status=429),
        Fault(reset=True, times=2),
        Fault(cut=10, path="info/refs"),
        Fault(cut=60, path="git-upload-pack", times=2),
    ],
    ids=str,
)
def test_a_fault_of_the_network_is_tried_again(
    tmp_path: Path, server: GitServer, cats: Repository, fault: Fault
) -> None:
    pauses: list[float] = []
    tries = fault.times
    server.fail(fault)
    with open_git(tmp_path / "s", access=Access(server_url=server.url), sleep=pauses.append) as git:
        assert read(git, "acme/cats") == "second"
    assert len(pauses) == tries
    assert all(0.5 * 2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(pauses))


@pytest.mark.parametrize(("seconds", "waited"), [("45", True), ("3600", False)])
def test_the_server_says_how_long_to_wait(
    tmp_path: Path, server: GitServer, cats: Repository, seconds: str, waited: bool
) -> None:
    """We do, unless it is longer than anybody wants to wait."""
    pauses: list[float] = []
    server.fail(Fault(status=429, headers={"Retry-After": seconds}))
    with open_git(tmp_path / "s", access=Access(server_url=server.url), sleep=pauses.append) as git:
        assert read(git, "acme/cats") == "second"
    assert (float(seconds) in pauses) == waited
    assert sum(pauses) < 60


def test_a_lasting_fault_ends_with_a_clear_error(tmp_path: Path, server: GitServer, cats: Repository) -> None:
    server.fail(Fault(status=503, times=100))
    pauses: list[float] = []
    message = r"acme/cats can't be reached after 4 attempts: .*503"
    refuse(tmp_path, "acme/cats", message, access=Access(server_url=server.url), sleep=pauses.append)
    assert len(pauses) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_tried_again(
    tmp_path: Path, server: GitServer, cats: Repository, status: int
) -> None:
    server.fail(Fault(status=status, times=100))
    pauses: list[float] = []
    access = Access(server_url=server.url)
    refuse(tmp_path, "acme/cats", "acme/cats", kind=AccessError, access=access, sleep=pauses.append)
    assert pauses == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "https://host.invalid/x"])
def test_an_unreachable_host(tmp_path: Path, url: str) -> None:
    pauses: list[float] = []
    refuse(tmp_path, url, "can't be reached after 4 attempts", sleep=pauses.append)
    assert len(pauses) == 3


def test_a_server_that_hangs_meets_the_time_limit(
    tmp_path: Path, server: GitServer, cats: Repository
) -> None:
    server.fail(Fault(delay=20, times=5))
    start = time.monotonic()
    access = Access(server_url=server.url)
    refuse(tmp_path, "acme/cats", "after 1 s", access=access, timeout=1.0)
    assert time.monotonic() - start < 8


def test_an_address_full_of_telling_words_is_not_taken_for_an_error(
    tmp_path: Path, server: GitServer
) -> None:
    server.fail(Fault(status=418, times=9))
    pauses: list[float] = []
    url = f"{server.url}/acme/ssl_error_syscall.git"
    refuse(tmp_path, url, "418", sleep=pauses.append)
    assert pauses == []


def _settings(entries: dict[str, str]) -> dict[str, str]:
    """A caller's git settings in its environment."""
    numbered = list(enumerate(entries.items()))
    environment = {f"GIT_CONFIG_KEY_{n}": key for n, (key, _) in numbered}
    environment |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in numbered}
    return environment | {"GIT_CONFIG_COUNT": str(len(entries))}


def test_the_callers_git_settings_are_kept(tmp_path: Path, cats: Repository) -> None:
    """As the conformance cases do it: addresses are rewritten to files, and the network is forbidden."""
    environment = _settings({f"url.file://{cats.folder.parent}/.insteadOf": "https://git.example/"})
    environment["GIT_ALLOW_PROTOCOL"] = "file"
    with open_git(tmp_path / "local", environment=environment, allow_local=True) as git:
        assert read(git, "https://git.example/cats") == "second"
        with pytest.raises(SourceError, match="isn't allowed"):
            read(git, "https://elsewhere.example/cats")
    refuse(tmp_path / "remote", "https://git.example/cats", "isn't allowed", environment=environment)


def test_a_rewritten_address_gets_no_token(tmp_path: Path, server: GitServer, cats: Repository) -> None:
    environment = _settings({f"url.{server.url}/.insteadOf": "https://github.com/"})
    access = Access(token="ghs_for_github")
    with open_git(tmp_path / "s", access=access, environment=environment) as git:
        assert read(git, "acme/cats") == "second"
    assert {request.authorization for request in server.requests} == {None}


def test_a_callers_own_header_gives_way_to_ours(tmp_path: Path, server: GitServer) -> None:
    server.create("acme/secret-cats", private=True).commit({"file": "secret"})
    server.allow("ghs_reader", "acme/secret-cats", "read")
    environment = _settings({f"http.{server.url}/.extraHeader": "AUTHORIZATION: basic bm9ib2R5Om5v"})
    access = Access(server_url=server.url, token="ghs_reader")
    with open_git(tmp_path / "s", access=access, environment=environment) as git:
        assert read(git, "acme/secret-cats") == "secret"


def test_a_renamed_repository_is_followed_with_a_warning(tmp_path: Path, server: GitServer) -> None:
    server.create("acme/new-cats", private=True).commit({"file": "moved"})
    server.allow("ghs_reader", "acme/new-cats", "read")
    server.redirect("acme/old-cats", f"{server.url}/acme/new-cats.git")
    warnings: list[str] = []
    access = Access(server_url=server.url, token="ghs_reader")
    with open_git(tmp_path / "s", access=access, warn=warnings.append) as git:
        assert read(git, "acme/old-cats") == "moved"
        with pytest.raises(SourceError, match="no branch"):
            read(git, "acme/old-cats", branch="nope")
    assert len(warnings) == 1
    assert "acme/old-cats has moved to" in warnings[0]
    assert "acme/new-cats" in warnings[0]


def test_a_redirect_to_another_host_gets_no_token(tmp_path: Path, server: GitServer) -> None:
    with GitServer(tmp_path / "other") as other:
        other.create("acme/cats").commit({"file": "elsewhere"})
        other.allow("ghs_reader", "acme/cats", "read")
        server.redirect("acme/cats", f"{other.url}/acme/cats.git")
        server.redirect("acme/dogs", f"{other.url}/acme/cats.git")
        access = Access(server_url=server.url, token="ghs_reader")
        with open_git(tmp_path / "s", access=access) as git:
            assert read(git, "acme/cats") == "elsewhere"
            assert read(git, f"{server.url}/acme/dogs.git", token="for-dogs") == "elsewhere"
        assert {request.authorization for request in other.requests} == {None}
        assert all(request.authorization for request in server.requests)


def test_redirects_without_end(tmp_path: Path, server: GitServer) -> None:
    server.redirect("acme/a", f"{server.url}/acme/b.git")
    server.redirect("acme/b", f"{server.url}/acme/a.git")
    server.fail(Fault(path="page.git", status=302, headers={"Location": f"{server.url}/login"}, times=9))
    with open_git(tmp_path / "s", access=Access(server_url=server.url)) as git:
        with pytest.raises(SourceError, match="again and again"):
            read(git, "acme/a")
        with pytest.raises(AccessError, match="a page that is no repository"):
            read(git, "acme/page")


@pytest.mark.parametrize("target", ["file:///etc", "ext::sh -c id", "ssh://host/x"])
def test_a_redirect_out_of_the_web_is_refused(tmp_path: Path, server: GitServer, target: str) -> None:
    server.fail(Fault(status=301, headers={"Location": f"{target}/info/refs"}, times=9))
    access = Access(server_url=server.url)
    refuse(tmp_path, "acme/cats", r"redirects|can't be followed", access=access, allow_local=True)


def test_hooks_and_settings_of_a_repository_are_nothing_to_us(
    tmp_path: Path, cats: Repository, git: GitClient
) -> None:
    marker = tmp_path / "ran"
    modules = '[submodule "x"]\n\tpath = x\n\turl = ext::sh\n'
    cats.commit({".gitattributes": "* filter=evil", ".gitmodules": modules})
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-push"):
        cats.install_hook(hook, f"touch {marker}")
    snapshot = git.fetch(GitSource(url="acme/cats"))
    assert (snapshot.export("") / "file").read_text() == "second"
    assert not marker.exists()


def test_a_reader_without_a_token_sends_nothing(tmp_path: Path, server: GitServer, cats: Repository) -> None:
    server.allow(NOBODY, "acme/cats", "read")
    with open_git(tmp_path / "s", access=Access(server_url="https://github.com", token="ghs_github")) as git:
        read(git, f"{server.url}/acme/cats.git")
    assert {request.authorization for request in server.requests} == {None}


def test_an_old_git_is_named(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho git version 2.25.1\n")
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    refuse(
        tmp_path, "acme/cats", r"too old: git version 2\.25", kind=PromotionError, environment={"PATH": path}
    )
