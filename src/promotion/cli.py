"""The composition root: reads the process's environment, picks the command, turns errors into exit codes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import textwrap
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from promotion import __version__
from promotion.commands.runtime import Runtime
from promotion.core.guard.inputs import GUARD
from promotion.core.inputs import COMPARE, MATERIALIZE, RENDER, Input
from promotion.core.redaction import Redactor
from promotion.edges.command import restart
from promotion.errors import PromotionError, UsageError

DEFECT = 3  # the exit code for an error that is ours
_FRAMES = 6  # of a defect's trace
_EPILOG = """\
Tokens and keys aren't flags, since every user of the machine can read a command line. They come from the
environment: INPUT_TOKEN (or GITHUB_TOKEN), INPUT_SOURCE-TOKEN, INPUT_SSH-KEY. So does every other input
that isn't given as a flag, as INPUT_<NAME>; that is how GitHub's runner hands them over.

exit codes: 0 done, or nothing to do; 1 an input, definition or repository is at fault; 2 wrong usage;
3 a defect of this program
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line. Each input of an action is a flag of its command, but for secrets."""
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
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code."""
    arguments = _parse(argv)
    if argv is None:
        _restart_in_utc()
    runtime = _make_runtime(os.environ.copy(), verbose=arguments.verbose)
    signal.signal(signal.SIGTERM, _end)  # the runner cancels with SIGINT, then SIGTERM
    try:
        return _run(arguments, runtime)
    except PromotionError as error:
        return _fail(error, runtime, arguments.command)
    except KeyboardInterrupt:
        runtime.console.notice("Cancelled; nothing was written unless a commit was reported.")
        return 128 + signal.SIGINT
    except BrokenPipeError:  # whoever read our output has gone: `promotion ... | head`
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 128 + signal.SIGPIPE
    except Exception as error:
        return _fail_ours(error, runtime, arguments.command)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; unlike argparse alone, with configs behind a flag, too: `HLD OUTPUT --replace prod`."""
    parser = build_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        takes_configs = arguments.command in ("render", "compare")
        if not takes_configs or any(word.startswith("-") for word in rest):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        arguments.configs = [*arguments.configs, *rest]
    return arguments


def _restart_in_utc() -> None:
    """Start this process again with TZ=UTC if it has another time zone.

    Else charts would print dates of this machine's zone: the embedded Helm's Go code reads the environment
    that the process was started with, so it's no use to change it here.
    """
    if time.tzname == ("UTC", "UTC") and not time.timezone:
        return
    restart({**os.environ, "TZ": "UTC"})


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


def _make_runtime(environment: Mapping[str, str], *, verbose: bool) -> Runtime:
    redact = Redactor()
    folder = Path(environment.get("GITHUB_WORKSPACE") or ".").absolute()
    if environment.get("GITHUB_ACTIONS") == "true":
        from promotion.edges.runner import Runner

        runner = Runner(environment, sys.stdout, redact)
        return Runtime(environment=environment, console=runner, redact=redact, folder=folder)
    from promotion.edges.terminal import Terminal

    terminal = Terminal(redact, verbose=verbose)
    return Runtime(environment=environment, console=terminal, redact=redact, folder=folder)


def _run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    known = {"render": _render, "compare": _compare, "materialize": _materialize, "guard": _guard}
    return known[arguments.command](arguments, runtime)


def _render(arguments: argparse.Namespace, runtime: Runtime) -> int:
    from promotion.commands import render

    render.run(
        _flags(arguments, RENDER),
        runtime,
        hld=arguments.hld,
        output=arguments.output,
        configs=arguments.configs,
        replace=arguments.replace,
        workers=_workers(),
    )
    return 0


def _compare(arguments: argparse.Namespace, runtime: Runtime) -> int:
    from promotion.commands import compare

    flags = _flags(arguments, COMPARE)
    return compare.run(flags, runtime, hld=arguments.hld, configs=arguments.configs, workers=_workers())


def _materialize(arguments: argparse.Namespace, runtime: Runtime) -> int:
    from promotion.commands import materialize

    materialize.run(_flags(arguments, MATERIALIZE), runtime, workers=_workers())
    return 0


def _guard(arguments: argparse.Namespace, runtime: Runtime) -> int:
    from promotion.commands import guard

    flags = _flags(arguments, GUARD)
    if arguments.action == "audit":
        return guard.run_audit(flags, runtime, repository=arguments.repository, change=arguments.apply)
    if arguments.repository or arguments.apply:
        raise UsageError("--repository and --apply are for the audit", fix="Write `promotion guard audit`.")
    return guard.run(flags, runtime)


def _flags(arguments: argparse.Namespace, table: Sequence[Input]) -> dict[str, str | None]:
    """The inputs that are given as flags."""
    return {entry.name: getattr(arguments, entry.name.replace("-", "_"), None) for entry in table}


def _workers() -> int:
    return min(32, 2 * (os.cpu_count() or 1))


def _fail(error: PromotionError, runtime: Runtime, command: str) -> int:
    from promotion.core.report import summarize_failure

    runtime.console.error(error)
    runtime.console.summary(summarize_failure(error, command))
    return error.exit_code


def _fail_ours(error: Exception, runtime: Runtime, command: str) -> int:
    """Say that the fault is ours, with the end of the trace: names and lines, but no values."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = "\n".join(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    what = f"a defect of this program: {type(error).__name__}: {error}"
    fix = f"Please report it, with version {__version__} and this trace:\n{places}"
    _fail(PromotionError(what, fix=fix), runtime, command)
    return DEFECT


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
