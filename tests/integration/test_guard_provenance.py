"""Pushes by hand that GitHub takes for a pull request's merge: what it links proves nothing."""

from __future__ import annotations

import pytest

from promotion.common.promotion_rules.decision import Decision, Reason
from support.github_events import push_event
from support.github_state import FakePull
from support.guard_world import World


@pytest.fixture
def pull(world: World) -> FakePull:
    """dev → stage, open; each has a file that the other doesn't."""
    world.shop.commit("stage", "Stage's own", files={"stage.yaml": "1"})
    world.shop.commit("dev", "A feature", files={"feature.yaml": "1"})
    return world.shop.open_pull("dev", "stage")


def push(world: World, pull: FakePull, commit: str, **inputs: str) -> Decision:
    """The decision after somebody has pushed a commit, whereupon GitHub says that the pull is merged."""
    before = world.shop.branches[pull.base_branch]
    world.shop.move(pull.base_branch, commit)
    world.shop.notice(pull)
    return world.ask("push", push_event(world.shop, pull.base_branch, before, commit), **inputs)


def merge_by_hand(world: World, pull: FakePull, *more: str, is_signed: bool = False, **files: str) -> str:
    """A merge of the pull request, its files with some of somebody's own; moves no branch."""
    shop = world.shop
    shop.branches["scratch"] = shop.branches[pull.base_branch]
    clean = shop.merge_files(shop.branches["scratch"], pull.head_sha) or {}
    named = {f"{name}.yaml": text for name, text in files.items()}
    merging = [pull.head_sha, *more]
    commit = shop.commit(
        "scratch", "Merge pull request #1 from acme/dev", author="eve", files={**clean, **named},
        merging=merging, is_signed=is_signed,
    )  # fmt: skip
    del shop.branches["scratch"]
    return commit


class TestMerge:
    def test_a_file_that_neither_parent_has_is_a_direct_push(self, world: World, pull: FakePull) -> None:
        evil = merge_by_hand(world, pull, evil="kind: ClusterRoleBinding")
        decision = push(world, pull, evil)
        assert decision.reason is Reason.DIRECT_PUSH
        assert (
            f"commit {evil[:7]} by eve, which mallory pushed to `stage`, merges pull request #1 by hand"
            in (decision.message)
        )
        assert "holds something that the clean merge of its parents doesn't" in decision.message

    def test_a_file_of_a_parent_that_was_changed_is_a_direct_push(self, world: World, pull: FakePull) -> None:
        assert push(world, pull, merge_by_hand(world, pull, feature="2")).reason is Reason.DIRECT_PUSH

    def test_the_clean_merge_is_what_github_would_have_made(self, world: World, pull: FakePull) -> None:
        assert push(world, pull, merge_by_hand(world, pull)).reason is Reason.COMMITS_ALLOWED

    def test_a_conflict_resolved_by_hand_proves_nothing(self, world: World, pull: FakePull) -> None:
        world.shop.commit("stage", files={"both.yaml": "stage"})
        world.shop.commit("dev", files={"both.yaml": "dev"})
        world.shop.synchronize(pull)
        decision = push(world, pull, merge_by_hand(world, pull, both="dev"))
        assert decision.reason is Reason.DIRECT_PUSH
        assert "its parents conflict" in decision.message
        assert "merge `stage` into `dev` first and resolve them there" in decision.fix

    def test_a_conflict_resolved_in_the_source_is_fine(self, world: World, pull: FakePull) -> None:
        shop = world.shop
        stage = shop.commit("stage", files={"both.yaml": "stage"})
        shop.commit("dev", files={"both.yaml": "dev"})
        # GitHub's editor merges the base into the head and signs it
        shop.commit(
            "dev", "Merge", merging=[stage], files={"both.yaml": "1", "stage.yaml": "1"}, is_signed=True
        )
        shop.synchronize(pull)
        shop.merge(pull)
        payload = push_event(shop, "stage", stage, shop.branches["stage"])
        assert world.ask("push", payload).reason is Reason.COMMITS_ALLOWED

    def test_github_s_signature_is_no_proof_where_it_has_recorded_a_push(
        self, world: World, pull: FakePull
    ) -> None:
        """Its editor of conflicts signs any content, in whatever pull request somebody opened for that."""
        evil = merge_by_hand(world, pull, is_signed=True, evil="1")
        assert push(world, pull, evil).reason is Reason.DIRECT_PUSH

    def test_an_octopus_is_no_pull_request_s_merge(self, world: World, pull: FakePull) -> None:
        world.shop.branches["other"] = world.shop.branches["main"]
        other = world.shop.commit("other")
        assert push(world, pull, merge_by_hand(world, pull, other)).reason is Reason.DIRECT_PUSH

    def test_an_evil_merge_below_what_github_merged(self, world: World, pull: FakePull) -> None:
        """Who may promote a branch as it is may promote all that is in it; nobody else may."""
        shop, before = world.shop, world.shop.branches["stage"]
        shop.branches["hotfix/1"] = evil = merge_by_hand(world, pull, evil="1")
        shop.merge(shop.open_pull("hotfix/1", "stage"))
        shop.notice(pull)
        pull.merge_commit = evil
        payload = push_event(shop, "stage", before, shop.branches["stage"])
        assert world.ask("push", payload).reason is Reason.SOURCE_NOT_ALLOWED
        rules = 'stage: [dev, {branch: "hotfix/*", require-ancestry: false}]'
        assert world.ask("push", payload, rules=rules).reason is Reason.COMMITS_ALLOWED

    def test_a_bypass_names_the_pusher(self, world: World, pull: FakePull) -> None:
        rules = "stage: {from: dev, bypass: [{actors: [mallory], reason: outage, until: never}]}"
        evil = merge_by_hand(world, pull, evil="1")
        assert push(world, pull, evil, rules=rules).reason is Reason.BYPASS


class TestSingleParent:
    def test_a_commit_on_top_of_the_pull_request_s_head_is_a_direct_push(self, world: World) -> None:
        """A fast-forward to dev with one more: GitHub calls the pull request merged by that commit."""
        shop = world.shop
        pull = shop.open_pull("dev", "stage")
        shop.branches["scratch"] = pull.head_sha
        evil = shop.commit("scratch", "One more", author="eve", files={"evil.yaml": "1"}, is_signed=True)
        decision = push(world, pull, evil)
        assert decision.reason is Reason.DIRECT_PUSH
        assert "isn't what merging pull request #1 makes" in decision.message

    def test_a_squash_with_something_else(self, world: World, pull: FakePull) -> None:
        before = world.shop.branches["stage"]
        evil = world.shop.commit("stage", "A change (#1)", files={"feature.yaml": "1", "evil.yaml": "1"})
        pull.merged, pull.merge_commit, pull.landed = True, evil, {evil}
        payload = push_event(world.shop, "stage", before, evil)
        assert world.ask("push", payload).reason is Reason.DIRECT_PUSH

    def test_a_fast_forward_to_a_source_that_is_gone_by_now(self, world: World) -> None:
        shop = world.shop
        shop.branches["hotfix/1"] = shop.branches["prod"]
        shop.commit("hotfix/1", "Fix")
        shop.commit("hotfix/1", "Fix the fix")
        pull = shop.open_pull("hotfix/1", "prod")
        tip = shop.branches.pop("hotfix/1")
        rules = 'prod: [stage, {branch: "hotfix/*", require-ancestry: false}]'
        assert push(world, pull, tip, rules=rules).reason is Reason.COMMITS_ALLOWED


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
class TestGithubsOwn:
    def test_its_record_says_that_it_merged(self, world: World, pull: FakePull, method: str) -> None:
        """Whatever git would make of it: GitHub may find other renames."""
        before = world.shop.branches["stage"]
        world.shop.commit("dev", "More", files={"more.yaml": "1"})
        world.shop.synchronize(pull)
        world.shop.merge(pull, method)
        payload = push_event(world.shop, "stage", before, world.shop.branches["stage"])
        world.merges_fail = True
        assert world.ask("push", payload).reason is Reason.COMMITS_ALLOWED

    def test_its_record_shows_a_moment_later(self, world: World, pull: FakePull, method: str) -> None:
        before = world.shop.branches["stage"]
        world.shop.merge(pull, method)
        world.shop.record_delay = 2
        payload = push_event(world.shop, "stage", before, world.shop.branches["stage"])
        world.merges_fail = True
        assert world.ask("push", payload).reason is Reason.COMMITS_ALLOWED

    def test_its_queue(self, world: World, pull: FakePull, method: str) -> None:
        before = world.shop.branches["stage"]
        world.shop.merge(pull, method)
        world.shop.moves[-1]["activity_type"] = "merge_queue_merge"
        payload = push_event(world.shop, "stage", before, world.shop.branches["stage"])
        world.merges_fail = True
        assert world.ask("push", payload).reason is Reason.COMMITS_ALLOWED


class TestServerWithoutARecord:
    @pytest.mark.parametrize("method", ["merge", "squash"])
    def test_github_signs_what_it_makes(self, world: World, pull: FakePull, method: str) -> None:
        world.shop.keeps_record = False
        before = world.shop.branches["stage"]
        world.shop.merge(pull, method)
        world.merges_fail = True
        payload = push_event(world.shop, "stage", before, world.shop.branches["stage"])
        assert world.ask("push", payload).reason is Reason.COMMITS_ALLOWED

    def test_what_it_does_not_sign_must_be_clean(self, world: World, pull: FakePull) -> None:
        world.shop.keeps_record = False
        assert push(world, pull, merge_by_hand(world, pull)).reason is Reason.COMMITS_ALLOWED
        world.shop.branches["dev"] = world.shop.commit("dev", files={"more.yaml": "1"})
        again = world.shop.open_pull("dev", "stage")
        assert push(world, again, merge_by_hand(world, again, evil="1")).reason is Reason.DIRECT_PUSH


def test_what_cannot_be_made_anew_is_a_no(world: World, pull: FakePull) -> None:
    world.merges_fail = True
    decision = push(world, pull, merge_by_hand(world, pull))
    assert decision.reason is Reason.API_UNAVAILABLE
