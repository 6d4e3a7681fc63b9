"""The command line: each input of an action is a flag of its command, but for secrets."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence

from promotion import __version__
from promotion.core.guard.inputs import GUARD
from promotion.core.inputs import COMPARE, MATERIALIZE, RENDER
from promotion.core.settings import Input

_EPILOG = """\
Tokens and keys aren't flags, since every user of the machine can read a command line. They come from the
environment: INPUT_TOKEN (or GITHUB_TOKEN), INPUT_SOURCE-TOKEN, INPUT_SSH-KEY. So does every other input
that isn't given as a flag, as INPUT_<NAME>; that is how GitHub's runner hands them over.

exit codes: 0 done, or nothing to do; 1 an input, definition or repository is at fault; 2 wrong usage;
3 a defect of this program
"""


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; unlike argparse alone, with configs behind a flag, too: `HLD OUTPUT --replace prod`."""
    parser = build_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        takes_configs = arguments.command in ("render", "compare")
        if not takes_configs or any(word.startswith("-") for word in rest):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        arguments.configs = [*arguments.configs, *rest]
    return arguments


def given_flags(arguments: argparse.Namespace, table: Sequence[Input]) -> dict[str, str | None]:
    """The inputs that are given as flags."""
    return {entry.name: getattr(arguments, entry.name.replace("-", "_"), None) for entry in table}


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
    render = _add_command(
        commands,
        "render",
        "Materialise a definition to a folder, as `fab install && fab generate CONFIG...` does.",
        RENDER,
    )
    render.add_argument("hld", metavar="HLD", help="a folder, or a repository as URL or URL@ref")
    render.add_argument("output", metavar="OUTPUT", help="the folder to write, which is missing or empty")
    _add_configs(render)
    render.add_argument("--replace", action="store_true", help="replace what is in OUTPUT")
    compare = _add_command(
        commands,
        "compare",
        "Render a definition with the native engine and with real fab, and show how the manifests differ, "
        "document by document, with the known reasons. The exit code is 1 if there is a difference without "
        "a known reason, or if both engines refuse the definition.",
        COMPARE,
    )
    compare.add_argument("hld", metavar="HLD", help="a folder, or a repository as URL or URL@ref")
    _add_configs(compare)
    _add_command(
        commands,
        "materialize",
        "Materialise an environment's HLD and commit it to the manifest repository: the action's job.",
        MATERIALIZE,
    )
    _add_guard(commands)
    return parser


def _add_guard(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    guard = _add_command(
        commands,
        "guard",
        "Judge a pull request, merge group or push by the promotion rules: the companion action's job. "
        "`guard audit` looks at the protection of the branches in the rules.",
        GUARD,
    )
    guard.add_argument("action", nargs="?", choices=("audit",), help="look at the protection of the branches")
    guard.add_argument("--repository", default="", metavar="OWNER/NAME", help="whose branches to audit")
    guard.add_argument(
        "--apply", action="store_true", help="with audit: create or replace rulesets, each after showing it"
    )


def _add_configs(parser: argparse.ArgumentParser) -> None:
    # The default keeps argparse from calling them required in its errors.
    parser.add_argument(
        "configs", metavar="CONFIG", nargs="*", default=[], help="config names, the most important first"
    )


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
        else:
            parser.add_argument(f"--{entry.name}", help=_escape(text), **options)
    return parser


def _metavar(entry: Input) -> str:
    return {"boolean": "true|false", "list": "NAME,..."}.get(entry.kind, entry.name.rsplit("-")[-1].upper())


def _escape(text: str) -> str:
    return text.replace("%", "%%")
