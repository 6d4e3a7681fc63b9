"""`promotion status`: the versions in each environment, and what waits to be promoted."""

from __future__ import annotations

import argparse
import sys
import time

from promotion.commands.status.environment_comparison import list_moves, waits
from promotion.commands.status.inputs import STATUS
from promotion.commands.status.matrix_reader import read_matrix
from promotion.commands.status.report import as_markdown, as_text, notes, rows, to_json
from promotion.commands.status.status_matrix import Matrix
from promotion.common.event import parse_environments
from promotion.common.paths import normalise_folder
from promotion.wiring.manifest_repository import open_manifests
from promotion.wiring.result_output import show, show_json
from promotion.wiring.runtime import Runtime, read_inputs

_STYLES = {"pinned": "magenta", "held": "red", "▲": "yellow", "▼": "cyan", "≠": "cyan"}


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; return 1 if an environment's lock can't be read."""
    settings = read_inputs(arguments, STATUS, runtime)
    known = parse_environments(settings.words("environments"))
    folder = normalise_folder(settings.text("manifest-path"))
    environments = [(name, branch) for branch, name in known.items()]
    with open_manifests(settings, runtime) as manifests, runtime.console.group("Read the environments"):
        matrix = read_matrix(environments, folder, manifests, workers=runtime.workers)
    now = int(time.time())
    if arguments.json:
        show_json(to_json(matrix))
    elif runtime.in_actions or not sys.stdout.isatty():
        show(as_text(matrix, now), runtime)
    else:
        _print(matrix, now, runtime)
    runtime.console.summary(as_markdown(matrix, now))
    runtime.set_outputs({"waiting": str(sum(map(waits, list_moves(matrix))))})
    damages = [one.damage for one in matrix.environments if one.damage]
    for damage in damages:
        runtime.console.error(damage)
    return damages[0].exit_code if damages else 0


def _print(matrix: Matrix, now: int, runtime: Runtime) -> None:
    from rich.console import Console

    from promotion.edges.terminal import print_table

    table = [[runtime.redact(cell) for cell in row] for row in rows(matrix, now)]
    below = [runtime.redact(note) for note in notes(matrix, now)]
    print_table(table, below, _STYLES, Console(highlight=False))
