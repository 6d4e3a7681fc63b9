"""Pull requests over GitHub's API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from promotion.common.backoff import Backoff
from promotion.edges.github.github_client import GitHubClient
from promotion.edges.github.pulls_api import PullsApi
from promotion.errors import AccessError, SourceError
from support.github_server import FakeGitHub, Fault
from support.github_state import FakeRepository
from support.guard_world import TOKEN


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running
    assert not running.violations


@pytest.fixture
def shop(github: FakeGitHub) -> FakeRepository:
    """`dev` has one commit more than `stage`."""
    shop = github.add(FakeRepository("acme/shop"))
    shop.branches["stage"] = shop.branches["dev"] = shop.commit("main", "Start")
    shop.commit("dev", "A feature")
    return shop


def pulls(github: FakeGitHub) -> PullsApi:
    return PullsApi(GitHubClient(github.url, TOKEN, backoff=Backoff(attempts=1)), "acme/shop")


@pytest.mark.parametrize("prefix", ["", "/api/v3"], ids=["github.com", "enterprise server"])
def test_auto_merge_takes_the_first_method_that_is_allowed(prefix: str) -> None:
    with FakeGitHub(prefix) as github:
        shop = github.add(FakeRepository("acme/shop"))
        shop.branches["stage"] = shop.branches["dev"] = shop.commit("main", "Start")
        shop.commit("dev", "A feature")
        shop.settings = {"allow_auto_merge": True, "allow_merge_commit": False, "allow_squash_merge": True}
        api = pulls(github)
        made = api.create(head="dev", base="stage", title="Promote", body="It brings")
        assert made
        assert api.enable_auto_merge(made) == ""
        assert shop.pulls[1].auto_merge == "squash"
        shop.settings["allow_auto_merge"] = False
        assert "Settings, General, Pull Requests" in api.enable_auto_merge(made)
    assert not github.violations


class TestMergeMethod:
    """Auto-merge takes what the settings and the rules of the base allow together."""

    @pytest.fixture
    def shop(self, shop: FakeRepository) -> FakeRepository:
        keys = ("auto_merge", "merge_commit", "squash_merge", "rebase_merge")
        shop.settings = {f"allow_{key}": True for key in keys}
        return shop

    def enable(self, github: FakeGitHub, shop: FakeRepository) -> str:
        """What is chosen for dev → stage, or why nothing is."""
        api = pulls(github)
        made = api.find_open("dev", "stage") or api.create(head="dev", base="stage", title="It", body="")
        assert made
        return api.enable_auto_merge(made) or str(shop.pulls[1].auto_merge)

    def protect(self, shop: FakeRepository, *rules: dict[str, Any]) -> None:
        shop.rulesets[len(shop.rulesets) + 1] = {
            "id": 1,
            "name": "Stage",
            "source_type": "Repository",
            "source": shop.full_name,
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["refs/heads/stage"], "exclude": []}},
            "rules": list(rules),
        }

    def allow(self, *methods: str) -> dict[str, Any]:
        reviews = {
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 0,
            "required_review_thread_resolution": False,
        }
        return {"type": "pull_request", "parameters": {**reviews, "allowed_merge_methods": list(methods)}}

    def test_a_ruleset_allows_one_only(self, github: FakeGitHub, shop: FakeRepository) -> None:
        self.protect(shop, self.allow("rebase", "squash"))
        assert self.enable(github, shop) == "squash"
        self.protect(shop, self.allow("rebase"))
        assert self.enable(github, shop) == "rebase"

    def test_a_ruleset_asks_for_linear_history(self, github: FakeGitHub, shop: FakeRepository) -> None:
        self.protect(shop, {"type": "required_linear_history"})
        shop.settings["allow_squash_merge"] = False
        assert self.enable(github, shop) == "rebase"

    def test_classic_protection_asks_for_linear_history(
        self, github: FakeGitHub, shop: FakeRepository
    ) -> None:
        """Which no more than a right to write is needed to see."""
        github.deny("repos.get_branch_protection")
        shop.protections["stage"] = {"required_linear_history": {"enabled": True}}
        assert self.enable(github, shop) == "squash"

    def test_another_branch_s_rules_say_nothing(self, github: FakeGitHub, shop: FakeRepository) -> None:
        shop.protections["prod"] = {"required_linear_history": {"enabled": True}}
        assert self.enable(github, shop) == "merge"

    def test_nothing_in_common(self, github: FakeGitHub, shop: FakeRepository) -> None:
        self.protect(shop, self.allow("merge"))
        shop.settings["allow_merge_commit"] = False
        assert "have no merge method in common" in self.enable(github, shop)
        assert github.count("graphql") == 1, "GitHub isn't asked for what it would refuse"

    def test_a_server_without_rulesets(self, github: FakeGitHub, shop: FakeRepository) -> None:
        github.faults.append(Fault("repos.get_branch_rules", 404, "Not Found"))
        shop.settings["allow_merge_commit"] = False
        assert self.enable(github, shop) == "squash"

    def test_a_merge_queue_has_its_own(self, github: FakeGitHub, shop: FakeRepository) -> None:
        parameters = {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "SQUASH",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        }
        self.protect(shop, {"type": "merge_queue", "parameters": parameters})
        shop.settings["allow_squash_merge"] = False
        assert self.enable(github, shop) == "squash"


def test_one_that_was_closed_unmerged_is_known_by_its_head(github: FakeGitHub, shop: FakeRepository) -> None:
    first, second = shop.open_pull("dev", "stage"), shop.open_pull("dev", "stage")
    first.state = second.state = "closed"
    second.merged = True
    api = pulls(github)
    found = api.find_closed("dev", "stage", first.head_sha)
    assert found
    assert found.number == first.number
    assert api.find_closed("dev", "stage", "0" * 40) is None


def test_one_is_opened_found_edited_and_closed(github: FakeGitHub, shop: FakeRepository) -> None:
    api = pulls(github)
    assert api.find_open("dev", "stage") is None
    made = api.create(head="dev", base="stage", title="Promote", body="It brings")
    assert made is not None
    found = api.find_open("dev", "stage")
    assert found is not None
    assert (found.number, found.title, found.body) == (made.number, "Promote", "It brings")
    api.edit(made.number, title="Promote more", body="It brings more")
    assert (shop.pulls[1].title, shop.pulls[1].body) == ("Promote more", "It brings more")
    api.close(made.number)
    assert shop.pulls[1].state == "closed"
    assert api.find_open("dev", "stage") is None


def test_those_of_other_branches_and_forks_are_not_found(github: FakeGitHub, shop: FakeRepository) -> None:
    shop.branches["prod"] = shop.branches["stage"]
    shop.open_pull("dev", "prod")
    shop.open_pull("dev", "stage", fork=shop.fork("mallory"))
    shop.open_pull("dev", "stage", fork=shop.fork("acme"))  # the owner's own fork
    assert pulls(github).find_open("dev", "stage") is None
    own = shop.open_pull("dev", "stage")
    found = pulls(github).find_open("dev", "stage")
    assert found
    assert found.number == own.number


def test_a_second_one_is_not_opened(github: FakeGitHub, shop: FakeRepository) -> None:
    shop.open_pull("dev", "stage")
    assert pulls(github).create(head="dev", base="stage", title="Promote", body="") is None
    assert len(shop.pulls) == 1


def test_nothing_to_merge_opens_none(github: FakeGitHub, shop: FakeRepository) -> None:
    shop.branches["stage"] = shop.branches["dev"]
    assert pulls(github).create(head="dev", base="stage", title="Promote", body="") is None


def test_what_github_refuses_is_said(github: FakeGitHub, shop: FakeRepository) -> None:
    del shop.branches["stage"]
    with pytest.raises(SourceError, match=r"422 to POST /repos/acme/shop/pulls: .*base is invalid"):
        pulls(github).create(head="dev", base="stage", title="Promote", body="")


def test_the_setting_that_forbids_it_is_named(github: FakeGitHub, shop: FakeRepository) -> None:
    github.deny("pulls.create", "GitHub Actions is not permitted to create or approve pull requests.")
    with pytest.raises(AccessError, match="not permitted") as caught:
        pulls(github).create(head="dev", base="stage", title="Promote", body="")
    assert "Allow GitHub Actions to create and approve pull requests" in caught.value.fix
    assert "organisation" in caught.value.fix


def test_a_missing_permission_is_named(github: FakeGitHub, shop: FakeRepository) -> None:
    github.deny("pulls.create")
    with pytest.raises(AccessError) as caught:
        pulls(github).create(head="dev", base="stage", title="Promote", body="")
    assert "`pull-requests: write`" in caught.value.fix
