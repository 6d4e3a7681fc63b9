"""The command line: each input of an action is a flag of its command, but for secrets."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence

from promotion import __version__
from promotion.commands.catalog import COMMANDS
from promotion.core.settings import Input

_EPILOG = """\
Tokens and keys aren't flags, since every user of the machine can read a command line. They come from the
environment: INPUT_TOKEN (or GITHUB_TOKEN), INPUT_SOURCE-TOKEN, INPUT_APP-PRIVATE-KEY, INPUT_SSH-KEY. So
does every other input that isn't given as a flag, as INPUT_<NAME>; that is how GitHub's runner hands them
over.

exit codes: 0 done, or nothing to do; 1 an input, definition or repository is at fault; 2 wrong usage;
3 a defect of this program
"""


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; unlike argparse alone, with configs behind a flag, too: `HLD OUTPUT --replace prod`."""
    parser = build_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        if not COMMANDS[arguments.command].takes_configs or any(word.startswith("-") for word in rest):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        arguments.configs = [*arguments.configs, *rest]
    return arguments


def given_flags(arguments: argparse.Namespace) -> dict[str, str | None]:
    """The inputs that are given as flags; a list may be given in several."""
    table = COMMANDS[arguments.command].inputs
    given = {entry.name: getattr(arguments, entry.name.replace("-", "_"), None) for entry in table}
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}


def build_parser() -> argparse.ArgumentParser:
    """What reads the arguments."""
    parser = argparse.ArgumentParser(
        prog="promotion",
        description="GitOps environment promotion for Fabrikate clusters.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"promotion {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        command.add_words(_add_command(commands, name, command.help, command.inputs))
    return parser


def _add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    table: Sequence[Input],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text,
        description=textwrap.fill(text, 100),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--verbose", action="store_true", help="show every program that is started")
    for entry in table:
        if entry.kind == "secret":
            continue
        default = entry.default_text or entry.default
        text = entry.help.replace("`", "") + (f" (default: {default})".replace("`", "") if default else "")
        options = {"choices": entry.choices} if entry.choices else {"metavar": _metavar(entry)}
        if entry.kind == "boolean":
            parser.add_argument(f"--{entry.name}", nargs="?", const="true", help=_escape(text), **options)
        elif entry.kind == "list":
            parser.add_argument(f"--{entry.name}", action="append", help=_escape(text), **options)
        else:
            parser.add_argument(f"--{entry.name}", help=_escape(text), **options)
    return parser


def _metavar(entry: Input) -> str:
    return {"boolean": "true|false", "list": "NAME,..."}.get(entry.kind, entry.name.rsplit("-")[-1].upper())


def _escape(text: str) -> str:
    return text.replace("%", "%%")
