"""The history of a manifest branch on a real git server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, SourceError
from support.gits import open_git
from support.gitserver import GitServer
from support.repositories import Repository

NAME = "acme/manifests"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        running.allow("ghs_writer", NAME, "write")
        yield running


@pytest.fixture
def manifests(server: GitServer) -> Repository:
    return server.create(NAME, private=True)


@pytest.fixture
def git(tmp_path: Path, server: GitServer) -> Iterator[GitClient]:
    access = Access(server_url=server.url, token="ghs_writer", source_token="ghs_only_reads")
    with open_git(tmp_path / "scratch", access=access) as opened:
        yield opened


def merge(repository: Repository, other: str) -> str:
    """A commit of the branch's tree on top of it and another commit."""
    tree = repository.git("rev-parse", "main^{tree}")
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    parents = ["-p", repository.tip(), "-p", other]
    commit = repository.git(*identity, "commit-tree", tree, *parents, "-m", "Merge")
    repository.git("update-ref", "refs/heads/main", commit)
    return commit


def test_the_commits_are_told_as_they_are(git: GitClient, manifests: Repository) -> None:
    first = manifests.commit({"a.yaml": "1"}, message="First\n\nBody: ü", time=100)
    second = manifests.commit({"a.yaml": "2"}, message="Second", time=200)
    history = git.open_history(NAME, "main")
    assert [(one.id, one.time, one.parents) for one in history.line] == [
        (second, 200, (first,)),
        (first, 100, ()),
    ]
    assert history.line[1].message == "First\n\nBody: ü"
    assert [one.subject for one in history.line] == ["Second", "First"]
    assert history.line[0].author == "Test <test@example.com>"


def test_what_a_merge_brings_in_is_known_but_was_never_the_tip(git: GitClient, manifests: Repository) -> None:
    first = manifests.commit({"a.yaml": "1"}, time=100)
    manifests.git("branch", "other")
    side = manifests.commit({"b.yaml": "1"}, branch="other", time=200)
    second = manifests.commit({"a.yaml": "2"}, time=300)
    merged = merge(manifests, side)
    history = git.open_history(NAME, "main")
    assert history.commits.keys() == {merged, second, side, first}
    assert [one.id for one in history.line] == [merged, second, first]


def test_a_missing_branch_has_no_history(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"a.yaml": "1"})
    history = git.open_history(NAME, "prod")
    assert (history.tip, history.commits, history.line) == ("", {}, ())


def test_the_files_of_an_older_commit_are_read(git: GitClient, manifests: Repository) -> None:
    old = manifests.commit({"pets/cat.yaml": "1", "pets/dog.yaml": "1"})
    manifests.commit({"pets/cat.yaml": "2", "pets/dog.yaml": None})
    branch = git.open_commit(NAME, "main", old)
    assert branch.files() == tree(manifests, old)
    assert branch.read("pets/cat.yaml") == b"1"
    assert branch.read("pets/fish.yaml") is None


def test_each_commit_tells_what_it_changed(git: GitClient, manifests: Repository) -> None:
    first = manifests.commit({"README.md": "1", "pets/cat.yaml": "1", "pets/dog.yaml": "1"})
    second = manifests.commit({"pets/cat.yaml": "2", "pets/dog.yaml": None, "apps/web/web.yaml": "1"})
    third = manifests.commit({"apps/web/web.yaml": None, "apps/web.yaml": "1"})
    past = git.open_history(NAME, "main")
    assert past.changes(first) == {"README.md", "pets/cat.yaml", "pets/dog.yaml"}
    assert past.changes(second) == {"pets/cat.yaml", "pets/dog.yaml", "apps/web/web.yaml"}
    assert past.changes(third) == {"apps/web/web.yaml", "apps/web.yaml"}


def test_the_latest_commits_are_enough(git: GitClient, manifests: Repository) -> None:
    ids = [manifests.commit({f"{number}.yaml": "1"}) for number in range(5)]
    past = git.open_history(NAME, "main", depth=2)
    assert [one.id for one in past.line] == [ids[4], ids[3]]
    assert past.changes(ids[4]) == {"4.yaml"}
    assert not past.changes(ids[3]), "nobody knows"


def test_files_stay_on_the_server_until_they_are_read(
    git: GitClient, server: GitServer, manifests: Repository
) -> None:
    for number in range(5):
        manifests.commit({"large.yaml": os.urandom(200_000).hex() + str(number)})
    server.requests.clear()
    git.open_history(NAME, "main")
    assert 0 < sum(request.sent for request in server.requests) < 100_000


def test_an_older_commit_is_had_by_the_git_program_too(tmp_path: Path, manifests: Repository) -> None:
    old = manifests.commit({"a.yaml": "1"})
    manifests.commit({"a.yaml": "2"})
    for address in (manifests.url, str(manifests.folder)):
        with open_git(tmp_path / "local", allow_local=True) as local:
            assert [one.id for one in local.open_history(address, "main").line][1] == old
            assert local.open_commit(address, "main", old).read("a.yaml") == b"1"


def test_a_commit_that_is_not_there_is_an_error(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"a.yaml": "1"})
    with pytest.raises(SourceError):
        git.open_commit(NAME, "main", "0123456789" * 4)


def test_a_repository_that_is_not_ours_to_read_is_an_error(git: GitClient, server: GitServer) -> None:
    server.create("acme/other", private=True).commit({"a.yaml": "1"})
    with pytest.raises(AccessError):
        git.open_history("acme/other", "main")


def tree(repository: Repository, commit: str) -> dict[str, str]:
    """Every path of a commit with mode and object id, as `100644 8ab686ea...`."""
    rows = (line.partition("\t") for line in repository.git("ls-tree", "-r", commit).splitlines())
    return {path: f"{head.split()[0]} {head.split()[2]}" for head, _, path in rows}
