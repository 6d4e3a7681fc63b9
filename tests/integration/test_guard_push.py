"""Pushes: each new commit must have come by an allowed pull request, or be in an allowed source."""

from __future__ import annotations

import pytest

from promotion.common.promotion_rules.decision import Decision, Reason
from support.github_events import NOTHING, example, push_event
from support.guard_world import World


def push(world: World, branch: str, before: str, *, pusher: str = "mallory", **inputs: str) -> Decision:
    """The decision on a branch's move from `before` to where it is."""
    after = world.shop.branches.get(branch, NOTHING)
    return world.ask("push", push_event(world.shop, branch, before, after, pusher=pusher), **inputs)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merged_pull_request_that_the_rules_allow(world: World, method: str) -> None:
    world.shop.commit("dev", "Another feature")
    before = world.shop.branches["stage"]
    world.shop.merge(world.shop.open_pull("dev", "stage"), method)
    decision = push(world, "stage", before)
    assert decision.reason is Reason.COMMITS_ALLOWED
    assert (decision.source, decision.matched_rule) == ("dev", "stage: dev")
    assert {subject.name for subject in decision.subjects} == {"pull request #1"}


def test_a_merged_pull_request_that_the_rules_forbid(world: World) -> None:
    before = world.shop.branches["prod"]
    world.shop.merge(world.shop.open_pull("dev", "prod"))  # an administrator passed by the check
    decision = push(world, "prod", before)
    assert decision.reason is Reason.SOURCE_NOT_ALLOWED
    assert "pull request #1" in decision.subjects[0].name


def test_a_direct_push_is_a_no_that_names_commit_author_and_pusher(world: World) -> None:
    before = world.shop.branches["prod"]
    after = world.shop.commit("prod", "Quick fix", author="eve")
    decision = push(world, "prod", before, pusher="mallory")
    assert decision.reason is Reason.DIRECT_PUSH
    assert f"commit {after[:7]} by eve came to `prod` by a push of mallory" in decision.message


def test_a_rule_that_names_a_branch_that_does_not_exist_says_so(world: World) -> None:
    before = world.shop.branches["prod"]
    world.shop.commit("prod", "Quick fix")
    decision = push(world, "prod", before, rules="prod: staging")
    assert decision.reason is Reason.DIRECT_PUSH
    assert "names `staging`, which doesn't exist" in decision.notices[0]


def test_a_direct_commit_hidden_below_a_proper_merge(world: World) -> None:
    before = world.shop.branches["stage"]
    hidden = world.shop.commit("stage", "Hidden", author="eve")
    world.shop.merge(world.shop.open_pull("dev", "stage"))
    decision = push(world, "stage", before)
    assert decision.reason is Reason.DIRECT_PUSH
    assert hidden[:7] in decision.message
    assert [subject.allowed for subject in decision.subjects] == [True, False]


def test_a_merge_by_hand_of_dev_is_a_direct_push(world: World) -> None:
    before = world.shop.branches["stage"]
    merge = world.shop.commit("stage", "Merge branch 'dev'", merging=[world.shop.branches["dev"]])
    decision = push(world, "stage", before)
    assert decision.reason is Reason.DIRECT_PUSH
    assert merge[:7] in decision.message


def test_a_message_that_claims_a_pull_request_proves_nothing(world: World) -> None:
    pull = world.shop.open_pull("dev", "stage")
    world.shop.merge(pull)
    before = world.shop.branches["stage"]
    world.shop.commit("stage", "Merge pull request #1 from acme/dev", merging=[pull.head_sha])
    assert push(world, "stage", before).reason is Reason.DIRECT_PUSH


def test_a_merge_by_hand_that_github_links_to_an_old_pull_request(world: World) -> None:
    pull = world.shop.open_pull("dev", "stage")
    world.shop.merge(pull)
    before = world.shop.branches["stage"]
    evil = world.shop.commit("stage", "Merge again", merging=[pull.head_sha])
    pull.landed.add(evil)
    assert push(world, "stage", before).reason is Reason.DIRECT_PUSH


def test_a_fast_forward_from_the_source(world: World) -> None:
    before = world.shop.branches["stage"]
    world.shop.branches["stage"] = world.shop.branches["dev"]
    world.shop.commit("dev", "More")  # dev has moved on
    decision = push(world, "stage", before)
    assert (decision.reason, decision.source) == (Reason.COMMITS_ALLOWED, "dev")


def test_a_fast_forward_from_a_branch_that_matches_a_pattern(world: World) -> None:
    before = world.shop.branches["prod"]
    world.shop.branches["hotfix/1"] = before
    world.shop.branches["prod"] = world.shop.commit("hotfix/1", "Fix")
    assert push(world, "prod", before, rules='prod: [stage, "hotfix/*"]').source == "hotfix/1"
    world.shop.branches["hotfixes"] = world.shop.branches.pop("hotfix/1")
    assert not push(world, "prod", before, rules='prod: [stage, "hotfix/*"]').allowed


def test_a_feature_pushed_to_prod_is_not_excused_by_its_pull_request_into_dev(world: World) -> None:
    world.shop.branches["feature"] = world.shop.branches["prod"]
    world.shop.commit("feature", "Evil")
    world.shop.merge(world.shop.open_pull("feature", "dev"))
    before = world.shop.branches["prod"]
    world.shop.branches["prod"] = world.shop.branches["feature"]
    assert push(world, "prod", before).reason is Reason.DIRECT_PUSH


def test_a_pull_request_of_a_fork_that_was_merged(world: World) -> None:
    fork = world.github.add(world.shop.fork("mallory"))
    fork.commit("dev", "Evil")
    before = world.shop.branches["stage"]
    world.shop.merge(world.shop.open_pull("dev", "stage", fork=fork))
    assert push(world, "stage", before).reason is Reason.FORK_NOT_ALLOWED


class TestHistory:
    def test_a_forced_push_is_a_no_even_to_what_dev_contains(self, world: World) -> None:
        before = world.shop.branches["stage"]
        world.shop.branches["stage"] = world.shop.branches["dev"]
        payload = push_event(world.shop, "stage", before, world.shop.branches["dev"], forced=True)
        assert world.ask("push", payload).reason is Reason.FORCED_PUSH

    def test_history_decides_whatever_the_payload_says(self, world: World) -> None:
        before = world.shop.commit("stage", "Lost")
        world.shop.branches["stage"] = world.shop.branches["dev"]
        assert push(world, "stage", before).reason is Reason.FORCED_PUSH

    def test_a_forced_push_of_an_unrelated_history(self, world: World) -> None:
        """GitHub's compare answers 404 then; a bypass holds for it as for any forced push."""
        before = world.shop.branches["stage"]
        after = world.shop.branches["stage"] = world.shop.commit("orphan", "From nothing")
        payload = push_event(world.shop, "stage", before, after, forced=True)
        assert world.ask("push", payload).reason is Reason.FORCED_PUSH
        assert world.github.count("repos.compare_commits") == 0
        rules = "stage: {from: dev, bypass: [{actors: [mallory], reason: a new start, until: never}]}"
        assert world.ask("push", payload, rules=rules).reason is Reason.BYPASS

    def test_an_unrelated_history_whatever_the_payload_says(self, world: World) -> None:
        before = world.shop.branches["stage"]
        world.shop.branches["stage"] = world.shop.commit("orphan", "From nothing")
        assert push(world, "stage", before).reason is Reason.FORCED_PUSH

    def test_commits_that_cannot_be_seen_are_no_unrelated_history(self, world: World) -> None:
        before = world.shop.branches["stage"]
        payload = push_event(world.shop, "stage", before, "1" * 40)
        decision = world.ask("push", payload)
        assert decision.reason is Reason.MISSING_PERMISSION
        assert "the commit 1111111 of the push to stage can't be read" in decision.message

    def test_a_deleted_branch_is_a_no(self, world: World) -> None:
        before = world.shop.branches.pop("prod")
        assert push(world, "prod", before).reason is Reason.BRANCH_DELETED

    def test_a_branch_may_be_created_from_its_source_only(self, world: World) -> None:
        world.shop.branches["stage"] = world.shop.branches["dev"]
        assert push(world, "stage", NOTHING).allowed
        world.shop.commit("stage", "More")
        assert push(world, "stage", NOTHING).reason is Reason.DIRECT_PUSH

    def test_the_rules_are_those_from_before_the_push(self, world: World) -> None:
        before = world.shop.branches["prod"]
        world.shop.commit("prod", "Let me", files={".github/promotion.yml": "stage: dev"})
        assert push(world, "prod", before, unlisted="allow").reason is Reason.DIRECT_PUSH

    def test_rules_that_cannot_be_read_any_more_are_a_no(self, world: World) -> None:
        assert push(world, "main", "1" * 40, unlisted="allow").reason is Reason.MISSING_PERMISSION


class TestManyCommits:
    def test_all_pages_are_read(self, world: World) -> None:
        before = world.shop.branches["stage"]
        eve = world.shop.commit("stage", "The oldest of many", author="eve")
        for number in range(301):
            world.shop.commit("dev", f"Work {number}")
        world.shop.merge(world.shop.open_pull("dev", "stage"))
        decision = push(world, "stage", before)
        assert decision.reason is Reason.DIRECT_PUSH
        assert eve[:7] in decision.message

    def test_commits_that_the_api_keeps_back_are_a_no(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = world.shop.branches["stage"]
        for number in range(120):
            world.shop.commit("stage", f"Work {number}")
        page = "support.github_answers.Asked.page"
        monkeypatch.setattr(page, lambda asked, entries, default=30: entries[:100])
        assert push(world, "stage", before).reason is Reason.TOO_MANY_COMMITS

    def test_more_pages_than_we_read_are_a_no(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("promotion.edges.github.github_client._MOST_PAGES", 1)
        before = world.shop.branches["stage"]
        for number in range(101):
            world.shop.commit("stage", f"Work {number}")
        assert push(world, "stage", before).reason is Reason.TOO_MANY_COMMITS

    def test_too_many_commits_to_trace_one_by_one_are_a_no(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("promotion.commands.guard.push_verdict._MOST_SUBJECTS", 5)
        before = world.shop.branches["stage"]
        for number in range(6):
            world.shop.commit("dev", f"Work {number}")
        world.shop.merge(world.shop.open_pull("dev", "stage"), "rebase")
        assert push(world, "stage", before).reason is Reason.TOO_MANY_COMMITS


class TestMergeMethod:
    RULES = "stage: {from: dev, merge-method: %s}"

    @pytest.mark.parametrize(
        ("wanted", "used"),
        [("merge", "squash"), ("merge", "rebase"), ("squash", "merge"), ("rebase", "merge")],
    )
    def test_another_method_is_a_no(self, world: World, wanted: str, used: str) -> None:
        before = world.shop.branches["stage"]
        world.shop.merge(world.shop.open_pull("dev", "stage"), used)
        decision = push(world, "stage", before, rules=self.RULES % wanted)
        assert decision.reason is Reason.WRONG_MERGE_METHOD

    @pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
    def test_the_method_that_is_asked_for(self, world: World, method: str) -> None:
        before = world.shop.branches["stage"]
        world.shop.merge(world.shop.open_pull("dev", "stage"), method)
        assert push(world, "stage", before, rules=self.RULES % method).allowed


def test_a_bypass_names_the_pusher(world: World) -> None:
    rules = "prod: {from: stage, bypass: [{actors: [release-bot], reason: outage, until: never}]}"
    before = world.shop.branches["prod"]
    world.shop.commit("prod", "Fix")
    assert push(world, "prod", before, pusher="release-bot", rules=rules).reason is Reason.BYPASS
    assert push(world, "prod", before, pusher="mallory", rules=rules).reason is Reason.DIRECT_PUSH


def test_a_push_without_a_sender_is_judged_by_its_pusher(world: World) -> None:
    rules = "prod: {from: stage, bypass: [{actors: [release-bot], reason: outage, until: never}]}"
    before = world.shop.branches["prod"]
    after = world.shop.commit("prod", "Fix")
    for pusher, expected in (("release-bot", Reason.BYPASS), ("mallory", Reason.DIRECT_PUSH)):
        payload = push_event(world.shop, "prod", before, after, pusher=pusher)
        for gone in ({}, {"sender": None}):
            without = {key: value for key, value in payload.items() if key != "sender"} | gone
            assert world.ask("push", without, rules=rules).reason is expected


def test_github_may_link_commit_and_pull_request_a_moment_later(world: World) -> None:
    before = world.shop.branches["stage"]
    world.shop.merge(world.shop.open_pull("dev", "stage"))
    world.shop.link_delay = 2
    assert push(world, "stage", before).allowed


def test_a_branch_without_a_rule(world: World) -> None:
    before = world.shop.branches["main"]
    world.shop.commit("main", "Anything")
    assert push(world, "main", before).reason is Reason.UNLISTED_ALLOWED
    assert push(world, "main", before, unlisted="deny").reason is Reason.UNLISTED_DENIED


def test_a_tag_is_not_a_branch(world: World) -> None:
    assert world.ask("push", example("push.tag")).reason is Reason.UNSUPPORTED_EVENT


def test_the_published_example_creates_a_branch(world: World) -> None:
    assert world.ask("push", example("push.branch")).reason is Reason.UNLISTED_ALLOWED
