"""Merges made anew with real git, from a real server."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotion.commands.guard.command import run
from promotion.common.redaction import Redactor
from promotion.edges.actions_runner import Runner
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.merges import CleanMerges
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, SourceError
from promotion.wiring.runtime import Runtime
from support.github_events import push_event
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import GitServer
from support.guard_world import TOKEN
from support.repositories import Repository

LINES = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def shop(server: GitServer) -> Repository:
    """A private repository; `stage` and `dev` have each changed another end of the same file."""
    repository = server.create("acme/shop", private=True)
    server.allow(TOKEN, "acme/shop", "read")
    start = repository.commit({"a/app.yaml": LINES, "old/name.yaml": LINES * 2})
    for branch in ("stage", "dev"):
        repository.git("update-ref", f"refs/heads/{branch}", start)
    repository.commit({"a/app.yaml": LINES + "stage\n", "stage.yaml": "1"}, branch="stage")
    repository.commit(
        {"a/app.yaml": "dev\n" + LINES, "old/name.yaml": None, "new/name.yaml": LINES * 2}, branch="dev"
    )
    return repository


@pytest.fixture
def merges(server: GitServer, shop: Repository, tmp_path: Path) -> Iterator[CleanMerges]:
    assert shop
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    commands = ProcessRunner({"PATH": "/usr/bin:/bin:/usr/local/bin"}, lambda text: text, scratch)
    access = Access(server_url=server.url, token=TOKEN)
    with GitClient(commands, access, scratch, environment={}, allow_local=False, sleep=lambda _: None) as git:
        yield git.open_merges("acme/shop")


def merge(shop: Repository, tree: str, *parents: str, branch: str = "stage") -> str:
    """A merge commit by hand, of any tree; the branch's new tip."""
    named = [word for parent in parents for word in ("-p", parent)]
    identity = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com"]
    commit = shop.git(*identity, "commit-tree", tree, *named, "-m", "Merge pull request #1 from acme/dev")
    shop.git("update-ref", f"refs/heads/{branch}", commit)
    return commit


def tree_with(shop: Repository, tree: str, path: str, text: str) -> str:
    """A tree with one more file at its top."""
    blob = shop.git("hash-object", "-w", "--stdin", stdin=text.encode())
    listed = shop.git("ls-tree", tree)
    return shop.git("mktree", stdin=f"{listed}\n100644 blob {blob}\t{path}\n".encode())


class TestCleanMerges:
    def test_it_is_what_git_makes_in_a_whole_clone(self, shop: Repository, merges: CleanMerges) -> None:
        stage, dev = shop.tip("stage"), shop.tip("dev")
        assert merges.merge(stage, dev) == shop.git("merge-tree", "--write-tree", stage, dev)

    def test_only_what_is_looked_at_is_fetched(
        self, shop: Repository, server: GitServer, merges: CleanMerges
    ) -> None:
        shop.commit({"large.bin": "x" * (1 << 20) + "y"}, branch="dev")
        assert merges.merge(shop.tip("stage"), shop.tip("dev"))
        assert sum(request.sent for request in server.requests) < 1 << 18

    def test_a_fast_forward_is_the_tree_of_its_head(self, shop: Repository, merges: CleanMerges) -> None:
        start, dev = shop.tip("main"), shop.tip("dev")
        assert merges.merge(start, dev) == shop.git("rev-parse", f"{dev}^{{tree}}")

    def test_a_conflict_has_no_tree(self, shop: Repository, merges: CleanMerges) -> None:
        shop.commit({"a/app.yaml": "all else\n"}, branch="dev")
        assert merges.merge(shop.tip("stage"), shop.tip("dev")) is None

    def test_attributes_of_the_repository_choose_no_other_way_to_merge(
        self, shop: Repository, merges: CleanMerges
    ) -> None:
        attributes = {".gitattributes": "* merge=union\n"}
        shop.commit({**attributes, "a/app.yaml": "all else\n"}, branch="dev")
        shop.commit(attributes, branch="stage")
        assert merges.merge(shop.tip("stage"), shop.tip("dev")) is None

    def test_a_commit_that_is_not_there(self, shop: Repository, merges: CleanMerges) -> None:
        with pytest.raises(SourceError, match="1111111"):
            merges.merge(shop.tip("stage"), "1" * 40)

    def test_a_token_that_may_not_read(
        self, shop: Repository, server: GitServer, merges: CleanMerges
    ) -> None:
        server.allow(TOKEN, "acme/shop", "none")
        with pytest.raises(AccessError):
            merges.merge(shop.tip("stage"), shop.tip("dev"))

    def test_histories_without_a_common_commit_have_no_merge(
        self, shop: Repository, merges: CleanMerges
    ) -> None:
        shop.commit({"other.yaml": "1"}, branch="other")
        with pytest.raises(SourceError, match="unrelated histories"):
            merges.merge(shop.tip("stage"), shop.tip("other"))


@pytest.mark.parametrize("is_evil", [False, True])
def test_the_action_on_a_push_of_a_merge_by_hand(
    shop: Repository, server: GitServer, github: FakeGitHub, tmp_path: Path, is_evil: bool
) -> None:
    """GitHub has marked the pull request as merged, since its commits have come to stage."""
    hosted = MirroredRepository("acme/shop", shop)
    github.add(hosted)
    pull = hosted.open_pull("dev", "stage")
    before, dev = shop.tip("stage"), shop.tip("dev")
    tree = shop.git("merge-tree", "--write-tree", before, dev)
    after = merge(shop, tree_with(shop, tree, "evil.yaml", "1") if is_evil else tree, before, dev)
    hosted.refresh()
    hosted.branches["stage"] = before
    hosted.move("stage", after)
    hosted.notice(pull)
    (tmp_path / "event.json").write_text(json.dumps(push_event(hosted, "stage", before, after)), "utf-8")
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "GITHUB_API_URL": github.url,
        "GITHUB_SERVER_URL": server.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "INPUT_TOKEN": TOKEN,
    }
    redact, log = Redactor(), io.StringIO()
    console = Runner(environment, log, redact)
    runtime = Runtime(environment=environment, console=console, redact=redact, folder=tmp_path)
    assert run({}, runtime) == is_evil
    written = (tmp_path / "output").read_text("utf-8")
    assert ("direct-push" if is_evil else "commits-allowed") in written
    assert TOKEN not in log.getvalue().replace(f"::add-mask::{TOKEN}", "") + written
