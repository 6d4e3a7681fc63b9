"""The composition root: reads the process's environment, runs a command, turns errors into exit codes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import promotion
from promotion import __version__
from promotion.cli.catalog import COMMANDS
from promotion.common.console import Console
from promotion.common.exhaustion import find_exhaustion
from promotion.common.phrases import spell_for_terminal, spell_for_workflow
from promotion.common.redaction import Redactor, find_credentials
from promotion.edges.cancellation import on_signals
from promotion.edges.web.network import find_passwords, open_network
from promotion.errors import CancelledError, PromotionError, UsageError
from promotion.wiring.runtime import Runtime

DEFECT = 3  # the exit code for an error that is ours
_FRAMES = 6  # of a defect's trace
_PACKAGE = Path(promotion.__file__).parent
_PR_SET_DUMPABLE = 4  # linux/prctl.h
_GRACE = 1.5  # seconds that a cancelled run has to end by itself
_CANCELLED = "Cancelled: nothing is half-written. Run it again to be sure."


def run_command(arguments: argparse.Namespace, *, is_process: bool) -> int:
    """Run a command and return the exit code.

    Args:
        is_process: this process is there for the command alone.
    """
    if is_process:
        _forbid_core_files()
        _hide_memory()
    runtime = _make_runtime(os.environ.copy(), command=arguments.command, verbose=arguments.verbose)
    try:
        runtime.hide(*_find_credentials(arguments, runtime.environment))
        give_up = partial(_give_up, runtime)
        with (
            on_signals(runtime.cancellation.cancel, grace=_GRACE, give_up=give_up),
            open_network(runtime.environment, runtime.cancellation) as environment,
        ):
            return _run(arguments, replace(runtime, environment=environment))
    except CancelledError as error:
        runtime.console.notice(_CANCELLED)
        return 128 + error.number
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # whoever read our output has gone: `promotion ... | head`
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 128 + signal.SIGPIPE
    except Exception as error:
        return _fail_with(error, runtime, arguments.command)


def refuse_usage(error: UsageError) -> int:
    """Report that no command can be read from the command line; return the exit code."""
    _make_runtime(os.environ.copy(), command="", verbose=False).console.error(error)
    return error.exit_code


def _give_up(runtime: Runtime, number: int) -> None:
    """End a cancelled run that doesn't end by itself, as its threads may be in code that can't be stopped."""
    if sys.stderr.isatty():
        sys.stderr.write("\033[?25h")  # a progress line has hidden the cursor
    runtime.console.notice(_CANCELLED)
    runtime.cancellation.clean_up()
    os._exit(128 + number)


def _forbid_core_files() -> None:
    """Keep crashes of this process, git and Helm from writing memory, with credentials, to a file."""
    try:
        import resource
    except ImportError:  # Windows knows no such files
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _hide_memory() -> None:
    """Keep hooks from reading our environment, which holds tokens, through /proc."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _find_credentials(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield all credentials in the inputs, so that they are hidden before anything is logged: in those of
    other commands, too, if the environment has any.

    Nothing else of the inputs is looked at: an environment or a message may be what somebody sent us.
    """
    yield environment.get("GITHUB_TOKEN", "")
    yield from find_passwords(environment)
    own = COMMANDS[arguments.command].inputs
    known = {variable for entry in own for variable in entry.variables}
    has_others = any(name.startswith("INPUT_") and name not in known for name in environment)
    tables = [command.inputs for command in COMMANDS.values()] if has_others else [own]
    for entry in (entry for table in tables for entry in table):
        for value in (environment.get(variable, "") for variable in entry.variables):
            if entry.kind == "secret":
                yield value
            elif entry.kind == "address":
                yield from find_credentials(value)
    for entry in own:
        if entry.kind == "address":
            yield from find_credentials(getattr(arguments, entry.name.replace("-", "_"), None) or "")
    yield from find_credentials(getattr(arguments, "hld", None) or "")  # of `render` and `compare`


def _make_runtime(environment: Mapping[str, str], *, command: str, verbose: bool) -> Runtime:
    """Return the runtime. In an action's job it speaks of inputs, everywhere else of flags."""
    redact = Redactor()
    in_actions = environment.get("GITHUB_ACTIONS") == "true"
    is_action = in_actions and command in COMMANDS and COMMANDS[command].action is not None
    spell = spell_for_workflow if is_action else spell_for_terminal
    console: Console
    if in_actions:
        from promotion.edges.actions_runner import Runner

        console = Runner(environment, sys.stdout, redact, spell)
    else:
        from promotion.edges.terminal import Terminal, takes_codes

        stream = None if takes_codes(sys.stderr, environment) else sys.stderr
        console = Terminal(redact, stream=stream, verbose=verbose)
    return Runtime(
        environment=environment,
        console=console,
        redact=redact,
        folder=Path(environment.get("GITHUB_WORKSPACE") or ".").absolute(),
        workers=_workers(),
        spell=spell,
    )


def _run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    command = import_module(f"promotion.commands.{arguments.command}.command")
    code: int = command.main(arguments, runtime)
    return code


def _workers() -> int:
    return min(32, 2 * (os.cpu_count() or 1))


def _fail_with(error: Exception, runtime: Runtime, command: str) -> int:
    """Report why the run failed, and return the exit code."""
    known = find_exhaustion(error) or error
    if isinstance(known, PromotionError):
        return _fail(known, runtime, command)
    return _fail_ours(error, runtime, command)


def _fail(error: PromotionError, runtime: Runtime, command: str) -> int:
    from promotion.publishing.report import summarize_failure

    runtime.console.error(error)
    runtime.console.summary(summarize_failure(error, command, runtime.spell))
    return error.exit_code


def _fail_ours(error: Exception, runtime: Runtime, command: str) -> int:
    """Report a bug of ours with names and lines of the trace, no values; return the exit code."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = "\n".join(f"  {_name_file(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)
    what = f"a defect of this program: {type(error).__name__}: {error}"
    fix = f"Please report it, with version {__version__} and this trace:\n{places}"
    _fail(PromotionError(what, fix=fix), runtime, command)
    return DEFECT


def _name_file(filename: str) -> str:
    """Return a file's path in our package, where many are called alike; of any other file just its name."""
    path = Path(filename)
    return path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else path.name
