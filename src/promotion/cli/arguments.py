"""The command line: each input of an action is a flag of its command, except secrets."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import deque
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

from promotion import __version__
from promotion.cli.catalog import COMMANDS, Command
from promotion.cli.corrections import arrange, explain_parser, explain_rest, refuse_secret
from promotion.common.settings import Input
from promotion.errors import UsageError

_EPILOG = """\
Tokens and keys aren't flags, since every user of the machine can read a command line. They come from the
environment: INPUT_TOKEN (or GITHUB_TOKEN), INPUT_SOURCE_TOKEN, INPUT_APP_PRIVATE_KEY, INPUT_SSH_KEY. So
does every other input that isn't given as a flag, as INPUT_<NAME>. GitHub's runner hands them over with
hyphens left as they are (INPUT_SOURCE-TOKEN), which a shell can't set; that spelling comes first.

exit codes: 0 done, or nothing to do; 1 an input, definition or repository is at fault; 2 wrong usage;
3 a defect of this program
"""


class _Parser(argparse.ArgumentParser):
    """An argparse parser with this project's errors: one line each."""

    def error(self, message: str) -> NoReturn:
        raise explain_parser(self.prog.removeprefix("promotion "), message, self.usage or self.prog)


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments. Accept configs after a flag, too: `HLD OUTPUT --replace prod`.

    A boolean flag takes the next word only if that is a boolean. Without a word the help is printed.

    Raises:
        UsageError: there is no such command or flag, or a word is missing or too many.
        SystemExit: all that was asked for is printed.
    """
    words = arrange(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    parser, parsers = _build_parsers([name])
    if not words or words == ["--verbose"]:
        parser.print_help()
        raise SystemExit(0)
    if name in COMMANDS:
        _refuse_secrets(words, COMMANDS[name].inputs)
        words = _join_values(words, COMMANDS[name].inputs)
    arguments, rest = parser.parse_known_args(words)
    if rest:
        if not COMMANDS[arguments.command].takes_configs or any(word.startswith("-") for word in rest):
            flags = list(parsers[arguments.command]._option_string_actions)  # argparse has no other list
            raise explain_rest(arguments.command, rest, flags, COMMANDS[arguments.command].inputs)
        arguments.configs = [*arguments.configs, *rest]
    return arguments


def _refuse_secrets(words: Sequence[str], table: Sequence[Input]) -> None:
    """Refuse secrets on the command line, without showing them, before they could be misread."""
    secrets = {f"--{entry.name}": entry.name for entry in table if entry.kind == "secret"}
    for flag in (word.partition("=")[0] for word in words):
        if flag in secrets:
            raise UsageError(refuse_secret(secrets[flag]), fix=f"See `promotion {words[0]} --help`.")


def _join_values(words: Sequence[str], table: Sequence[Input]) -> list[str]:
    """Return the words with each flag and its value in one word, and these at the end.

    So no flag takes a word that isn't meant for it, and none stands between two words without flags, which
    argparse can't read then.
    """
    kinds = {f"--{entry.name}": entry.kind for entry in table}
    left, others, flags = deque(words), list[str](), list[str]()
    while left and left[0] != "--":
        word = left.popleft()
        if kinds.get(word) == "boolean":
            is_given = left and left[0].casefold() in ("true", "false")
            flags.append(f"{word}={left.popleft() if is_given else 'true'}")
        elif word in kinds and left and not left[0].startswith("-"):
            flags.append(f"{word}={left.popleft()}")
        elif word.partition("=")[0] in kinds and "=" in word:
            flags.append(word)
        else:
            others.append(word)
    return [*others, *flags, *left]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    return _build_parsers(COMMANDS)[0]


def _build_parsers(
    wanted: Collection[str],
) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of the command line, and those of each command, with the flags of those wanted."""
    parser: argparse.ArgumentParser = _Parser(
        prog="promotion",
        allow_abbrev=False,
        description="GitOps environment promotion for Fabrikate clusters.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"promotion {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parsers = {name: _add_command(commands, command) for name, command in COMMANDS.items()}
    for name in parsers.keys() & wanted:
        _add_flags(parsers[name], COMMANDS[name])
    return parser, parsers


def _add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], command: Command
) -> argparse.ArgumentParser:
    return commands.add_parser(
        command.name,
        allow_abbrev=False,
        usage=" ".join(filter(None, ("promotion", command.name, command.words, "[--FLAG VALUE ...]"))),
        help=command.help,
        description=textwrap.fill(command.help, 100),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_flags(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.add_argument("--verbose", action="store_true", help="show every program that is started")
    for entry in command.inputs:
        if entry.kind == "secret":
            continue
        default = entry.default_text or entry.default
        text = entry.help.replace("`", "") + (f" (default: {default})".replace("`", "") if default else "")
        options: dict[str, Any] = {"metavar": _metavar(entry)}  # `Settings` judges the values
        if entry.kind == "boolean":
            parser.add_argument(f"--{entry.name}", nargs="?", const="true", help=_escape(text), **options)
        elif entry.kind == "list":
            parser.add_argument(f"--{entry.name}", action="append", help=_escape(text), **options)
        else:
            parser.add_argument(f"--{entry.name}", help=_escape(text), **options)
    command.add_words(parser)


def _metavar(entry: Input) -> str:
    if entry.choices:
        return "|".join(entry.choices)
    return {"boolean": "true|false", "list": "NAME,..."}.get(entry.kind, entry.name.rsplit("-")[-1].upper())


def _escape(text: str) -> str:
    return text.replace("%", "%%")
