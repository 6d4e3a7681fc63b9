"""The audit: branches that exist and are protected, and rulesets that make it so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from promotion.commands.doctor.github_checks import examine_protection
from promotion.commands.guard.inputs import DEFAULT_CHECK
from promotion.common.promotion_rules.audit import AuditResult, apply_rulesets, audit_branches
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.promotion_rules.rules import DEFAULT_RULES, Rules
from promotion.common.promotion_rules.rules_file import parse_rules
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import AccessError
from support.github_answers import ACTIONS_APP
from support.github_events import example
from support.github_server import Fault
from support.guard_world import World


def look(world: World, rules: Rules = DEFAULT_RULES) -> AuditResult:
    return audit_branches(rules, DEFAULT_CHECK, world.api())


def found(decision: Decision, severity: str, branch: str = "prod") -> list[str]:
    return [
        finding.what
        for finding in decision.findings
        if (finding.severity, finding.branch) == (severity, branch)
    ]


def protect(world: World, branch: str, **changes: Any) -> dict[str, Any]:
    """A ruleset as one would click it together, complete for the default rules."""
    reviews = dict.fromkeys(
        (
            "dismiss_stale_reviews_on_push",
            "require_code_owner_review",
            "require_last_push_approval",
            "required_review_thread_resolution",
        ),
        False,
    )
    checks = [{"context": f"promotion: {branch}", "integration_id": ACTIONS_APP}]
    rules = {
        "deletion": {"type": "deletion"},
        "non_fast_forward": {"type": "non_fast_forward"},
        "pull_request": {
            "type": "pull_request",
            "parameters": {**reviews, "required_approving_review_count": 2},
        },
        "required_status_checks": {
            "type": "required_status_checks",
            "parameters": {"strict_required_status_checks_policy": False, "required_status_checks": checks},
        },
    }
    identifier = 900 + len(world.shop.rulesets)
    world.shop.rulesets[identifier] = {
        "id": identifier,
        "name": f"promotion: {branch}",
        "target": "branch",
        "source_type": "Repository",
        "source": "acme/shop",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "bypass_actors": [],
        "rules": [rule for name, rule in rules.items() if changes.get(name, True)],
    }
    return world.shop.rulesets[identifier]


def test_well_protected_branches_pass(world: World) -> None:
    for branch in ("stage", "prod"):
        protect(world, branch)
    world.github.deny("repos.get_branch_protection")  # the job's own token
    result = look(world)
    assert result.decision.reason is Reason.AUDIT_PASSED
    assert not result.changes
    assert found(result.decision, "advice", "dev") == ["can be force-pushed", "can be deleted"]


def test_unprotected_branches_fail_with_a_fix_for_each_finding(world: World) -> None:
    decision = look(world).decision
    assert decision.reason is Reason.AUDIT_FAILED
    assert found(decision, "problem") == [
        "doesn't require a pull request",
        "doesn't require the check `promotion: prod`",
        "can be force-pushed",
        "can be deleted",
    ]
    assert all(finding.fix for finding in decision.findings if finding.severity != "ok")


def test_a_branch_that_does_not_exist(world: World) -> None:
    decision = look(world, parse_rules("production: [stage, develop]", "rules")).decision
    for branch in ("production", "develop"):
        assert found(decision, "problem", branch) == ["doesn't exist, so its rule never matches"]


def test_a_branch_that_was_renamed_is_not_taken_for_its_old_name(world: World) -> None:
    world.shop.branches["production"] = world.shop.branches.pop("prod")
    world.shop.renamed["prod"] = "production"
    assert found(look(world).decision, "problem") == ["doesn't exist, so its rule never matches"]


class TestCheck:
    def test_from_any_app_could_be_spoofed(self, world: World) -> None:
        ruleset = protect(world, "prod")
        del ruleset["rules"][-1]["parameters"]["required_status_checks"][0]["integration_id"]
        (problem,) = found(look(world).decision, "problem")
        assert problem == "takes the check `promotion: prod` from any App or user"

    def test_from_another_app_is_not_ours(self, world: World) -> None:
        ruleset = protect(world, "prod")
        ruleset["rules"][-1]["parameters"]["required_status_checks"][0]["integration_id"] = 4711
        assert found(look(world).decision, "problem") == [
            "takes the check `promotion: prod` from the App 4711"
        ]

    def test_of_another_branch_is_not_this_ones(self, world: World) -> None:
        ruleset = protect(world, "prod")
        ruleset["rules"][-1]["parameters"]["required_status_checks"][0]["context"] = "promotion: stage"
        assert found(look(world).decision, "problem") == ["doesn't require the check `promotion: prod`"]


class TestMergeMethods:
    RULES = parse_rules("prod: {from: stage, merge-method: merge}", "rules")

    def test_more_than_the_rule_wants(self, world: World) -> None:
        protect(world, "prod")
        assert found(look(world, self.RULES).decision, "problem") == [
            "may be merged by merge, rebase, squash, and the rule asks for merge"
        ]

    def test_limited_by_the_repository_and_the_ruleset_together(self, world: World) -> None:
        ruleset = protect(world, "prod")
        ruleset["rules"][2]["parameters"]["allowed_merge_methods"] = ["merge", "squash"]
        world.shop.settings = {"allow_squash_merge": False}
        assert found(look(world, self.RULES).decision, "problem") == []

    def test_of_a_merge_queue(self, world: World) -> None:
        queue = {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "SQUASH",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        }
        protect(world, "prod")["rules"].append({"type": "merge_queue", "parameters": queue})
        assert found(look(world, self.RULES).decision, "problem") == [
            "may be merged by squash, and the rule asks for merge"
        ]


class TestClassicProtection:
    def test_seen_by_an_administrator(self, world: World) -> None:
        world.shop.protections["prod"] = classic()
        decision = look(world).decision
        assert found(decision, "problem") == []
        assert found(decision, "advice") == ["may be bypassed by administrators (classic protection)"]

    def test_what_another_token_cannot_see_is_unknown_and_no_problem(self, world: World) -> None:
        world.shop.protections["prod"] = classic()
        world.github.deny("repos.get_branch_protection")
        decision = look(world).decision
        assert found(decision, "problem") == []
        assert "perhaps doesn't require a pull request" in found(decision, "unknown")
        assert "could not be seen with this token" in decision.message


def classic() -> dict[str, Any]:
    off, on = {"enabled": False}, {"enabled": True}
    return {
        "required_status_checks": {
            "strict": False,
            "contexts": ["promotion: prod"],
            "checks": [{"context": "promotion: prod", "app_id": ACTIONS_APP}],
            "url": "https://api.github.com/x",
            "contexts_url": "https://api.github.com/x",
        },
        "required_pull_request_reviews": {
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "required_approving_review_count": 1,
        },
        "enforce_admins": {"url": "https://api.github.com/x", **off},
        "allow_force_pushes": off,
        "allow_deletions": off,
        "required_linear_history": off,
        "required_conversation_resolution": on,
    }


class TestWorkflows:
    """A manual run may be started on any branch or tag that has the workflow's file."""

    PATH = ".github/workflows/guard.yml"
    NEW = (Path(__file__).parents[2] / "examples" / "workflows" / "guard.yml").read_text("utf-8")
    OLD = NEW.replace("format('on {0}', github.event_name)", "github.ref_name")

    @pytest.mark.parametrize("branch", ["main", "dev", "stage", "prod"])
    def test_the_old_form_is_found_on_every_branch(self, world: World, branch: str) -> None:
        for name in ("stage", "prod"):
            protect(world, name)
        for name in ("main", "dev", "stage", "prod"):
            text = self.OLD if name == branch else self.NEW
            world.shop.commit(name, files={self.PATH: text, ".github/workflows/docs/x.yml": self.OLD})
        decision = look(world).decision
        assert decision.reason is Reason.AUDIT_FAILED
        assert found(decision, "problem", branch) == [
            "`.github/workflows/guard.yml` has the job `guard`, which by `workflow_dispatch` may report the "
            "check `promotion: stage` or `promotion: prod` without a pull request"
        ]
        assert sum(finding.severity == "problem" for finding in decision.findings) == 1
        assert not decision.fix, "no ruleset answers it"

    def test_doctor_tells_of_it_what_helps(self, world: World) -> None:
        """`--apply` sets up rulesets, which is no answer to this."""
        for name in ("stage", "prod"):
            protect(world, name)
        world.shop.commit("main", files={self.PATH: self.OLD})
        world.shop.commit("prod", files={self.PATH: self.OLD})
        del world.shop.rulesets[901]  # that of prod

        class Hosting:
            def open_repository(self, _: str) -> RepositoryApi:
                return world.api()

        checks = examine_protection("acme/shop", cast(Any, Hosting()))
        fixes = {check.what.split()[0]: check.fix for check in checks if check.mark == "wrong"}
        assert fixes["main"].startswith("Name the guard's job as `promotion init` does")
        assert fixes["prod"].startswith(
            "promotion guard audit --repository acme/shop --apply; Name the guard's job as"
        )

    def test_the_same_file_is_read_once(self, world: World) -> None:
        for name in ("main", "dev", "stage", "prod"):
            world.shop.commit(name, files={self.PATH: self.NEW})
        look(world)
        read = [seen for seen in world.github.seen if seen.path.split("?")[0].endswith("guard.yml")]
        assert len(read) == 1

    def test_a_tag_of_the_branch_s_name_is_not_read_in_its_place(self, world: World) -> None:
        look(world)
        asked = [seen.path for seen in world.github.seen if "/contents/" in seen.path]
        assert asked
        assert all(re.search(r"ref=[0-9a-f]{40}", path) for path in asked)


def test_who_may_bypass(world: World) -> None:
    ruleset = protect(world, "prod")
    ruleset["bypass_actors"] = [
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": 77, "actor_type": "Team", "bypass_mode": "pull_request"},
    ]
    (advice,) = found(look(world).decision, "advice")
    ours = "(ruleset promotion: prod)"
    assert advice == f"may be bypassed by the role admin {ours}, the team 77 {ours}"
    del ruleset["bypass_actors"]  # as for a token that may not write the ruleset
    assert "who may bypass the protection can't be seen" in found(look(world).decision, "unknown")


class TestApply:
    def test_creates_what_is_missing_after_showing_it(self, world: World) -> None:
        shown: list[str] = []
        result = look(world)
        apply_rulesets(result.changes, world.api(), shown.append)
        assert '+  "name": "promotion: prod"' in "\n".join(shown)
        assert look(world).decision.reason is Reason.AUDIT_PASSED

    def test_updates_what_is_there_and_keeps_what_is_stricter(self, world: World) -> None:
        ruleset = protect(world, "prod", non_fast_forward=False)
        ruleset["rules"].append({"type": "required_signatures"})
        apply_rulesets(look(world).changes, world.api(), lambda text: None)
        (updated,) = [entry for entry in world.shop.rulesets.values() if entry["name"] == "promotion: prod"]
        kinds = {rule["type"]: rule for rule in updated["rules"]}
        assert kinds.keys() >= {"required_signatures", "non_fast_forward", "deletion"}
        assert kinds["pull_request"]["parameters"]["required_approving_review_count"] == 2
        assert found(look(world).decision, "problem") == []

    def test_does_nothing_twice(self, world: World) -> None:
        apply_rulesets(look(world).changes, world.api(), lambda text: None)
        assert look(world).changes == ()

    def test_a_token_that_may_not(self, world: World) -> None:
        world.github.deny("repos.create_repo_ruleset")
        with pytest.raises(AccessError) as caught:
            apply_rulesets(look(world).changes, world.api(), lambda text: None)
        assert "a token with `administration: write`" in caught.value.fix  # no job's `permissions:` has it


def test_a_manual_run_is_an_audit(world: World) -> None:
    decision = world.ask("workflow_dispatch", example("workflow_dispatch"))
    assert decision.reason is Reason.AUDIT_FAILED


def test_any_event_is_an_audit_when_asked(world: World) -> None:
    assert world.ask("schedule", {}, audit=True).reason is Reason.AUDIT_FAILED
    assert world.ask("schedule", {}).reason is Reason.UNSUPPORTED_EVENT


def test_on_a_server_that_hides_the_actions_app_any_app_will_do(world: World) -> None:
    world.github.faults.append(Fault("apps.get_by_slug", 404, "Not Found"))
    protect(world, "prod")["rules"][-1]["parameters"]["required_status_checks"][0]["integration_id"] = 9
    assert found(look(world).decision, "problem") == []
