"""Rules files: strict, with line and column in every error."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.promotion_rules.rules import Bypass, Rule, Source, promotion_path
from promotion.common.promotion_rules.rules_file import parse_rules
from promotion.errors import DefinitionError

EXAMPLE = """\
stage: dev                      # target: sources
prod:
  from: [stage, "hotfix/*", partner:release]
  merge-method: merge
  require-ancestry: true
  bypass:
    - actors: [release-bot, "deployer[bot]"]
      reason: emergency releases
      until: 2027-01-31
"""


def test_the_documented_example() -> None:
    assert parse_rules(EXAMPLE, "rules") == {
        "stage": Rule(target="stage", sources=(Source(branch="dev"),)),
        "prod": Rule(
            target="prod",
            sources=(
                Source(branch="stage"),
                Source(branch="hotfix/*"),
                Source(branch="release", owner="partner"),
            ),
            merge_method="merge",
            bypasses=(
                Bypass(
                    actors=("release-bot", "deployer[bot]"),
                    reason="emergency releases",
                    until=date(2027, 1, 31),
                ),
            ),
        ),
    }


def test_names_that_yaml_takes_for_something_else_are_texts() -> None:
    rules = parse_rules("1.10: [on, yes, 0x1F, 2027-01-31]", "rules")
    assert [source.branch for source in rules["1.10"].sources] == ["on", "yes", "0x1F", "2027-01-31"]


def test_a_source_can_say_itself_whether_ancestry_is_required() -> None:
    text = "prod: {require-ancestry: false, from: [stage, {branch: main, require-ancestry: true}]}"
    assert [source.require_ancestry for source in parse_rules(text, "rules")["prod"].sources] == [False, True]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "rules: there are no rules"),
        ("# nothing\n", "rules: there are no rules"),
        ("- dev", "rules:1:1: rules should be a map"),
        ("stage: [dev", "rules:2:1: the rules aren't YAML"),
        ("stage: dev\n\tprod: stage", "rules:2:1: the rules aren't YAML"),
        ("stage: dev\n---\nprod: stage", "rules:3:1: the rules aren't YAML of one document"),
        ("stage: " + 32_000 * "[ ", "rules:1:406: this is nested more than 200 levels deep"),
        ("stage: &a {from: [*a]}", "rules:1:19: the value of the anchor &a contains itself"),
        ("stage: \udc80", "rules: the rules aren't UTF-8"),
        ("stage: dev\nstage: main", "rules:2:1: 'stage' is written twice"),
        ("x: &x {from: a}\nstage: {<<: *x}", "rules:2:9: the rule for stage has a merge key"),
        ("stage:", "rules:1:7: a source is empty"),
        ("stage: null", "rules:1:8: a source is empty"),
        ("stage: ''", "rules:1:8: a source is empty"),
        ("stage: []", "rules:1:8: the rule for stage names no source"),
        ("stage: [[dev]]", "rules:1:9: a source isn't a text"),
        ("stage: stage", "rules:1:8: stage names itself as its source"),
        ("stage: ^dev$", "rules:1:8: '^dev$' isn't a branch or pattern: '^' can't be in a branch name"),
        ("release/*: dev", "rules:1:1: the target 'release/*' is a pattern"),
        ("a b: dev", "rules:1:1: 'a b' isn't a branch"),
        (
            "prod: {form: stage}",
            "rules:1:8: the rule for prod has an unknown key 'form'. Did you mean `from`?",
        ),
        ("prod: {merge-method: merge}", "rules:1:7: the rule for prod has no `from`"),
        ("prod: {from: stage, merge-method: fast}", "rules:1:35: merge-method is 'fast'"),
        ("prod: {from: stage, require-ancestry: yes}", "rules:1:39: require-ancestry is 'yes'"),
        ('prod: {from: stage, require-ancestry: "true"}', "rules:1:39: require-ancestry is 'true'"),
        ("prod: {from: stage, require-ancestry: ture}", "It is `true` or `false`"),
        ("prod: {from: [{branch: a, fork: b}]}", "rules:1:27: a source has an unknown key 'fork'"),
        ("prod: {from: [{branch: {branch: a}}]}", "rules:1:24: a source isn't a text"),
        ("prod: {from: [{require-ancestry: true}]}", "rules:1:15: a source has no `branch`"),
        ("prod: 'a/b:dev'", "rules:1:7: 'a/b:dev' doesn't start with an owner"),
        ("prod: '*:dev'", "rules:1:7: '*:dev' doesn't start with an owner"),
        ("prod: {from: a, bypass: [{actors: [x], reason: y}]}", "rules:1:26: the bypass has no `until`"),
        ("prod: {from: a, bypass: {actors: [], reason: y, until: never}}", "the bypass names no actor"),
        ("prod: {from: a, bypass: {actors: ['@x'], reason: y, until: never}}", "'@x' isn't a GitHub login"),
        ("prod: {from: a, bypass: {actors: x, reason: y, until: 2027-02-30}}", "until is '2027-02-30'"),
        ("prod: {from: a, bypass: {actors: x, reason: y, until: 20270131}}", "It is a day as `2027-01-31`"),
        ("&a stage: *a", "rules:1:1: stage names itself"),
        ("a: !!python/object:os.system x", ""),
        ("a: " + "[" * 5000, "rules"),
        ("# " + "x" * 70000, "larger than"),
    ],
)
def test_bad_rules_get_one_clear_error(text: str, error: str) -> None:
    if not error:
        assert parse_rules(text, "rules")["a"].sources[0].branch == "x"  # a tag builds nothing
        return
    with pytest.raises(DefinitionError) as caught:
        parse_rules(text, "rules")
    assert error in str(caught.value)


@given(st.text())
def test_any_text_is_rules_or_one_error(text: str) -> None:
    try:
        parse_rules(text, "rules")
    except DefinitionError as error:
        assert str(error).startswith("rules")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("stage: dev\nprod: stage", ("dev", "stage", "prod")),
        ("prod: 'hotfix/*'", ("prod",)),
        ("prod: ['hotfix/*', stage]", ("stage", "prod")),
        ("prod: stage\nstage: prod", ("stage", "prod")),  # a circle is walked once
    ],
)
def test_the_way_to_a_target(text: str, path: tuple[str, ...]) -> None:
    assert promotion_path(parse_rules(text, "rules"), "prod") == path
