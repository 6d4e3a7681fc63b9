"""Where the program begins: the command line is read before anything else is loaded."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TextIO

from promotion.cli.arguments import read_arguments
from promotion.errors import UsageError

# New ones before Python looks for cycles, of which a run makes few: each look goes through them all, and a
# manifest has that many nodes (https://docs.python.org/3/library/gc.html#gc.set_threshold).
_MANY_OBJECTS = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code."""
    if argv is None:
        gc.set_threshold(_MANY_OBJECTS)
        print_in_any_encoding(sys.stdout)
    try:
        arguments = read_arguments(argv)
    except UsageError as error:
        from promotion.cli.command_process import refuse_usage

        return refuse_usage(error)
    from promotion.cli.command_process import run_command  # `--help` and `--version` end before this

    return run_command(arguments, is_process=argv is None)


def print_in_any_encoding(stream: TextIO) -> None:
    """Print `?` for characters that a stream's encoding lacks, as Latin-1 lacks a check mark.

    Standard error does such a thing by itself (https://docs.python.org/3/library/sys.html#sys.stderr).
    """
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")
