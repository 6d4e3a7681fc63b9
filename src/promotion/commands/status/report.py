"""The matrix of components and environments, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from promotion.commands.status.environment_comparison import Move, Standing, list_moves, waits
from promotion.commands.status.status_matrix import Cell, Environment, Matrix
from promotion.common.ages import age, iso, short_age
from promotion.common.git_ids import short_sha
from promotion.common.markdown import Page, code, markdown, prose
from promotion.common.text import count, line, list_first
from promotion.publishing.report import SUMMARY_LIMIT
from promotion.publishing.reported_holds import describe_hold
from promotion.rendering.lock.lock import DISTRUST, LOCK_NAME, REPAIR
from promotion.rendering.lock.lock_file import locate_lock

_MARKS: dict[Standing, str] = {
    "waiting": "▲",
    "gone": "▲",
    "new": "▲",
    "behind": "▼",
    "differs": "≠",
    "same": "",
}
LEGEND = (
    "▲ the environment before has a later one, which waits; ▼ this one is later; ≠ they differ, "
    "and nobody can tell which is later"
)
_MOST_MOVES = 50


def rows(matrix: Matrix, now: int) -> list[list[str]]:
    """Return the table, with its head first: the version of each component in each environment.

    Args:
        now: seconds since 1970.
    """
    return _rows(matrix, now, line)


def _rows(matrix: Matrix, now: int, escape: Callable[[str], str]) -> list[list[str]]:
    marks = {(move.path, move.target.name): _MARKS[move.standing] for move in list_moves(matrix)}
    table = [["component", *(escape(_title(one)) for one in matrix.environments)]]
    for path in matrix.paths:
        cells = [
            escape(_cell(one, path, marks.get((path, one.name), ""), now)) for one in matrix.environments
        ]
        table.append([escape(matrix.label(path)), *cells])
    return table


def _title(one: Environment) -> str:
    if one.is_missing:
        return f"{one.name} ({f'no {LOCK_NAME}' if one.has_branch else 'no branch'})"
    if one.damage:
        return f"{one.name} (can't be read)"
    return one.name if one.is_trusted else f"{one.name} (edited)"


def _cell(one: Environment, path: str, mark: str, now: int) -> str:
    cell = one.cells.get(path)
    if one.damage:
        return "?"
    if cell is None:
        return f"{mark or '–'} pinned" if path in one.absent else mark or "–"
    since = short_age(now - cell.since.time) if cell.since else "old"
    states = ("pinned" if cell.pinned else "", "held" if cell.held else "")
    parts = (cell.version, short_sha(cell.commit), since, mark, *states)
    return " ".join(part for part in parts if part)


def waiting(matrix: Matrix, now: int) -> list[str]:
    """Return a line for each component to be promoted, below a line for its pair of environments."""
    return [text for title, moves in _waiting(matrix) for text in (title, *_bullets(moves, now, "  "))]


def _waiting(matrix: Matrix) -> list[tuple[str, list[Move]]]:
    moves = [move for move in list_moves(matrix) if waits(move)]
    found = []
    for source, target in matrix.pairs():
        ours = [move for move in moves if move.source is source and move.target is target]
        names = f"{line(source.name)} → {line(target.name)}"
        if ours:
            found.append((f"{names}: {count(len(ours), 'component')} to promote", ours))
        else:
            found.append((f"{names}: nothing to promote", ours))
    return found


def _bullets(moves: Sequence[Move], now: int, indent: str) -> list[str]:
    rows = list_first(moves, _MOST_MOVES, lambda move: line(_describe(move, now)))
    return [f"{indent}{row}" for row in rows]


def _describe(move: Move, now: int) -> str:
    cell = move.source.cells.get(move.path)
    ago = f", in {move.source.name} for {age(now - cell.since.time)}" if cell and cell.since else ""
    there = move.target.cells.get(move.path)
    is_pinned = bool(there and there.pinned) or move.path in move.target.absent
    state = f"; pinned in {move.target.name}" if is_pinned else ""
    state += f"; held back in {move.target.name}" if there and there.held else ""
    if move.standing == "new":
        return f"{move.label} {move.after} is new{ago}{state}"
    if move.standing == "gone":
        return f"{move.label} {move.before} is to go{state}"
    versions = f"{move.before} → {move.after}" if move.before != move.after else _commits(move)
    return f"{move.label} {versions}{ago}{state}"


def _commits(move: Move) -> str:
    """Return the commits of a move whose versions are the same; else an empty text."""
    commits = [
        short_sha(cell.commit) if cell else ""
        for cell in (one.cells.get(move.path) for one in (move.target, move.source))
    ]
    return f"{move.after} ({' → '.join(commits)})" if all(commits) else move.after


def as_text(matrix: Matrix, now: int) -> str:
    """Return the table in columns, for output that isn't a terminal."""
    table = rows(matrix, now)
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    text = [
        "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join((*text, "", *notes(matrix, now)))


def notes(matrix: Matrix, now: int) -> list[str]:
    """Return the notes below the table."""
    missing = [describe_missing(one, matrix.folder) for one in matrix.environments if one.is_missing]
    legend = ["", LEGEND] if list_moves(matrix) else []
    return [*waiting(matrix, now), *missing, *held_back(matrix), *distrusted(matrix), *legend]


def held_back(matrix: Matrix) -> list[str]:
    """Return a sentence on each part that is held back, by environment."""
    return [
        f"{line(one.name)}: {describe_hold(name, part)}"
        for one in matrix.environments
        for name, part in one.held.items()
    ]


def distrusted(matrix: Matrix) -> list[str]:
    """Return a sentence on each environment whose lock can't be read, or that somebody changed by hand."""
    path = line(locate_lock(matrix.folder).file)
    damaged = [
        f"{line(one.name)}: {line(str(one.damage))}" for one in matrix.environments if one.damage is not None
    ]
    return damaged + [
        f"{line(one.name)}: {path} of branch {line(one.branch)} {DISTRUST}. {REPAIR}"
        for one in matrix.environments
        if not one.is_trusted
    ]


def describe_missing(one: Environment, folder: str) -> str:
    """Return why an environment has no column: what is missing there.

    Args:
        folder: the normalised `manifest-path`.
    """
    name, branch = line(one.name), line(one.branch)
    if one.has_branch:
        return f"{name}: branch {branch} has no {line(locate_lock(folder).file)}"
    return f"{name}: there is no branch {branch}"


def as_markdown(matrix: Matrix, now: int) -> str:
    """Return the table and the waiting components, for the job summary."""
    page = Page(SUMMARY_LIMIT)
    page.add(f"## Environments in {code(matrix.repository)}\n\n")
    table = [f"| {' | '.join(row)} |\n" for row in _rows(matrix, now, markdown)]
    page.table(f"{table[0]}|{'---|' * (len(matrix.environments) + 1)}\n", table[1:], keep=20_000)
    for title, moves in _waiting(matrix):
        page.add(f"**{markdown(title)}**\n\n")
        bullets = [f"- {markdown(bullet)}\n" for bullet in _bullets(moves, now, "")]
        page.add("".join(bullets) + "\n" if bullets else "")
    for text in held_back(matrix):
        page.add(f"> ⛔ {prose(text)}\n\n")
    for text in distrusted(matrix):
        page.add(f"> ⚠️ {prose(text)}\n\n")
    page.add(f"{markdown(LEGEND)}\n")
    return page.text()


def to_json(matrix: Matrix) -> str:
    """Return the whole matrix for programs."""
    content = {
        "repository": matrix.repository,
        "environments": [_environment(one) for one in matrix.environments],
        "differences": [
            {
                "from": move.source.name,
                "to": move.target.name,
                "component": move.label,
                "standing": move.standing,
                "waits": waits(move),
                "before": move.before,
                "after": move.after,
            }
            for move in list_moves(matrix)
        ],
    }
    return json.dumps(content, indent=2)


def _environment(one: Environment) -> dict[str, Any]:
    return {
        "name": one.name,
        "branch": one.branch,
        "missing": one.is_missing,
        "damage": str(one.damage) if one.damage else None,
        "lock_is_trusted": one.is_trusted,
        "commit": one.commit,
        "time": iso(one.time) if one.commit else "",
        "components": {path: _component(cell) for path, cell in one.cells.items()},
        "pinned_absent": dict(one.absent),
        "held": {name: asdict(part) for name, part in one.held.items()},
    }


def _component(cell: Cell) -> dict[str, Any]:
    part = cell.part
    return {
        "component": part.label,
        "kind": part.kind,
        "version": cell.version,
        "repository": cell.provenance.source,
        "ref": cell.provenance.ref,
        "revision": cell.revision,
        "images": [str(image) for image in cell.images],
        "since": iso(cell.since.time) if cell.since else "",
        "manifest_commit": cell.since.id if cell.since else "",
        "pinned": cell.pinned or None,
        "held": cell.held or None,
    }
