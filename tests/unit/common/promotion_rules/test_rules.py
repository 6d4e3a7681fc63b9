"""Rules applied to pull requests: by repository first, then by the whole name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.github_json import End, Pull, UnexpectedAnswerError, parse_pull
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.promotion_rules.rules import (
    DEFAULT_RULES,
    Bypass,
    Rule,
    Source,
    judge_pull,
    with_bypass,
)

HERE = End(branch="stage", commit="2" * 40, repository_id=1, repository="acme/shop", owner="acme")
names = st.text(min_size=1, max_size=20)
TODAY = date(2026, 11, 22)


def pull(branch: str, repository: int | None = 1, owner: str = "acme", target: str = "stage") -> Pull:
    head = End(branch=branch, commit="1" * 40, repository_id=repository, owner=owner)
    return Pull(number=1, author="ada", merged=False, head=head, base=replace(HERE, branch=target))


@given(names)
def test_without_an_owner_no_fork_matches_whatever_its_branch_is_called(branch: str) -> None:
    rule = Rule(target="stage", sources=(Source(branch="**"), Source(branch=branch)))
    assert rule.match(pull(branch)) is not None
    assert rule.match(pull(branch, repository=2)) is None


@given(names, st.sampled_from(["acme", "partner", "mallory"]))
def test_an_owners_rule_is_for_the_forks_of_this_owner_only(branch: str, owner: str) -> None:
    rule = Rule(target="stage", sources=(Source(branch="**", owner="partner"),))
    assert (rule.match(pull(branch, 2, owner)) is not None) == (owner == "partner")
    assert rule.match(pull(branch, 1, "partner")) is None  # this repository's own branch is no fork


@given(names, names)
def test_an_exact_rule_takes_one_name(allowed: str, branch: str) -> None:
    rule = Rule(target="stage", sources=(Source(branch=allowed.translate({42: "x", 63: "x"})),))
    assert (rule.match(pull(branch)) is not None) == (rule.sources[0].branch == branch)


@given(names, st.booleans())
def test_a_deleted_repository_is_always_a_no(target: str, unlisted: bool) -> None:
    gone = pull("dev", repository=None, target=target)
    decision, source = judge_pull(gone, DEFAULT_RULES, unlisted_allowed=unlisted)
    assert (decision.allowed, source) == (False, None)


@given(st.integers(-400, 400))
def test_a_bypass_holds_to_the_end_of_its_last_day(days: int) -> None:
    bypass = Bypass(actors=("bot",), reason="outage", until=TODAY + timedelta(days))
    rule = Rule(target="prod", sources=(Source(branch="stage"),), bypasses=(bypass,))
    no = Decision(reason=Reason.SOURCE_NOT_ALLOWED, message="no")
    assert with_bypass(no, rule, {"bot"}, TODAY).allowed == (days >= 0)


@pytest.mark.parametrize(
    ("actors", "allowed"),
    [({"bot"}, True), ({"BOT"}, True), ({"bot", "ada"}, False), ({"", "bot"}, False), (set(), False)],
)
def test_a_bypass_must_name_everyone(actors: set[str], allowed: bool) -> None:
    rule = Rule(
        target="prod",
        sources=(Source(branch="stage"),),
        bypasses=(Bypass(actors=("bot",), reason="outage", until=None),),
    )
    no = Decision(reason=Reason.DIRECT_PUSH, message="no")
    assert with_bypass(no, rule, actors, TODAY).allowed is allowed


@pytest.mark.parametrize(
    "reason",
    [
        Reason.HEAD_CHANGED,
        Reason.BASE_CHANGED,
        Reason.HEAD_REPOSITORY_DELETED,
        Reason.UNRESOLVED_GROUP,
        Reason.TOO_MANY_COMMITS,
        Reason.API_UNAVAILABLE,
        Reason.RULES_MALFORMED,
    ],
)
def test_a_bypass_is_no_answer_to_what_could_not_be_established(reason: Reason) -> None:
    rule = Rule(
        target="prod",
        sources=(Source(branch="stage"),),
        bypasses=(Bypass(actors=("bot",), reason="outage", until=None),),
    )
    assert with_bypass(Decision(reason=reason, message="no"), rule, {"bot"}, TODAY).reason is reason


@pytest.mark.parametrize("missing", ["number", "head", "base", "head.sha", "head.repo.id", "base.repo.id"])
def test_an_answer_without_a_needed_field_is_an_error_and_not_a_guess(missing: str) -> None:
    end = {"ref": "dev", "sha": "1" * 40, "repo": {"id": 1, "full_name": "a/b", "owner": {"login": "a"}}}
    data: dict[str, object] = {
        "number": 1,
        "user": {"login": "ada"},
        "head": {**end, "repo": dict(end["repo"])},  # type: ignore[call-overload]
        "base": {**end, "repo": dict(end["repo"])},  # type: ignore[call-overload]
    }
    parse_pull(data)
    *path, last = missing.split(".")
    place: dict[str, object] = data
    for key in path:
        place = place[key]  # type: ignore[assignment]
    del place[last]
    with pytest.raises(UnexpectedAnswerError):
        parse_pull(data)
