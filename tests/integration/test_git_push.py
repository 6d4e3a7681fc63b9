"""Writing the manifest branch on a real git server: what is kept, what is refused, who wins a race."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, BranchMovedError, PublishError, SourceError
from support.gits import open_git
from support.gitserver import Fault, GitServer
from support.repositories import Link, Program, Repository, Submodule

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


def commit(branch: BranchSnapshot, changes: dict[str, bytes | None], *, message: str = "Change") -> str:
    return branch.write(
        changes, message=message, author="Bot", email="bot@example.com", timestamp=1_600_000_000
    )


def publish(git: GitClient, changes: dict[str, bytes | None], branch: str = "dev") -> str:
    opened = git.open_branch(NAME, branch)
    made = commit(opened, changes)
    git.push(opened, made)
    return made


def test_the_tip_is_read_as_it_is(git: GitClient, manifests: Repository) -> None:
    tip = manifests.commit(
        {"a/b.yaml": "x", "run": Program("#!"), "link": Link("a"), "m": Submodule("b" * 40)}
    )
    branch = git.open_branch(NAME, "main")
    assert branch.commit == tip
    assert branch.files() == manifests.files()
    assert {text.split()[0] for text in branch.files().values()} == {"100644", "100755", "120000", "160000"}
    assert branch.read("a/b.yaml") == b"x"
    assert branch.read("link") == b"a"
    for path in ("a", "m", "nothing", "run/x", "m/x", "link/b.yaml"):
        assert branch.read(path) is None


def test_a_commit_changes_what_it_names_and_nothing_else(git: GitClient, manifests: Repository) -> None:
    old = manifests.commit(
        {
            "README.md": "human",
            ".github/workflows/ci.yml": "on: push",
            "apps/cat.yaml": "old",
            "apps/dog.yaml": "old",
            "apps/bin/run": Program("#!"),
            "apps/link": Link("../README.md"),
            "apps/module": Submodule("b" * 40),
            "gone/only.yaml": "old",
            "ünïcode/x": "1",
        },
        branch="dev",
    )
    before = manifests.files("dev")
    changes: dict[str, bytes | None] = {
        "apps/cat.yaml": b"new",
        "apps/new/deep/er.yaml": b"1",
        "apps/dog.yaml": None,
        "gone/only.yaml": None,
        "never/there.yaml": None,
    }
    made = publish(git, changes)
    after = manifests.files("dev")
    assert manifests.history("dev") == [made, old]
    assert manifests.read("apps/cat.yaml", "dev") == "new"
    assert {path for path in after if path.startswith("apps/new/")} == {"apps/new/deep/er.yaml"}
    touched = set(changes)
    assert {k: v for k, v in after.items() if k not in touched} == {
        k: v for k, v in before.items() if k not in touched
    }
    assert after.keys().isdisjoint({"apps/dog.yaml", "gone/only.yaml", "never/there.yaml"})
    manifests.git("fsck", "--strict", "--no-dangling")


def test_folders_that_did_not_change_keep_their_tree(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"a/x": "1", "b/x": "1"}, branch="dev")
    trees = manifests.git("rev-parse", "dev:b")
    publish(git, {"a/x": b"2"})
    assert manifests.git("rev-parse", "dev:b") == trees


def test_the_commit_says_who_and_when(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"x": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"y": b"1"}, message="dev: cats 1 → 2\n\nHLD-Commit: abc\n")
    assert made == commit(branch, {"y": b"1"}, message="dev: cats 1 → 2\n\nHLD-Commit: abc"), (
        "no clock, no random"
    )
    git.push(branch, made)
    shown = manifests.git("show", "--no-patch", "--format=%an <%ae> %aI|%cn <%ce> %cI|%B", "dev")
    who = "Bot <bot@example.com> 2020-09-13T12:26:40+00:00"
    assert shown == f"{who}|{who}|dev: cats 1 → 2\n\nHLD-Commit: abc"


@pytest.mark.parametrize("others", [False, True], ids=["an empty repository", "beside other branches"])
def test_a_missing_branch_begins_with_an_empty_commit(
    git: GitClient, manifests: Repository, others: bool
) -> None:
    if others:
        manifests.commit({"README.md": "main"})
    branch = git.open_branch(NAME, "dev")
    assert branch.commit is None
    assert branch.files() == {}
    assert branch.read("x") is None
    made = commit(branch, {"apps/cat.yaml": b"1"})
    git.push(branch, made)
    assert len(manifests.history("dev")) == 2
    root = manifests.history("dev")[-1]
    assert manifests.git("ls-tree", root) == ""
    assert set(manifests.files("dev")) == {"apps/cat.yaml"}
    assert git.open_branch(NAME, "dev").commit == made


def test_all_files_may_go(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"a/b": "1"}, branch="dev")
    publish(git, {"a/b": None})
    assert manifests.files("dev") == {}
    publish(git, {"c": b"2"})
    assert set(manifests.files("dev")) == {"c"}


def test_files_and_folders_may_change_places(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"file": "1", "folder/x": "1"}, branch="dev")
    publish(git, {"file": None, "file/inner": b"2", "folder/x": None, "folder": b"2"})
    assert set(manifests.files("dev")) == {"file/inner", "folder"}


def test_a_link_in_the_way_is_replaced_not_followed(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"a": Link("README.md"), "README.md": "human", "up": Link("..")}, branch="dev")
    publish(git, {"a": b"ours"})
    assert manifests.read("README.md", "dev") == "human"
    assert manifests.files("dev")["a"].startswith("100644 ")
    with pytest.raises(PublishError, match="'up' is not a folder"):
        commit(git.open_branch(NAME, "dev"), {"up/x": b"1"})


@pytest.mark.parametrize("path", ["a/b", "m/x", "folder", "m"])
def test_a_path_through_a_file_or_onto_a_folder(git: GitClient, manifests: Repository, path: str) -> None:
    manifests.commit({"a": "1", "folder/x": "1", "m": Submodule("b" * 40)}, branch="dev")
    with pytest.raises(PublishError, match="folder"):
        commit(git.open_branch(NAME, "dev"), {path: b"1"})


@pytest.mark.parametrize(
    "path", ["", "/a", "../a", "a/../b", ".git/config", "a//b", "a\\b", "a/.GIT/x", "a\n"]
)
def test_a_path_that_leaves_is_refused(git: GitClient, manifests: Repository, path: str) -> None:
    with pytest.raises(PublishError, match="path"):
        commit(git.open_branch(NAME, "dev"), {path: b"1"})


@pytest.mark.parametrize(
    ("author", "email"), [("", "a@b"), ("A", ""), ("A <x>", "a@b"), ("A\nparent x", "a@b")]
)
def test_an_author_that_cannot_stand_in_a_commit(
    git: GitClient, manifests: Repository, author: str, email: str
) -> None:
    branch = git.open_branch(NAME, "dev")
    with pytest.raises(PublishError, match="author"):
        branch.write({"x": b"1"}, message="m", author=author, email=email, timestamp=0)


def test_a_branch_that_moved_is_not_overwritten(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"README.md": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"cat.yaml": b"1"})
    theirs = manifests.commit({"README.md": "2"}, branch="dev")
    with pytest.raises(BranchMovedError, match="branch dev of acme/manifests moved") as caught:
        git.push(branch, made)
    assert caught.value.is_continued
    assert manifests.tip("dev") == theirs


def test_a_branch_that_came_went_or_was_rewritten_counts_as_moved(
    git: GitClient, manifests: Repository
) -> None:
    manifests.commit({"a": "1"}, branch="dev")
    manifests.commit({"a": "2"}, branch="dev")
    came, went, rewritten = (git.open_branch(NAME, name) for name in ("new", "dev", "dev"))
    commits = [commit(branch, {"x": b"1"}) for branch in (came, went, rewritten)]
    manifests.commit({"y": "1"}, branch="new")
    manifests.git("update-ref", "refs/heads/dev", manifests.history("dev")[-1])
    with pytest.raises(BranchMovedError):
        git.push(came, commits[0])
    with pytest.raises(BranchMovedError) as caught:
        git.push(rewritten, commits[2])
    assert not caught.value.is_continued
    manifests.git("update-ref", "-d", "refs/heads/dev")
    with pytest.raises(BranchMovedError):
        git.push(went, commits[1])
    assert manifests.git("for-each-ref", "refs/heads/dev") == ""


def test_of_many_at_once_one_wins_each_round(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"README.md": "1"}, branch="dev")
    branches = [git.open_branch(NAME, "dev") for _ in range(6)]
    commits = [commit(branch, {f"{n}.yaml": b"1"}) for n, branch in enumerate(branches)]

    def push(number: int) -> bool:
        try:
            git.push(branches[number], commits[number])
        except BranchMovedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(push, range(6)))
    assert won.count(True) == 1
    assert manifests.tip("dev") == commits[won.index(True)]


def test_pushing_again_what_is_there_is_fine(git: GitClient, manifests: Repository) -> None:
    """A push may succeed although its answer was lost."""
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})
    git.push(branch, made)
    git.push(branch, made)
    assert manifests.tip("dev") == made


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, path="git-receive-pack", times=2),
        Fault(cut=0, path="NAME.git/git-receive-pack".replace("NAME", NAME)),
        Fault(reset=True, path="git-receive-pack"),
    ],
    ids=["503", "answer lost", "reset"],
)
def test_a_push_survives_the_network(
    git: GitClient, server: GitServer, manifests: Repository, fault: Fault
) -> None:
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})
    server.fail(fault)
    git.push(branch, made)
    assert manifests.tip("dev") == made


POST = f"{NAME}.git/git-receive-pack"


def test_a_push_that_nobody_answers_has_succeeded_if_it_is_there(
    git: GitClient, server: GitServer, manifests: Repository
) -> None:
    manifests.commit({"README.md": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})
    server.fail(Fault(path=POST, cut=0))
    server.fail(Fault(path="service=git-receive-pack", status=503, times=100, skip=1))
    git.push(branch, made)
    assert manifests.tip("dev") == made


def test_a_push_that_arrives_while_it_is_sent_again(
    git: GitClient, server: GitServer, manifests: Repository
) -> None:
    """The line breaks, and the server takes the push only after the second has seen the old branch."""
    manifests.commit({"README.md": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})
    sent_again, arrived = Event(), Event()

    def send_again() -> None:
        sent_again.set()
        assert arrived.wait(20)

    server.fail(
        Fault(path=POST, reset=True, is_late=True, before=lambda: sent_again.wait(20), after=arrived.set)
    )
    server.fail(Fault(path=POST, before=send_again))
    git.push(branch, made)
    assert manifests.tip("dev") == made


@pytest.mark.parametrize("begins", [False, True], ids=["a branch", "a new branch"])
def test_a_push_whose_answer_is_lost_and_on_which_others_push(
    git: GitClient, server: GitServer, manifests: Repository, begins: bool
) -> None:
    if not begins:
        manifests.commit({"README.md": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})

    def push_on_top() -> None:
        for number in range(3):
            manifests.commit({"README.md": f"theirs {number}"}, branch="dev")

    server.fail(Fault(path=POST, cut=0, after=push_on_top))
    git.push(branch, made)
    assert manifests.history("dev")[3] == made


def test_a_push_whose_answer_is_lost_and_that_others_undo(
    git: GitClient, server: GitServer, manifests: Repository
) -> None:
    old = manifests.commit({"README.md": "1"}, branch="dev")
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})

    def rewrite() -> None:
        manifests.git("update-ref", "refs/heads/dev", old)
        manifests.commit({"README.md": "2"}, branch="dev")

    server.fail(Fault(path=POST, cut=0, after=rewrite))
    with pytest.raises(BranchMovedError):
        git.push(branch, made)


def test_a_server_that_stays_away_is_an_error(
    git: GitClient, server: GitServer, manifests: Repository
) -> None:
    branch = git.open_branch(NAME, "dev")
    made = commit(branch, {"x": b"1"})
    server.fail(Fault(status=502, times=100))
    with pytest.raises(SourceError, match="can't be reached after 4 attempts"):
        git.push(branch, made)


def test_a_rule_of_the_server_is_quoted(git: GitClient, manifests: Repository) -> None:
    manifests.install_hook(
        "pre-receive",
        "echo 'error: GH006: Protected branch update failed for refs/heads/dev.' >&2\n"
        "printf '\\033[31merror: Changes must be made through a pull request.\\033[0m\\n' >&2\nexit 1",
    )
    with pytest.raises(PublishError, match=r"GH006: Protected branch.*through a pull request") as caught:
        publish(git, {"x": b"1"})
    assert not isinstance(caught.value, BranchMovedError)
    assert "bypass" in caught.value.fix
    assert "\x1b" not in str(caught.value)


def test_a_secret_that_the_server_finds(git: GitClient, manifests: Repository) -> None:
    manifests.install_hook(
        "pre-receive", "echo 'GH013: Repository rule violations: Push cannot contain secrets' >&2; exit 1"
    )
    with pytest.raises(PublishError, match="GH013") as caught:
        publish(git, {"x": b"1"})
    assert "SealedSecret" in caught.value.fix


def test_a_branch_that_no_server_can_make(git: GitClient, manifests: Repository) -> None:
    manifests.commit({"x": "1"}, branch="dev/east")
    with pytest.raises(PublishError, match="exists") as caught:
        publish(git, {"x": b"1"})
    assert not isinstance(caught.value, BranchMovedError), "to try again would never end"


def test_a_token_that_only_reads(tmp_path: Path, server: GitServer, manifests: Repository) -> None:
    manifests.commit({"x": "1"}, branch="dev")
    server.allow("ghs_reader", NAME, "read")
    access = Access(server_url=server.url, token="ghs_reader")
    message = f"{NAME} can't be written"
    with open_git(tmp_path / "s", access=access) as git, pytest.raises(AccessError, match=message) as caught:
        publish(git, {"x": b"2"})
    assert f"`contents: write` on {NAME}" in caught.value.fix
    assert len(manifests.history("dev")) == 1


def test_a_manifest_repository_that_is_not_there(git: GitClient) -> None:
    with pytest.raises(AccessError, match="acme/none is not there, or the credential may not see it"):
        git.open_branch("acme/none", "dev")


@pytest.mark.parametrize("branch", ["--force", "a..b", "", "dev:main", "dev\n"])
def test_a_branch_name_that_git_refuses(git: GitClient, branch: str) -> None:
    with pytest.raises(SourceError, match="name of a branch"):
        git.open_branch(NAME, branch)


def test_a_renamed_manifest_repository(tmp_path: Path, server: GitServer) -> None:
    moved = server.create("acme/new", private=True)
    server.allow("ghs_writer", "acme/new", "write")
    server.redirect(NAME, f"{server.url}/acme/new.git")
    warnings: list[str] = []
    access = Access(server_url=server.url, token="ghs_writer")
    with open_git(tmp_path / "s", access=access, warn=warnings.append) as git:
        made = publish(git, {"x": b"1"})
    assert moved.tip("dev") == made
    assert len(warnings) == 1


def test_a_local_manifest_repository(tmp_path: Path) -> None:
    local = Repository(tmp_path / "manifests.git")
    local.install_hook("update", "echo nothing goes >&2; exit 1")
    with open_git(tmp_path / "s", allow_local=True) as git:
        branch = git.open_branch(local.url, "dev")
        made = commit(branch, {"x": b"1"})
        with pytest.raises(PublishError, match="nothing goes"):
            git.push(branch, made)
        (local.folder / "hooks" / "update").unlink()
        git.push(branch, made)
    assert local.tip("dev") == made


def test_many_files_in_one_commit(git: GitClient, manifests: Repository) -> None:
    manifests.commit({f"apps/app-{n}/{n}.yaml": "old" for n in range(300)}, branch="dev")
    publish(git, {f"apps/app-{n}/{n}.yaml": b"new %d" % (n // 2) for n in range(0, 300, 2)})
    assert len(manifests.files("dev")) == 300
    assert manifests.read("apps/app-4/4.yaml", "dev") == "new 2"
    assert manifests.read("apps/app-5/5.yaml", "dev") == "old"
