"""Commits that GitHub makes and signs: a git server and the fake GitHub that show one real repository."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from dulwich.objects import ObjectID

from promotion.edges.git.branch_history import read_commit
from promotion.edges.github import commits_api as commits
from promotion.edges.github.commits_api import CommitsApi
from promotion.edges.github.github_client import GitHubClient
from promotion.errors import PublishError
from support.estate import TOKEN, Estate
from support.estate_copies import copy_server, create_estate
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.github_server import Fault as ApiFault
from support.gits import open_git
from support.gitserver import Fault
from support.repositories import Content, Link, Program, Repository, Submodule

CAT = "cat-application/cat-application.yaml"
HEAD = "promotion/dev"
NAME = "acme/cluster-manifests"


@pytest.fixture
def estate(github: FakeGitHub, tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        made = Estate(server, tmp_path / "steps", api_url=github.url)
        github.add(LiveRepository(NAME, made.manifests))
        yield made


def is_signed(repository: Repository, branch: str = "dev") -> bool:
    return "\ngpgsig " in repository.git("cat-file", "commit", repository.tip(branch))


class TestThePush:
    def test_brings_a_signed_commit_with_the_tree_that_git_would_have_pushed(self, estate: Estate) -> None:
        done = estate.run(estate.push_event(verified="true"))
        assert done.code == 0, done.log
        assert is_signed(estate.manifests)
        assert done.step.outputs["commit"] == estate.manifests.tip()
        assert estate.run(estate.push_event(manifest_branch="plain")).code == 0
        assert not is_signed(estate.manifests, "plain")
        assert estate.manifests.files() == estate.manifests.files("plain")
        messages = [estate.manifests.git("log", "-1", "--format=%B", branch) for branch in ("dev", "plain")]
        assert messages[0] == messages[1]

    def test_names_neither_author_nor_committer(self, estate: Estate, github: FakeGitHub) -> None:
        estate.run(estate.push_event(verified="true", commit_author="Ada <ada@example.com>"))
        (made,) = [seen for seen in github.seen if seen.operation == "git.create_commit"]
        assert made.body.keys() == {"message", "tree", "parents"}
        assert "Ada" not in estate.manifests.git("cat-file", "commit", estate.manifests.tip())

    def test_is_followed_by_runs_that_see_it(self, estate: Estate) -> None:
        assert estate.run(estate.push_event(verified="true")).code == 0
        again = estate.run(estate.push_event(verified="true"))
        assert again.step.outputs["changed"] == "false"
        estate.release("1.2.0")
        assert estate.run(estate.push_event(verified="true")).code == 0
        assert len(estate.manifests.history()) == 3
        assert estate.manifests.git("diff", "--name-only", "dev~1", "dev").split() == [CAT, "promotion.lock"]
        assert is_signed(estate.manifests)

    def test_takes_few_requests(self, estate: Estate, github: FakeGitHub) -> None:
        estate.run(estate.push_event(verified="true"))
        operations = [seen.operation for seen in github.seen if seen.operation.startswith("git.")]
        assert operations == ["git.create_tree", "git.create_commit"]

    def test_that_loses_a_race_starts_again(self, estate: Estate) -> None:
        estate.run(estate.push_event(verified="true"))
        estate.release("1.2.0")
        fault = Fault(
            path="cluster-manifests.git/git-receive-pack",
            before=lambda: estate.manifests.commit({"README.md": "ours"}),
        )
        estate.server.fail(fault)
        done = estate.run(estate.push_event(verified="true"))
        assert done.code == 0, done.log
        assert "(attempt 2)" in done.log
        assert estate.manifests.read("README.md") == "ours"
        assert "cat-application:1.2.0" in estate.manifests.read(CAT)
        assert is_signed(estate.manifests)

    def test_that_ends_before_the_branch_is_set_leaves_it_as_it_was(
        self, estate: Estate, github: FakeGitHub
    ) -> None:
        estate.run(estate.push_event(verified="true"))
        tip = estate.manifests.tip()
        estate.release("1.2.0")
        github.deny("git.create_commit")
        done = estate.run(estate.push_event(verified="true"))
        assert done.code == 1
        assert "`contents: write`" in done.errors[0]
        assert estate.manifests.tip() == tip

    def test_outlasts_troubles_of_the_api(self, estate: Estate, github: FakeGitHub) -> None:
        for operation in ("git.create_tree", "git.create_commit"):
            github.faults.append(ApiFault(operation, 502, times=1))
        done = estate.run(estate.push_event(verified="true"))
        assert done.code == 0, done.log
        assert is_signed(estate.manifests)

    def test_of_a_token_for_which_github_signs_nothing_is_gits_own_with_a_warning(
        self, estate: Estate, github: FakeGitHub
    ) -> None:
        github.signs = False
        done = estate.run(estate.push_event(verified="true", commit_author="Ada <ada@example.com>"))
        assert done.code == 0, done.log
        assert "GitHub doesn't sign the commit (unsigned)" in done.log
        assert estate.manifests.git("log", "-1", "--format=%an", "dev") == "Ada"

    def test_takes_a_repository_of_this_server(self, estate: Estate) -> None:
        elsewhere = f"file://{estate.manifests.folder}"
        step = estate.push_event(
            verified="true",
            manifest_repository=elsewhere,
            hld_repository=estate.repository("cluster-hld").url,
        )
        done = estate.run(step)
        assert done.code == 2
        assert "isn't a repository of" in done.errors[0]


def test_a_pull_request_holds_a_signed_commit_too(estate: Estate, github: FakeGitHub) -> None:
    estate.run(estate.push_event())
    for version in ("1.2.0", "1.3.0"):
        estate.release(version)
        done = estate.run(estate.push_event(delivery="pull-request", verified="true"))
        assert done.code == 0, done.log
        assert is_signed(estate.manifests, HEAD)
        assert estate.manifests.history(HEAD)[1:] == estate.manifests.history()
    again = estate.run(estate.push_event(delivery="pull-request", verified="true"))
    assert again.step.outputs["commit"] == ""
    assert github.count("git.create_commit") == 2


class TestTheTree:
    """Whatever changes, what GitHub makes is what git would push."""

    @pytest.fixture
    def manifests(self, github: FakeGitHub, tmp_path: Path) -> Repository:
        real = Repository(tmp_path / "manifests.git", branch="dev")
        others: dict[str, Content] = {
            "run": Program("#!"),
            "link": Link("run"),
            "module": Submodule("b" * 40),
        }
        real.commit({**others, "a/b.yaml": "b", "a/c.yaml": "c", "alone/in/here.yaml": "1", "file": "x"})
        github.add(LiveRepository(NAME, real))
        return real

    def sign(
        self, github: FakeGitHub, real: Repository, scratch: Path, changes: dict[str, bytes | None]
    ) -> list[str]:
        """The operations that it took."""
        with open_git(scratch, allow_local=True) as git:
            branch = git.open_branch(real.url, "dev")
            commit = branch.write(changes, message="Change", author="a", email="a@b.c", timestamp=1)
            api = CommitsApi(GitHubClient(github.url, TOKEN), NAME)
            made = api.sign(branch.objects, read_commit(branch.objects, ObjectID(commit.encode())))
            tree = branch.objects.root(ObjectID(commit.encode())).decode()
        assert made.reason == ""
        assert real.git("rev-parse", f"{made.id}^{{tree}}") == tree
        assert real.git("rev-parse", f"{made.id}^") == real.tip()
        assert real.git("fsck", "--connectivity-only", "--no-dangling", made.id) == ""
        return [seen.operation for seen in github.seen]

    @pytest.mark.parametrize(
        "changes",
        [
            {"a/b.yaml": b"other", "new/folder/x.yaml": b"x: \xc3\xa4\n"},
            {"a/b.yaml": None},
            {"alone/in/here.yaml": None},
            {"a/b.yaml": None, "a/c.yaml": None, "z": b"1"},
            {"file": None, "file/inside.yaml": b"1"},
            {"crlf.yaml": b"a\r\nb\r\n", "blanks.yaml": b"  \n\n", "quotes": b'"\\"'},
        ],
        ids=["changed and new", "deleted", "a folder less", "two less", "a folder for a file", "odd texts"],
    )
    def test_is_gits_in_one_request(
        self, github: FakeGitHub, manifests: Repository, tmp_path: Path, changes: dict[str, bytes | None]
    ) -> None:
        operations = self.sign(github, manifests, tmp_path / "scratch", changes)
        assert operations == ["git.create_tree", "git.create_commit"]

    @pytest.mark.parametrize(
        "data", [b"\xff\xfe\x00", b"a\0b", b"", b"x" * 1_100_000], ids=["bytes", "nul", "empty", "large"]
    )
    def test_takes_what_is_no_short_text_as_a_blob(
        self, github: FakeGitHub, manifests: Repository, tmp_path: Path, data: bytes
    ) -> None:
        self.sign(github, manifests, tmp_path / "scratch", {"a/b.yaml": data, "a/c.yaml": b"text"})
        (blob,) = [seen for seen in github.seen if seen.operation == "git.create_blob"]
        assert base64.b64decode(blob.body["content"]) == data

    @pytest.mark.siege
    def test_of_many_files_takes_several_requests(
        self, github: FakeGitHub, manifests: Repository, tmp_path: Path
    ) -> None:
        changes: dict[str, bytes | None] = {f"many/{number}.yaml": b"%d" % number for number in range(1_200)}
        operations = self.sign(github, manifests, tmp_path / "scratch", changes)
        assert operations == ["git.create_tree"] * 3 + ["git.create_commit"]

    def test_is_made_folder_by_folder_where_github_keeps_empty_ones(
        self, github: FakeGitHub, manifests: Repository, tmp_path: Path
    ) -> None:
        github.keeps_empty_folders = True
        changes: dict[str, bytes | None] = {"alone/in/here.yaml": None, "new/x.yaml": b"1"}
        operations = self.sign(github, manifests, tmp_path / "scratch", changes)
        assert operations.count("git.create_tree") > 1

    def test_that_is_too_large_for_the_api_is_an_error_that_names_the_file(
        self, github: FakeGitHub, manifests: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(commits, "_LARGEST", 2 << 20)
        with pytest.raises(PublishError, match=r"'a/b.yaml' has 3 MiB, and GitHub's API takes 2"):
            self.sign(github, manifests, tmp_path / "scratch", {"a/b.yaml": b"x" * (3 << 20)})
