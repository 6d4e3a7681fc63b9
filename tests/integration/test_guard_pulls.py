"""Pull requests: every pitfall of the naive guards, against a GitHub with a real commit graph."""

from __future__ import annotations

import pytest

from promotion.common.promotion_rules.decision import Reason
from support.github_events import example, pull_event
from support.guard_world import World


def test_dev_is_promoted_to_stage(world: World) -> None:
    pull = world.shop.open_pull("dev", "stage")
    decision = world.ask_pull(pull)
    assert decision.reason is Reason.RULE_MATCHED
    assert (decision.source, decision.target, decision.matched_rule) == ("dev", "stage", "stage: dev")


@pytest.mark.parametrize(
    "action",
    [
        "opened",
        "synchronize",
        "reopened",
        "edited",
        "ready_for_review",
        "enqueued",
        "auto_merge_enabled",
        "auto_merge_disabled",
    ],
)
@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_every_documented_action_is_judged(world: World, event: str, action: str) -> None:
    good = world.shop.open_pull("dev", "stage")
    assert world.ask(event, pull_event(world.shop, good, action)).allowed
    bad = world.shop.open_pull("dev", "prod")
    assert not world.ask(event, pull_event(world.shop, bad, action)).allowed


def test_a_feature_is_told_where_to_go(world: World) -> None:
    world.shop.branches["feature/x"] = world.shop.branches["dev"]
    decision = world.ask_pull(world.shop.open_pull("feature/x", "prod"))
    assert decision.reason is Reason.SOURCE_NOT_ALLOWED
    assert decision.fix == (
        "Open this pull request against `dev`; from there it is promoted to `stage`, then to `prod`."
    )


def test_dev_is_told_to_go_by_stage(world: World) -> None:
    decision = world.ask_pull(world.shop.open_pull("dev", "prod"))
    assert decision.fix == "Open this pull request against `stage`; from there it is promoted to `prod`."


@pytest.mark.parametrize("name", ["not-dev", "dev2", "dev/x", "Dev", "x/dev", "dev\u200b", "de.v"])
def test_a_name_that_only_contains_dev_is_not_dev(world: World, name: str) -> None:
    world.shop.branches[name] = world.shop.branches["dev"]
    decision = world.ask_pull(world.shop.open_pull(name, "stage"))
    assert decision.reason is Reason.SOURCE_NOT_ALLOWED


def test_a_rule_that_names_a_branch_that_does_not_exist_says_so(world: World) -> None:
    decision = world.ask_pull(world.shop.open_pull("dev", "stage"), rules="stage: [develop, main]")
    assert decision.reason is Reason.SOURCE_NOT_ALLOWED
    assert decision.notices == (
        "The rule for `stage` names `develop`, which doesn't exist. Correct the rule, or create the branch.",
    )


class TestForks:
    def test_a_branch_of_a_fork_called_dev_is_not_dev(self, world: World) -> None:
        fork = world.github.add(world.shop.fork("mallory"))
        fork.commit("dev", "Evil")
        decision = world.ask_pull(world.shop.open_pull("dev", "stage", author="mallory", fork=fork))
        assert decision.reason is Reason.FORK_NOT_ALLOWED
        assert decision.source == "mallory:dev"

    def test_a_fork_of_the_same_owner_is_a_fork(self, world: World) -> None:
        fork = world.shop.fork("acme")
        fork.full_name = "acme/shop-fork"
        world.github.add(fork)
        decision = world.ask_pull(world.shop.open_pull("dev", "stage", fork=fork))
        assert decision.reason is Reason.FORK_NOT_ALLOWED

    def test_a_fork_that_the_rule_names_is_allowed(self, world: World) -> None:
        fork = world.github.add(world.shop.fork("partner"))
        fork.commit("dev", "Partner's work")
        pull = world.shop.open_pull("dev", "stage", fork=fork)
        decision = world.ask_pull(pull, rules='stage: [dev, "Partner:dev"]')
        assert decision.reason is Reason.RULE_MATCHED
        assert decision.matched_rule == "stage: Partner:dev"

    def test_a_fork_rule_does_not_cover_other_owners(self, world: World) -> None:
        fork = world.github.add(world.shop.fork("mallory"))
        pull = world.shop.open_pull("dev", "stage", fork=fork)
        assert not world.ask_pull(pull, rules='stage: "partner:dev"').allowed

    def test_a_deleted_fork_is_a_no(self, world: World) -> None:
        fork = world.github.add(world.shop.fork("mallory"))
        pull = world.shop.open_pull("dev", "stage", fork=fork)
        pull.head_repository = None
        decision = world.ask_pull(pull)
        assert decision.reason is Reason.HEAD_REPOSITORY_DELETED

    def test_a_deleted_fork_is_a_no_where_no_rule_names_the_target(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "main", fork=world.shop.fork("mallory"))
        pull.head_repository = None
        assert world.ask_pull(pull).reason is Reason.HEAD_REPOSITORY_DELETED


class TestRules:
    def test_come_from_the_base_branch_and_not_from_the_pull_request(self, world: World) -> None:
        world.shop.commit("prod", files={".github/promotion.yml": "prod: stage"})
        world.shop.branches["feature"] = world.shop.branches["prod"]
        world.shop.commit("feature", "Let me in", files={".github/promotion.yml": "prod: feature"})
        decision = world.ask_pull(world.shop.open_pull("feature", "prod"))
        assert decision.reason is Reason.SOURCE_NOT_ALLOWED

    def test_come_from_the_base_branch_as_it_is_at_the_time(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod")
        world.shop.commit("prod", files={".github/promotion.yml": "prod: dev"})
        assert world.ask_pull(pull).allowed

    def test_come_from_the_ref_that_is_asked_for(self, world: World) -> None:
        world.shop.commit("main", files={"guard/rules.yml": "prod: dev"})
        pull = world.shop.open_pull("dev", "prod")
        assert world.ask_pull(pull, rules_file="guard/rules.yml", rules_ref="main").allowed

    def test_from_the_input_win(self, world: World) -> None:
        world.shop.commit("prod", files={".github/promotion.yml": "prod: stage"})
        assert world.ask_pull(world.shop.open_pull("dev", "prod"), rules="prod: dev").allowed

    def test_malformed_are_a_no_with_line_and_column(self, world: World) -> None:
        world.shop.commit("stage", files={".github/promotion.yml": "stage: dev\nprod:\n  form: stage\n"})
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert (decision.reason, decision.outcome) == (Reason.RULES_MALFORMED, "error")
        assert ".github/promotion.yml:3:3: " in decision.message
        assert "Did you mean `from`?" in decision.fix

    @pytest.mark.parametrize("inputs", [{"rules_file": "other.yml"}, {"rules_ref": "main"}])
    def test_that_were_asked_for_and_are_not_there_are_a_no(
        self, world: World, inputs: dict[str, str]
    ) -> None:
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"), **inputs)
        assert decision.reason is Reason.RULES_MISSING

    def test_that_are_not_utf8_are_a_no(self, world: World) -> None:
        world.shop.commit("stage", files={".github/promotion.yml": "stage: d\udcffv"})
        assert world.ask_pull(world.shop.open_pull("dev", "stage")).reason is Reason.RULES_MALFORMED

    @pytest.mark.parametrize("kind", ["symlink", "submodule", "dir"])
    def test_that_are_no_file_are_a_no(self, world: World, kind: str) -> None:
        path = ".github/promotion.yml"
        world.shop.commit("stage", files={f"{path}/rules.yml" if kind == "dir" else path: "stage: dev"})
        if kind != "dir":
            world.shop.kinds[path] = kind
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert decision.reason is Reason.RULES_MALFORMED
        words = {"dir": "a folder", "submodule": "a submodule"}.get(kind, "a link to something else")
        assert f"{path} is {words}" in decision.message

    def test_that_are_too_large_are_a_no(self, world: World) -> None:
        world.shop.commit("stage", files={".github/promotion.yml": "#" * ((1 << 20) + 1)})
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert decision.reason is Reason.RULES_MALFORMED
        assert "1048577 bytes" in decision.message

    def test_a_target_without_a_rule(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "main")
        allowed = world.ask_pull(pull)
        assert (allowed.reason, len(allowed.notices)) == (Reason.UNLISTED_ALLOWED, 1)
        assert world.ask_pull(pull, unlisted="deny").reason is Reason.UNLISTED_DENIED


class TestReruns:
    def test_a_run_about_an_old_head_is_a_no(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        old = pull_event(world.shop, pull)
        world.shop.commit("dev", "More")
        world.shop.synchronize(pull)
        assert world.ask("pull_request", old).reason is Reason.HEAD_CHANGED
        assert world.ask_pull(pull, "synchronize").allowed

    def test_a_run_from_before_it_was_retargeted_is_a_no(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        old = pull_event(world.shop, pull)
        pull.base_branch = "prod"
        decision = world.ask("pull_request", old)
        assert decision.reason is Reason.BASE_CHANGED
        assert decision.target == "stage"  # what the check of this run is named after
        assert world.ask_pull(pull, "edited").reason is Reason.SOURCE_NOT_ALLOWED


class TestAncestry:
    def test_a_head_that_the_source_has_left_behind_is_still_contained(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        world.shop.commit("dev", "More")  # GitHub hasn't moved the pull request yet
        assert world.ask_pull(pull).allowed

    def test_a_head_that_dev_does_not_have_is_a_no(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        world.shop.branches["dev"] = world.shop.branches["main"]  # dev was reset
        assert world.ask_pull(pull).reason is Reason.NOT_CONTAINED

    def test_a_source_that_is_gone_proves_nothing(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        del world.shop.branches["dev"]
        assert world.ask_pull(pull).reason is Reason.SOURCE_MISSING

    def test_it_can_be_waived_for_a_rule_or_for_one_source(self, world: World) -> None:
        world.shop.branches["hotfix/1"] = world.shop.commit("dev")
        pull = world.shop.open_pull("hotfix/1", "prod")
        del world.shop.branches["hotfix/1"]
        for rules in (
            'prod: {from: [stage, "hotfix/*"], require-ancestry: false}',
            'prod: {from: [stage, {branch: "hotfix/*", require-ancestry: false}]}',
        ):
            assert world.ask_pull(pull, rules=rules).allowed
        assert not world.ask_pull(pull, rules='prod: [stage, "hotfix/*"]').allowed


def test_a_hotfix_is_allowed_with_a_reminder(world: World) -> None:
    world.shop.branches["hotfix/1"] = world.shop.branches["prod"]
    world.shop.commit("hotfix/1", "Fix")
    decision = world.ask_pull(
        world.shop.open_pull("hotfix/1", "prod"), rules='{stage: dev, prod: [stage, "hotfix/*"]}'
    )
    assert decision.allowed
    assert "Merge `prod` back into `dev` afterwards" in decision.notices[0]


def test_a_merge_method_that_is_set_to_be_another_is_a_no(world: World) -> None:
    pull = world.shop.open_pull("dev", "stage")
    pull.auto_merge = "squash"
    decision = world.ask_pull(pull, rules="stage: {from: dev, merge-method: merge}")
    assert decision.reason is Reason.WRONG_MERGE_METHOD
    assert "Squash and rebase make new commits" in decision.fix


class TestBypass:
    RULES = """
        prod:
          from: stage
          bypass:
            - {actors: [Release-Bot], reason: emergency releases, until: 2026-11-22}
    """

    def test_holds_to_the_end_of_its_last_day(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod", author="release-bot")
        decision = world.ask_pull(pull, rules=self.RULES)
        assert decision.reason is Reason.BYPASS
        assert "emergency releases" in decision.message

    def test_ends_after_it(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod", author="release-bot")
        rules = self.RULES.replace("2026-11-22", "2026-11-21")
        decision = world.ask_pull(pull, rules=rules)
        assert decision.reason is Reason.SOURCE_NOT_ALLOWED
        assert "ended on 2026-11-21" in decision.notices[0]

    def test_is_for_nobody_else(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod", author="mallory")
        assert not world.ask_pull(pull, rules=self.RULES).allowed

    def test_does_not_cover_what_others_push_to_the_bots_branch(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod", author="release-bot")
        assert not world.ask_pull(pull, "synchronize", sender="mallory", rules=self.RULES).allowed

    def test_does_not_excuse_an_old_run(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "prod", author="release-bot")
        old = pull_event(world.shop, pull)
        pull.base_branch = "stage"
        assert world.ask("pull_request", old, rules=self.RULES).reason is Reason.BASE_CHANGED


def test_an_unknown_event_is_an_error(world: World) -> None:
    decision = world.ask("issue_comment", {})
    assert (decision.reason, decision.outcome) == (Reason.UNSUPPORTED_EVENT, "error")
    assert world.ask("pull_request", {"action": "opened"}).reason is Reason.UNSUPPORTED_EVENT


def test_published_examples_are_read_as_they_are(world: World) -> None:
    world.shop.branches["master"] = world.shop.branches["main"]
    payload = example("pull_request.opened")
    pull = world.shop.open_pull("dev", "master")
    world.shop.pulls = {payload["number"]: pull}
    pull.number, pull.head_sha = payload["number"], payload["pull_request"]["head"]["sha"]
    assert world.ask("pull_request", payload).reason is Reason.UNLISTED_ALLOWED
