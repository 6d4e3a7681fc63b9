"""One text for outputs, annotation, summary and comment; no branch name escapes from its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from promotion.commands.guard.report import MARKER, annotation, comment, exit_code, outputs, summary
from promotion.common.promotion_rules.decision import (
    MEANINGS,
    Decision,
    DecisionSubject,
    GuardFinding,
    Reason,
)
from promotion.common.redaction import Redactor

NO = Decision(
    reason=Reason.SOURCE_NOT_ALLOWED,
    message="`feature` may not be merged into `prod`",
    fix="Open this pull request against `dev`; from there it is promoted to `stage`, then to `prod`.",
    source="feature",
    target="prod",
    number=7,
)
YES = Decision(reason=Reason.RULE_MATCHED, message="`dev` may", source="dev", target="stage")
HOSTILE = [
    "a`b",
    "a``b",
    "`@team`",
    "<img/src=x>",
    "[x](http://evil)",
    "a|b",
    "--><b>",
    "$(id)",
    "%0A::error::x",
    "::error::x",
    "#1",
    "@everyone",
    "**x**",
]


def test_outputs() -> None:
    found = outputs(NO, "enforce")
    assert {name: found[name] for name in found if name != "json"} == {
        "allowed": "false",
        "decision": "deny",
        "reason-code": "source-not-allowed",
        "matched-rule": "",
        "source": "feature",
        "target": "prod",
    }
    assert json.loads(found["json"])["pull_request"] == 7


@pytest.mark.parametrize(
    ("decision", "mode", "code", "level"),
    [
        (NO, "enforce", 1, "error"),
        (NO, "warn", 0, "warning"),
        (YES, "enforce", 0, "notice"),
        (YES, "warn", 0, "notice"),
        (Decision(reason=Reason.API_UNAVAILABLE, message="down"), "enforce", 1, "error"),
        (Decision(reason=Reason.API_UNAVAILABLE, message="down"), "warn", 0, "warning"),
    ],
)
def test_warn_never_fails_the_job_but_reports_the_same(
    decision: Decision, mode: str, code: int, level: str
) -> None:
    assert exit_code(decision, mode) == code  # type: ignore[arg-type]
    assert annotation(decision, mode)[0] == level  # type: ignore[arg-type]
    for name in ("allowed", "decision", "reason-code"):
        assert outputs(decision, "warn")[name] == outputs(decision, "enforce")[name]


def test_annotation_and_summary_say_the_same() -> None:
    _, text = annotation(NO, "enforce")
    assert text == f"`feature` may not be merged into `prod`. {NO.fix} [source-not-allowed]"
    shown = summary(NO, "enforce")
    assert "`feature` may not be merged into `prod`." in shown
    assert "Open this pull request against `dev`; from there it is promoted to `stage`" in shown


def test_an_error_says_that_the_answer_is_no() -> None:
    decision = Decision(reason=Reason.API_UNAVAILABLE, message="GitHub's API doesn't answer")
    assert "the answer is no" in annotation(decision, "enforce")[1]
    assert "the answer is no" in summary(decision, "enforce")


def test_a_missing_permission_comes_with_the_yaml_to_add() -> None:
    shown = summary(Decision(reason=Reason.MISSING_PERMISSION, message="no"), "enforce")
    assert "permissions:\n  contents: read" in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    decision = Decision(
        reason=Reason.SOURCE_NOT_ALLOWED,
        message=f"`{name}` may not be merged into `prod`",
        fix=f"Open it against `{name}`.",
        source=name,
        target="prod",
        number=1,
        subjects=(DecisionSubject(name=name, allowed=False, message=f"`{name}`", url=f"https://x/{name}"),),
        notices=(name,),
        findings=(GuardFinding(branch=name, severity="problem", what=name, fix=name),),
    )
    for text in (summary(decision, "enforce"), comment(decision, "enforce", "")[len(MARKER) :]):
        tokens = list(flatten(MarkdownIt("commonmark").enable("table").parse(text)))
        assert not {token.type for token in tokens} & {
            "html_inline",
            "html_block",
            "image",
            "em_open",
            "strong_open",
        }
        assert {token.attrs["href"] for token in tokens if token.type == "link_open"} <= {f"https://x/{name}"}
        assert sum(token.type == "tr_open" for token in tokens) == 4
        assert sum(token.type == "td_open" for token in tokens) == 7
        prose = "".join(token.content for token in tokens if token.type == "text")
        assert not re.search(r"@\w", prose.replace("\u200b", " "))
    assert "\n" not in annotation(decision, "enforce")[1]


def flatten(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flatten(token.children or ())


@given(st.text(), st.text())
def test_any_text_stays_on_its_line_in_outputs_and_annotation(message: str, name: str) -> None:
    decision = Decision(
        reason=Reason.SOURCE_NOT_ALLOWED, message=message, source=name, target=name, matched_rule=name
    )
    for value in (annotation(decision, "enforce")[1], *outputs(decision, "enforce").values()):
        assert not re.search(r"[\r\n\x00\x1b\u2028]", value)


def test_a_comment_fits_whatever_it_has_to_say() -> None:
    many = tuple(DecisionSubject(name=str(n), allowed=False, message="x" * 900) for n in range(1000))
    decision = Decision(reason=Reason.DIRECT_PUSH, message="no", subjects=many, number=1)
    text = comment(decision, "enforce", "https://github.com/acme/shop/actions/runs/1")
    assert text.startswith(MARKER)
    assert len(text) < 65_536
    assert text.endswith("(https://github.com/acme/shop/actions/runs/1)\n")


def test_every_reason_code_is_documented() -> None:
    assert MEANINGS.keys() == set(Reason)
    guide = (Path(__file__).parents[4] / "docs" / "guard.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (?:allow|deny|error) \| (.+) \|$", guide, re.MULTILINE))
    assert listed == {reason.value: MEANINGS[reason] for reason in Reason}


def test_no_secret_changes_the_outputs_but_the_sentences_in_the_json() -> None:
    found = outputs(NO, "enforce")
    words = {word for text in found.values() for word in (*text.split(), *re.findall(r"\w+", text))}
    shown = outputs(NO, "enforce", Redactor(words))
    sentences = {"message", "fix", "notices", "subjects", "findings"}
    before, after = (json.loads(each.pop("json")) for each in (found, shown))
    assert shown == found
    assert {name for name in before if before[name] != after[name]} <= sentences
