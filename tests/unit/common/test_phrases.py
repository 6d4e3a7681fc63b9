"""Texts that are read in a workflow and in a terminal."""

from __future__ import annotations

import pytest

from promotion.common.phrases import (
    ask_for_right,
    name_input,
    say,
    set_input,
    spell_for_terminal,
    spell_for_workflow,
)
from promotion.errors import UsageError


@pytest.mark.parametrize(
    ("phrase", "workflow", "terminal"),
    [
        (name_input("kube-version"), "input kube-version", "--kube-version"),
        (name_input("token"), "input token", "GITHUB_TOKEN"),
        (name_input("ssh-key"), "input ssh-key", "INPUT_SSH_KEY"),
        (set_input("engine", "fab"), "`engine: fab`", "`--engine fab`"),
        (set_input("adopt", "true"), "`adopt: true`", "`--adopt`"),
        (set_input("verified", "false"), "`verified: false`", "`--verified false`"),
        (say("Set {helm}."), "Set input helm.", "Set --helm."),
        (
            say("{} or {engine: fab}, {}", name_input("helm"), "x"),
            *("input helm or `engine: fab`, x", "--helm or `--engine fab`, x"),
        ),
        (say('{{}} {"a": 1}', "x"), '{x} {"a": 1}', '{x} {"a": 1}'),
        ("no input at all", "no input at all", "no input at all"),
    ],
)
def test_a_phrase_has_the_words_of_each_place(phrase: str, workflow: str, terminal: str) -> None:
    assert (spell_for_workflow(phrase), spell_for_terminal(phrase)) == (workflow, terminal)
    assert phrase == workflow, "who knows of no place reads an action's words"


def test_what_others_write_names_no_input() -> None:
    forged = say("{environment} is {}", "input token {helm} {}")
    assert spell_for_terminal(forged) == "--environment is input token {helm} {}"


def test_a_right_is_given_in_the_workflow_or_with_the_token() -> None:
    right = ask_for_right("contents: read")
    assert "the job's `permissions:`" in right
    assert "permissions:" not in right.terminal
    assert "GITHUB_TOKEN needs `contents: read`" in right.terminal


def test_no_job_is_told_to_ask_for_what_its_token_cannot_have() -> None:
    assert "permissions:" not in ask_for_right("administration: read")


def test_an_error_is_told_in_the_words_of_a_place() -> None:
    error = UsageError(say("{helm} is wrong"), fix=say("Leave {helm} out."))
    assert str(error) == "input helm is wrong. Leave input helm out."
    assert error.tell(spell_for_terminal) == "--helm is wrong. Leave --helm out."


def test_a_sentence_of_others_ends_once() -> None:
    assert str(UsageError("GitHub says: It is read-only.", fix="Unarchive it.")).endswith(
        "read-only. Unarchive it."
    )
