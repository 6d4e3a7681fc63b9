"""The real program, as the runner starts it, keeps the one pull request of a promotion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from support.github_server import FakeGitHub, Fault
from support.github_state import FakePull, FakeRepository
from support.guard_world import TOKEN, World
from support.payloads import small_push
from support.prepared import run_program
from support.promoter import Promoter

FORBIDDEN = "GitHub Actions is not permitted to create or approve pull requests."


@pytest.fixture
def runner(world: World, tmp_path: Path) -> Promoter:
    """Runs in the repository of the world, where `dev` is one commit ahead of `stage`."""
    return Promoter(world.github, tmp_path, world.shop.full_name)


def only(shop: FakeRepository) -> FakePull:
    (pull,) = shop.pulls.values()
    return pull


def writes(github: FakeGitHub) -> int:
    return sum(request.verb != "GET" for request in github.seen)


class TestOnePullRequest:
    def test_it_is_opened_with_what_it_brings(self, world: World, runner: Promoter) -> None:
        world.shop.commit("dev", "Fix @octocat's #1", author="bob")
        done = runner.run(to="stage")
        assert done.code == 0, done.log
        pull = only(world.shop)
        assert (pull.head_branch, pull.base_branch, pull.title) == ("dev", "stage", "Promote dev to stage")
        assert pull.body is not None
        assert "2 commits by ada, bob" in pull.body
        assert "A feature" in pull.body
        assert "@octocat" not in pull.body
        assert "set the input `manifest-repository`" in pull.body
        outputs = done.step.outputs
        assert (outputs["state"], outputs["pull-request"], outputs["commits"]) == ("opened", "1", "2")
        assert outputs["url"] == "https://github.com/acme/shop/pull/1"
        assert "A feature" in done.step.summary
        assert "::notice::dev to stage: pull request #1 is opened, 2 commits" in done.log

    def test_the_same_again_changes_nothing(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        before = writes(world.github)
        done = runner.run(to="stage")
        assert (done.state, done.step.outputs["pull-request"]) == ("unchanged", "1")
        pull = only(world.shop)
        pull.body = f"Look at the cats.\n\n{pull.body}".replace("\n", "\r\n")  # as GitHub's editor leaves it
        assert runner.run(to="stage").state == "unchanged"
        assert writes(world.github) == before

    def test_news_bring_it_up_to_date_and_leave_what_people_wrote(
        self, world: World, runner: Promoter
    ) -> None:
        runner.run(to="stage")
        pull = only(world.shop)
        pull.title, pull.body = "Release the cats", f"Look at the cats.\r\n\r\n{pull.body}"
        world.shop.commit("dev", "Another feature")
        assert runner.run(to="stage").state == "updated"
        assert only(world.shop).title == "Release the cats"
        assert pull.body.startswith("Look at the cats.\n\n<!-- ")
        assert "Another feature" in pull.body

    def test_somebody_elses_is_used_and_never_closed(self, world: World, runner: Promoter) -> None:
        pull = world.shop.open_pull("dev", "stage", author="bob")
        pull.title, pull.body = "By hand", "Please."
        assert runner.run(to="stage").state == "updated"
        assert only(world.shop).title == "By hand"
        assert (pull.body or "").startswith("Please.\n\n<!-- promotion-promote -->")
        world.shop.branches["stage"] = world.shop.branches["dev"]
        assert runner.run(to="stage").state == "nothing"
        assert pull.state == "open"

    def test_ours_is_closed_when_nothing_is_left(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        world.shop.branches["stage"] = world.shop.branches["dev"]
        done = runner.run(to="stage")
        assert (done.code, done.state) == (0, "closed")
        assert only(world.shop).state == "closed"
        assert "stage has everything that dev has" in (only(world.shop).body or "")
        assert runner.run(to="stage").state == "nothing"

    def test_after_a_merge_there_is_nothing_and_then_a_new_one(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        world.shop.merge(only(world.shop))
        assert runner.run(to="stage").state == "nothing"
        world.shop.commit("dev", "Another feature")
        done = runner.run(to="stage")
        assert (done.state, done.step.outputs["pull-request"]) == ("opened", "2")
        assert "1 commit by ada" in (world.shop.pulls[2].body or "")

    def test_a_fork_of_the_same_name_is_left_alone(self, world: World, runner: Promoter) -> None:
        theirs = world.shop.open_pull("dev", "stage", fork=world.shop.fork("mallory"))
        assert runner.run(to="stage").step.outputs["pull-request"] == "2"
        assert theirs.body is None


class TestSomebodyClosesIt:
    def close(self, world: World, runner: Promoter) -> FakePull:
        runner.run(to="stage")
        pull = only(world.shop)
        pull.state = "closed"
        return pull

    def test_it_is_not_opened_again_until_there_is_something_new(
        self, world: World, runner: Promoter
    ) -> None:
        pull = self.close(world, runner)
        before = writes(world.github)
        done = runner.run(to="stage")
        assert (done.code, done.state, done.step.outputs["pull-request"]) == (0, "declined", "")
        assert writes(world.github) == before
        said = "pull request #1 was closed, and dev has nothing since that wasn't in it: reopen it, or push"
        assert said in done.log
        assert "#1" in done.step.summary
        world.shop.commit("dev", "Another feature")
        done = runner.run(to="stage")
        assert (done.state, done.step.outputs["pull-request"]) == ("opened", "2")
        assert pull.state == "closed"

    def test_a_branch_that_goes_back_has_nothing_new(self, world: World, runner: Promoter) -> None:
        before = world.shop.branches["dev"]
        world.shop.commit("dev", "Another feature")
        self.close(world, runner)
        world.shop.branches["dev"] = before
        assert runner.run(to="stage").state == "declined"

    def test_a_change_of_the_target_is_nothing_new(self, world: World, runner: Promoter) -> None:
        self.close(world, runner)
        world.shop.commit("stage", "A hotfix")
        assert runner.run(to="stage").state == "declined"

    def test_one_that_is_reopened_is_kept_again(self, world: World, runner: Promoter) -> None:
        self.close(world, runner).state = "open"
        assert runner.run(to="stage").state == "unchanged"

    def test_the_newest_one_counts(self, world: World, runner: Promoter) -> None:
        self.close(world, runner)
        world.shop.commit("dev", "Another feature")
        runner.run(to="stage")
        world.shop.pulls[2].state = "closed"
        assert runner.run(to="stage").state == "declined"

    def test_what_a_run_has_closed_is_nobodys_no(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        old, new = world.shop.branches["stage"], world.shop.branches["dev"]
        world.shop.branches["stage"] = new
        assert runner.run(to="stage").state == "closed"
        world.shop.branches["stage"] = old
        done = runner.run(to="stage")
        assert (done.state, done.step.outputs["pull-request"]) == ("opened", "2")

    def test_but_one_that_was_reopened_and_closed_since_is(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        old, new = world.shop.branches["stage"], world.shop.branches["dev"]
        world.shop.branches["stage"] = new
        runner.run(to="stage")
        world.shop.branches["stage"] = old
        only(world.shop).state = "open"
        assert runner.run(to="stage").state == "updated"
        only(world.shop).state = "closed"
        assert runner.run(to="stage").state == "declined"

    def test_a_forks_pull_request_is_nobodys_no(self, world: World, runner: Promoter) -> None:
        theirs = world.shop.open_pull("dev", "stage", fork=world.shop.fork("mallory"))
        theirs.state = "closed"
        assert runner.run(to="stage").state == "opened"

    def test_a_dry_run_says_so_too(self, world: World, runner: Promoter) -> None:
        self.close(world, runner)
        done = runner.run(to="stage", dry_run="true")
        assert (done.state, "pull request #1 was closed" in done.log) == ("declined", True)


@pytest.mark.siege
class TestRaces:
    def test_many_runs_at_once_open_one(self, world: World, runner: Promoter) -> None:
        finishes = [runner.start(to="stage") for _ in range(4)]
        done = [finish() for finish in finishes]
        assert [run.code for run in done] == [0] * 4, [run.log for run in done]
        assert sorted({run.state for run in done}) in (["opened"], ["opened", "unchanged"])
        assert only(world.shop).state == "open"
        assert {run.step.outputs["pull-request"] for run in done} == {"1"}

    def test_a_run_that_is_overtaken_updates_the_other_ones(
        self, world: World, runner: Promoter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = FakeGitHub.answer

        def overtaken(github: FakeGitHub, verb: str, target: str, *rest: Any) -> Any:
            given = answer(github, verb, target, *rest)
            if verb == "GET" and "/pulls?" in target and not world.shop.pulls:
                world.shop.open_pull("dev", "stage")
            return given

        monkeypatch.setattr(FakeGitHub, "answer", overtaken)
        done = runner.run(to="stage")
        assert (done.code, done.state) == (0, "updated"), done.log
        assert world.github.count("pulls.create") == 1
        assert "A feature" in (only(world.shop).body or "")


class TestWhatIsPromoted:
    def test_a_push_promotes_the_branch(self, world: World, runner: Promoter) -> None:
        done = runner.run(small_push("acme/shop", "dev", world.shop.branches["dev"]))
        assert (done.state, only(world.shop).base_branch) == ("opened", "stage")

    def test_a_push_to_the_last_branch_promotes_nothing(self, world: World, runner: Promoter) -> None:
        done = runner.run(small_push("acme/shop", "prod", world.shop.branches["prod"]))
        assert (done.code, done.state) == (0, "nothing")
        assert "::notice::no promotion rule takes prod any further" in done.log

    def test_the_targets_rules_say_from_where(self, world: World, runner: Promoter) -> None:
        rules = "stage: {from: main, merge-method: squash}\n"
        world.shop.commit("stage", files={".github/promotion.yml": rules})
        world.shop.commit("main", "On main")
        assert runner.run(to="stage").state == "opened"
        pull = only(world.shop)
        assert pull.head_branch == "main"
        assert "Merge it by `squash`" in (pull.body or "")

    def test_what_the_guard_will_refuse_is_warned_of(self, world: World, runner: Promoter) -> None:
        done = runner.run(from_="dev", to="prod")
        assert (done.state, only(world.shop).base_branch) == ("opened", "prod")
        assert "::warning::the promotion rules take only stage to prod" in done.log

    def test_a_dry_run_shows_it_and_opens_nothing(self, world: World, runner: Promoter) -> None:
        done = runner.run(to="stage", dry_run="true")
        assert (done.code, done.state, done.step.outputs["pull-request"]) == (0, "opened", "")
        assert "A feature" in done.log
        assert "would be opened" in done.log
        assert not world.shop.pulls
        assert not writes(world.github)

    def test_a_dry_run_neither_updates_nor_closes(self, world: World, runner: Promoter) -> None:
        runner.run(to="stage")
        body = only(world.shop).body
        world.shop.commit("dev", "Another feature")
        assert runner.run(to="stage", dry_run="true").state == "updated"
        assert only(world.shop).body == body
        world.shop.branches["stage"] = world.shop.branches["dev"]
        assert runner.run(to="stage", dry_run="true").state == "closed"
        assert only(world.shop).state == "open"

    def test_from_a_terminal(self, world: World) -> None:
        words = ["promote", "--repository", "acme/shop", "--to", "stage"]
        environment = {"PATH": os.environ["PATH"], "GITHUB_API_URL": world.github.url, "GITHUB_TOKEN": TOKEN}
        done = run_program(words, env=environment)
        assert done.returncode == 0, done.stderr
        assert "dev to stage: pull request #1 is opened, 1 commit" in done.stderr
        assert only(world.shop).state == "open"


class TestErrors:
    @pytest.mark.parametrize("branch", ["dev", "stage"])
    def test_a_missing_branch_is_named_with_what_to_do(
        self, world: World, runner: Promoter, branch: str
    ) -> None:
        del world.shop.branches[branch]
        done = runner.run(to="stage")
        assert done.code == 1
        assert f"acme/shop has no branch {branch}" in done.error
        assert f"`git push origin COMMIT:refs/heads/{branch}`" in done.error

    def test_a_misspelt_branch_shows_those_that_are(self, world: World, runner: Promoter) -> None:
        done = runner.run(to="stag", **{"from": "dev"})
        assert done.code == 1
        assert "acme/shop has no branch stag; it has main, dev, stage, prod." in done.error
        assert "Did you mean 'stage'?" in done.error

    def test_the_setting_that_forbids_pull_requests_is_named(self, world: World, runner: Promoter) -> None:
        world.github.deny("pulls.create", FORBIDDEN)
        done = runner.run(to="stage")
        assert done.code == 1
        assert "not permitted to create" in done.error
        assert "`Allow GitHub Actions to create and approve pull requests`" in done.error
        assert "organisation" in done.error

    def test_a_missing_permission_is_named(self, world: World, runner: Promoter) -> None:
        world.github.deny("pulls.create")
        assert "`pull-requests: write`" in runner.run(to="stage").error

    def test_malformed_rules_are_an_error(self, world: World, runner: Promoter) -> None:
        world.shop.commit("stage", files={".github/promotion.yml": "stage: [dev\n"})
        done = runner.run(to="stage")
        assert done.code == 1
        assert ".github/promotion.yml" in done.error

    def test_an_api_that_is_down_is_an_error(self, world: World, runner: Promoter) -> None:
        world.github.faults.append(Fault("pulls.create", 502))
        done = runner.run(to="stage")
        assert done.code == 1
        assert "502" in done.error
        assert world.github.count("pulls.create") == 1, "what may have been done isn't done again"

    def test_the_token_is_nowhere(self, world: World, runner: Promoter) -> None:
        done = runner.run(to="stage")
        shown = [line for line in done.log.splitlines() if not line.startswith("::add-mask::")]
        assert TOKEN not in "\n".join(shown) + done.step.summary + (only(world.shop).body or "")
