"""Corrections for mistakes on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promotion.cli.catalog import COMMANDS
from promotion.common.nearest_names import find_nearest
from promotion.common.phrases import SECRETS, name_input
from promotion.common.settings import Input, list_choices
from promotion.errors import UsageError

ALIASES = {"materialise": "materialize"}
_CONFIG_FLAGS = ("--environment", "--config", "--configs")
_EVERYWHERE = ("--verbose", "--help", "-h", "--version")
_MISSING = re.compile(r"the following arguments are required: (.+)")
_NO_VALUE = re.compile(r"argument (\S+): expected one argument")


def arrange(words: Sequence[str]) -> list[str]:
    """Return the words with the command first: `--verbose` may come before it, and `help` replace it.

    Raises:
        UsageError: there is no such command.
    """
    start = next((at for at, word in enumerate(words) if not word.startswith("-")), len(words))
    leading = words[:start]
    if start == len(words):
        return [*words]
    name, *rest = words[start:]
    if name == "help":
        return [*rest[:1], "--help"]
    name = ALIASES.get(name, name)
    if name not in COMMANDS:
        raise _explain_command(name, leading, rest)
    if others := [_flag(word) for word in leading if word not in _EVERYWHERE]:
        raise _explain_order(others[0], name)
    return [name, *leading, *rest]


def _explain_command(name: str, leading: Sequence[str], rest: Sequence[str]) -> UsageError:
    later = next((word for word in rest if word in COMMANDS), "")
    if later and leading:  # the value of a flag
        return _explain_order(_flag(leading[0]), later)
    near = find_nearest(name, COMMANDS)
    fix = f"Did you mean `promotion {near}`?" if near else f"There are {', '.join(COMMANDS)}."
    return UsageError(f"there is no command {name!r}", fix=fix)


def _explain_order(flag: str, command: str) -> UsageError:
    return UsageError(f"{flag} stands before the command", fix=f"Write `promotion {command} {flag} ...`.")


def explain_rest(
    command: str, rest: Sequence[str], flags: Sequence[str], table: Sequence[Input]
) -> UsageError:
    """Return the error for words that a command doesn't take. Hide the value of an unknown flag.

    Args:
        flags: all that the command has.
        table: its inputs.
    """
    see = f"See `promotion {command} --help`."
    unknown = next((_flag(word) for word in rest if word.startswith("-")), "")
    if unknown:
        secrets = {f"--{entry.name}": entry.name for entry in table if entry.name in SECRETS}
        of_configs = _CONFIG_FLAGS if COMMANDS[command].takes_configs else ()
        known = {name.lstrip("-"): name for name in [*flags, *secrets, *of_configs]}  # dashes are no likeness
        near = known.get(find_nearest(unknown.lstrip("-"), known), "")
        if near in secrets:
            misspelt = "" if near == unknown else f"there is no {unknown}. "
            return UsageError(f"{misspelt}{refuse_secret(secrets[near])}".rstrip("."), fix=see)
        fix = f"Did you mean {near}?" if near else see
        if near in of_configs:
            fix = f"Configs are words at the end: `promotion {command} ... prod azure`."
        return UsageError(f"`promotion {command}` has no {unknown}", fix=fix)
    hint = f"Inputs are flags: `--environment {rest[0]}`? " if "--environment" in flags else ""
    return UsageError(f"`promotion {command}` takes no word {rest[0]!r} here", fix=f"{hint}{see}")


def refuse_secret(name: str) -> str:
    """Return the sentence that says why a secret isn't a flag."""
    variable = name_input(name).terminal
    return f"--{name} is no flag, since others can read a command line: set the variable {variable}."


def explain_parser(command: str, message: str, usage: str) -> UsageError:
    """Return our error for one of argparse's."""
    if found := _MISSING.fullmatch(message):
        return UsageError(f"`promotion {command}` lacks {found[1]}", fix=f"Write `{usage}`.")
    if found := _NO_VALUE.fullmatch(message):
        table = COMMANDS[command].inputs if command in COMMANDS else ()
        choices = next((entry.choices for entry in table if f"--{entry.name}" == found[1]), ())
        fix = f"It is {list_choices(choices)}." if choices else f"See `promotion {command} --help`."
        return UsageError(f"{found[1]} has no value", fix=fix)
    return UsageError(message.removeprefix("argument "), fix=f"See `promotion {command} --help`.")


def _flag(word: str) -> str:
    return word.partition("=")[0]
