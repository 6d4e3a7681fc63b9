"""Delivery by a pull request: the real program, a git server and the fake GitHub that show one repository."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import SOURCES, Estate, Finished
from support.estate_copies import copy_server, publish_estate
from support.github_graphql import FakeGraphql
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.github_state import FakePull
from support.gitserver import Fault, GitServer
from support.repositories import Repository

CAT = "cat-application/cat-application.yaml"
HEAD = "promotion/dev"
NAME = "acme/cluster-manifests"
WRITES = {"POST", "PATCH", "PUT", "DELETE"}


@pytest.fixture
def estate(github: FakeGitHub, tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        yield _show(server, tmp_path, github)


def _show(server: GitServer, folder: Path, github: FakeGitHub) -> Estate:
    made = Estate(server, folder / "steps", api_url=github.url)
    github.add(LiveRepository(NAME, made.manifests))
    return made


@pytest.fixture
def merged(github: FakeGitHub, tmp_path: Path) -> Iterator[Estate]:
    """With everything delivered."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield _show(server, tmp_path, github)


def propose(estate: Estate, **inputs: str) -> Finished:
    return estate.run(estate.push_event(**{"delivery": "pull-request", **inputs}))


def succeed(done: Finished) -> Finished:
    assert done.code == 0, done.log
    return done


def pulls(github: FakeGitHub) -> list[FakePull]:
    repository = github.repositories[NAME]
    repository.catch_up()
    return list(repository.pulls.values())


def writes(github: FakeGitHub) -> list[str]:
    return [seen.operation for seen in github.seen if seen.verb in WRITES]


def pushes(estate: Estate) -> int:
    return sum(
        request.path.endswith("cluster-manifests.git/git-receive-pack") for request in estate.server.requests
    )


def merge(estate: Estate, *, keep: bool = False) -> None:
    """Merge the pull request as GitHub's button does."""
    real = estate.manifests
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    head, base = real.tip(HEAD), real.tip()
    commit = real.git(*identity, "commit-tree", f"{head}^{{tree}}", "-p", base, "-p", head, "-m", "Merge")
    real.git("update-ref", "refs/heads/dev", commit, base)
    if not keep:
        real.git("update-ref", "-d", f"refs/heads/{HEAD}")


def test_a_change_is_proposed_and_the_branch_stays_as_it_was(merged: Estate, github: FakeGitHub) -> None:
    before = merged.manifests.tip()
    commit = merged.release("1.2.0")
    done = succeed(propose(merged))

    assert merged.manifests.tip() == before
    (pull,) = pulls(github)
    assert (pull.head_branch, pull.base_branch, pull.state) == (HEAD, "dev", "open")
    assert pull.title == "dev: cat-application 1.1.0 → 1.2.0"
    assert 'image: "ghcr.io/acme/cat-application:1.2.0"' in merged.manifests.read(CAT, HEAD)
    assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()
    body = pull.body or ""
    assert "| ✏️ changed | `Deployment cats/cat-application` | `cat-application` |" in body
    assert re.search(r'^\+ +image: "?ghcr.io/acme/cat-application:1.2.0', body, re.MULTILINE)
    assert commit[:12] in body
    assert "/actions/runs/8152341234)" in body
    outputs = done.step.outputs
    assert (outputs["pull-request"], outputs["changed"]) == (str(pull.number), "true")
    assert (outputs["commit"], outputs["branch"]) == (merged.manifests.tip(HEAD), "dev")
    assert f"pull request #{pull.number} is opened (0 added, 1 changed, 0 removed)" in done.log
    report = json.loads((done.step.workspace / outputs["result"]).read_text("utf-8"))
    assert report["pull_request"]["state"] == "opened"


def test_what_is_merged_is_what_a_push_would_have_written(merged: Estate) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    merge(merged)
    succeed(merged.run(merged.push_event(manifest_branch="pushed")))
    assert merged.manifests.files() == merged.manifests.files("pushed")


def test_a_run_with_nothing_new_writes_nothing_at_all(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    tip, before, sent = merged.manifests.tip(HEAD), writes(github), pushes(merged)
    merged.repository("cat-application").commit({"README.md": "words that change no manifest"})
    done = succeed(propose(merged))
    assert (merged.manifests.tip(HEAD), writes(github), pushes(merged)) == (tip, before, sent)
    outputs = done.step.outputs
    assert (outputs["changed"], outputs["commit"], outputs["pull-request"]) == ("false", "", "1")


def test_a_newer_version_updates_it_in_place(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    merged.release("1.3.0")
    done = succeed(propose(merged))
    (pull,) = pulls(github)
    assert pull.title == "dev: cat-application 1.1.0 → 1.3.0"
    assert "cat-application:1.3.0" in (pull.body or "")
    assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()
    assert "pull request #1 is updated" in done.log


def test_an_api_that_lags_behind_takes_no_proposal_back(merged: Estate, tmp_path: Path) -> None:
    """The lock of the branch knows older sources than the proposal, so it confirms no answer."""
    replica = shutil.copytree(merged.server.root, tmp_path / "replica")
    old = {f"acme/{name}": Repository(replica / f"acme/{name}.git") for name in SOURCES}
    merged.release("1.2.0")
    succeed(propose(merged))
    merged.release("1.3.0", application="dog-application")
    event = merged.push_event("dog-application", delivery="pull-request")
    with FakeGraphql(old) as lagging:
        succeed(merged.run(event, GITHUB_GRAPHQL_URL=lagging.url))
    assert ":1.2.0" in merged.manifests.read(CAT, HEAD)


def test_it_is_closed_and_its_branch_deleted_when_the_change_is_taken_back(
    merged: Estate, github: FakeGitHub
) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    merged.release("1.1.0")
    done = succeed(propose(merged))
    (pull,) = pulls(github)
    assert (pull.state, pull.merged) == ("closed", False)
    assert not merged.manifests.git("for-each-ref", f"refs/heads/{HEAD}")
    assert "pull request #1 is closed, since there is nothing to deliver any more" in done.log
    assert (done.step.outputs["changed"], done.step.outputs["pull-request"]) == ("false", "")
    merged.release("1.2.0")
    succeed(propose(merged))
    assert [pull.state for pull in pulls(github)] == ["closed", "open"]


def test_with_nothing_to_deliver_github_isnt_even_asked(merged: Estate, github: FakeGitHub) -> None:
    succeed(propose(merged))
    assert github.seen == []


def test_what_is_left_of_a_merged_one_is_removed(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    merge(merged, keep=True)
    done = succeed(propose(merged))
    assert not merged.manifests.git("for-each-ref", f"refs/heads/{HEAD}")
    assert done.step.outputs["pull-request"] == ""
    assert [pull.merged for pull in pulls(github)] == [True]


def test_after_a_merge_comes_another_one(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    merge(merged, keep=True)
    assert pulls(github)[0].merged
    merged.release("1.3.0")
    succeed(propose(merged))
    assert [pull.state for pull in pulls(github)] == ["closed", "open"]
    assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()


def test_a_moved_base_gets_a_commit_on_top_of_it(merged: Estate) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    base = merged.manifests.commit({"README.md": "ours"})
    succeed(propose(merged))
    assert merged.manifests.history(HEAD)[1] == base
    assert merged.manifests.read("README.md", HEAD) == "ours"


def test_a_missing_base_is_created_empty(estate: Estate, github: FakeGitHub) -> None:
    done = succeed(propose(estate))
    (root,) = estate.manifests.history()
    assert estate.manifests.git("ls-tree", "-r", root) == ""
    assert estate.manifests.history(HEAD)[1:] == [root]
    (pull,) = pulls(github)
    assert (pull.number, done.step.outputs["added"]) == (1, "10")


def test_a_dry_run_changes_nothing(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    sent = pushes(merged)
    done = succeed(propose(merged, dry_run="true"))
    assert (writes(github), pushes(merged)) == ([], sent)
    assert (done.step.outputs["changed"], done.step.outputs["pull-request"]) == ("true", "")


def test_commits_of_others_on_its_branch_are_never_overwritten(merged: Estate, github: FakeGitHub) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    theirs = merged.manifests.commit({"NOTES.md": "mine"}, branch=HEAD, message="My notes")
    merged.release("1.3.0")
    done = propose(merged)
    assert done.code == 1
    assert f"the branch {HEAD} holds the commit {theirs[:12]} of somebody else ('My notes')" in done.errors[0]
    assert merged.manifests.tip(HEAD) == theirs
    merged.manifests.git("update-ref", "-d", f"refs/heads/{HEAD}")
    assert pulls(github)[0].state == "closed"
    succeed(propose(merged))
    assert [pull.state for pull in pulls(github)] == ["closed", "open"]


def test_our_commit_that_somebody_amended_is_never_overwritten(merged: Estate) -> None:
    """It has our message, author and parent, and another committer."""
    merged.release("1.2.0")
    succeed(propose(merged))
    real, name = merged.manifests, "github-actions[bot]"
    message, email = real.git("log", "-1", "--format=%B", HEAD), real.git("log", "-1", "--format=%ae", HEAD)
    who = ["user.name=Ada", "user.email=ada@example.com", f"author.name={name}", f"author.email={email}"]
    identity = [word for setting in who for word in ("-c", setting)]
    theirs = real.git(*identity, "commit-tree", f"{HEAD}~^{{tree}}", "-p", f"{HEAD}~", "-m", message)
    real.git("update-ref", f"refs/heads/{HEAD}", theirs)
    done = propose(merged)
    assert done.code == 1, done.log
    assert f"holds the commit {theirs[:12]} of somebody else" in done.errors[0]
    assert real.tip(HEAD) == theirs


def test_a_merge_of_the_base_into_its_branch_is_no_work_of_others(merged: Estate) -> None:
    """GitHub's button `Update branch`."""
    merged.release("1.2.0")
    succeed(propose(merged))
    real = merged.manifests
    base, head = real.commit({"README.md": "ours"}), real.tip(HEAD)
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    commit = real.git(*identity, "commit-tree", f"{head}^{{tree}}", "-p", head, "-p", base, "-m", "Merge dev")
    real.git("update-ref", f"refs/heads/{HEAD}", commit)
    succeed(propose(merged))
    assert real.history(HEAD)[1:] == real.history()


def test_one_that_somebody_closed_stays_closed_until_there_is_something_new(
    merged: Estate, github: FakeGitHub
) -> None:
    merged.release("1.2.0")
    succeed(propose(merged))
    pulls(github)[0].state = "closed"
    done = succeed(propose(merged))
    assert [pull.state for pull in pulls(github)] == ["closed"]
    assert "pull request #1 was closed, and these are the same manifests" in done.log
    merged.release("1.3.0")
    succeed(propose(merged))
    assert [pull.state for pull in pulls(github)] == ["closed", "open"]


def test_folders_have_pull_requests_of_their_own(merged: Estate, github: FakeGitHub) -> None:
    for folder in ("clusters/east", "clusters/west"):
        succeed(propose(merged, manifest_path=folder))
    east, west = pulls(github)
    assert east.head_branch.startswith("promotion/dev-clusters-east-")
    assert west.head_branch.startswith("promotion/dev-clusters-west-")


def test_a_token_that_may_not_open_it_gets_a_clear_error_and_the_next_run_completes(
    merged: Estate, github: FakeGitHub
) -> None:
    merged.release("1.2.0")
    github.deny("pulls.create")
    done = propose(merged)
    assert done.code == 1
    assert "`pull-requests: write`" in done.errors[0]
    tip = merged.manifests.tip(HEAD)
    github.faults.clear()
    assert succeed(propose(merged)).step.outputs["pull-request"] == "1"
    assert merged.manifests.tip(HEAD) == tip


def test_only_a_repository_of_this_server_has_pull_requests(merged: Estate) -> None:
    done = propose(merged, manifest_repository="https://git.example.com/acme/cluster-manifests")
    assert done.code == 2
    assert "git.example.com/acme/cluster-manifests isn't a repository of" in done.errors[0]


class TestAutoMerge:
    def test_is_enabled_once(self, merged: Estate, github: FakeGitHub) -> None:
        github.repositories[NAME].settings = {"allow_auto_merge": True, "allow_merge_commit": False}
        merged.release("1.2.0")
        for _ in range(2):
            succeed(propose(merged, auto_merge="true"))
        assert pulls(github)[0].auto_merge == "squash"
        mutations = [seen for seen in github.seen if "mutation" in str(seen.body)]
        assert len(mutations) == 1

    def test_that_isnt_allowed_is_a_warning_with_the_setting(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        merged.release("1.2.0")
        done = succeed(propose(merged, auto_merge="true"))
        assert pulls(github)[0].state == "open"
        assert "Allow it under Settings, General, Pull Requests: `Allow auto-merge`" in done.log
        assert "Allow auto-merge" in done.step.summary

    def test_takes_a_pull_request(self, estate: Estate) -> None:
        done = estate.run(estate.push_event(auto_merge="true"))
        assert done.code == 2
        assert "input auto-merge is for pull requests" in done.errors[0]


@pytest.mark.siege
class TestRaces:
    def test_two_runs_at_once_open_only_one(self, merged: Estate, github: FakeGitHub) -> None:
        merged.release("1.2.0")
        runs = [merged.start(merged.push_event(delivery="pull-request")) for _ in range(2)]
        for finish in runs:
            succeed(finish())
        assert [pull.state for pull in pulls(github)] == ["open"]
        assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()

    def test_a_branch_that_moves_meanwhile_gets_fresh_sources(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        """Another run with a newer version wins between our read and our push."""
        merged.release("1.2.0")
        succeed(propose(merged))
        merged.release("1.3.0")

        def overtake() -> None:
            merged.release("1.4.0")
            succeed(propose(merged))

        # the second time that the repository is asked for its refs, it is for the push
        merged.server.fail(Fault(path="cluster-manifests.git/info/refs", skip=1, before=overtake))
        done = succeed(propose(merged))
        assert "The branch moved meanwhile: starting again from the sources (attempt 2)" in done.log
        assert "cat-application:1.4.0" in merged.manifests.read(CAT, HEAD)
        (pull,) = pulls(github)
        assert pull.title.endswith("→ 1.4.0")
        assert merged.manifests.tip(HEAD) in (pull.body or "")

    def test_a_base_that_moves_in_our_push_is_built_upon(self, merged: Estate, github: FakeGitHub) -> None:
        merged.release("1.2.0")
        fault = Fault(
            path="cluster-manifests.git/git-receive-pack",
            before=lambda: merged.manifests.commit({"README.md": "ours"}),
        )
        merged.server.fail(fault)
        done = succeed(propose(merged))
        assert "(attempt 2)" in done.log
        assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()
        assert len(pulls(github)) == 1

    def test_one_that_is_merged_in_our_push_is_followed_by_another(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        merged.release("1.2.0")
        succeed(propose(merged))
        merged.release("1.3.0")
        fault = Fault(path="cluster-manifests.git/git-receive-pack", after=lambda: None)
        fault.before = lambda: (merge(merged, keep=True), pulls(github))
        merged.server.fail(fault)
        succeed(propose(merged))
        assert [pull.state for pull in pulls(github)] == ["closed", "open"]
        assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()
        assert "cat-application:1.3.0" in merged.manifests.read(CAT, HEAD)

    def test_a_change_that_is_taken_back_meanwhile_doesnt_stay_proposed(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        merged.release("1.2.0")
        fault = Fault(path="cluster-manifests.git/git-receive-pack", before=lambda: merged.release("1.1.0"))
        merged.server.fail(fault)
        done = succeed(propose(merged))
        assert "its sources moved meanwhile" in done.log
        assert [pull.state for pull in pulls(github)] == ["closed"]
        assert done.step.outputs["pull-request"] == ""

    def test_a_text_that_describes_an_older_commit_is_put_right(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        merged.release("1.2.0")
        succeed(propose(merged))
        merged.release("1.3.0")
        github.deny("pulls.update")
        assert propose(merged).code == 1
        github.faults.clear()
        done = succeed(propose(merged))
        (pull,) = pulls(github)
        assert pull.title.endswith("→ 1.3.0")
        assert done.step.outputs["commit"] == ""

    @pytest.mark.siege
    def test_of_many_runs_at_once_the_last_sources_are_proposed(
        self, merged: Estate, github: FakeGitHub
    ) -> None:
        starts = []
        for version in ("1.2.0", "1.3.0", "1.4.0"):
            merged.release(version)
            starts += [merged.start(merged.push_event(delivery="pull-request")) for _ in range(4)]
        for finish in starts:
            succeed(finish())
        assert [pull.state for pull in pulls(github)] == ["open"]
        (pull,) = pulls(github)
        assert merged.manifests.tip(HEAD) in (pull.body or "")
        assert merged.manifests.history(HEAD)[1:] == merged.manifests.history()
        succeed(merged.run(merged.push_event(manifest_branch="fresh")))
        found = [merged.manifests.files(branch) for branch in (HEAD, "fresh")]
        assert found[0].keys() == found[1].keys()
        assert {path: blob for path, blob in found[0].items() if path != "promotion.lock"} == {
            path: blob for path, blob in found[1].items() if path != "promotion.lock"
        }
