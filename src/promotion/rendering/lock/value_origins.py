"""Where a component's manifest was written: the files that gave its values, and those that it is made of.

Places only, never values. They belong to a component's inputs as its manifest does: they are noted when
something is made of these inputs for the first time, with the commit at which each file had these lines, and
stay while the inputs do, in a full run, too. So a line that only moves changes no lock, and what is kept
equals what is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.yaml_documents import Values
from promotion.errors import Location

MOST_PLACES = 500  # of one component
_LONGEST = 200  # characters of a value's path
_DEEPEST = 40  # maps within maps


@dataclass(frozen=True, kw_only=True)
class FileOrigin:
    """A file that a component's manifest comes from.

    `repository` is an address without credentials, empty for the definition's own; a file from the web has
    its address as `file`. `values` are the paths of the values that the file gives, with their lines (0: not
    known). `begins` is the line of our manifest that is the first of a static file; 0 for a config file.
    """

    file: str
    repository: str = ""
    commit: str = ""
    values: Mapping[str, int] = field(default_factory=dict)
    begins: int = 0


def find_values(values: Mapping[str, object], own: str) -> tuple[FileOrigin, ...]:
    """Return the files that give the values of a config, in order of their names; at most `MOST_PLACES`
    values.

    A list counts as one value; one that several layers join is where the most important has it.

    Args:
        values: of the merged config.
        own: the address of the definition's repository, without credentials.
    """
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for count, (path, where) in enumerate(_leaves(values, "", 0)):
        if count == MOST_PLACES:
            break
        key = (_name(where, own), where.file, where.revision)
        found.setdefault(key, {})[path] = where.line or 0
    return tuple(
        FileOrigin(repository=repository, file=file, commit=commit, values=dict(sorted(paths.items())))
        for (repository, file, commit), paths in sorted(found.items())
    )


def place_files(files: Iterable[tuple[Location, str]], own: str) -> tuple[FileOrigin, ...]:
    """Return the static files that a manifest joins, each after a line of dashes; at most `MOST_PLACES`.

    Args:
        files: where each is, and its text in the manifest up to the next line of dashes.
        own: as for `find_values`.
    """
    placed: list[FileOrigin] = []
    line = 2
    for where, text in files:
        if len(placed) == MOST_PLACES:
            break
        placed.append(
            FileOrigin(repository=_name(where, own), file=where.file, commit=where.revision, begins=line)
        )
        line += text.count("\n") + 1
    return tuple(placed)


def find_file(origins: Iterable[FileOrigin], line: int) -> tuple[FileOrigin, int] | None:
    """Return the static file that a line of a manifest comes from, and its line there."""
    below = [origin for origin in origins if 0 < origin.begins <= line]
    if not below or len(below) >= MOST_PLACES:  # a file that isn't listed may begin after the last that is
        return None
    return below[-1], line - below[-1].begins + 1


def describe_line(origins: Iterable[FileOrigin], path: str, line: int) -> str:
    """Describe a line of a manifest by the file that people can correct: `line 3 of m/account.yaml`."""
    if found := find_file(origins, line):
        origin, there = found
        return f"line {there} of {origin.file}{f' in {origin.repository}' if origin.repository else ''}"
    return f"line {line} of {path}"


def join_path(path: str, key: str) -> str:
    r"""Return the path of a key below a path, as `helm --set` reads it: `labels.example\.org/a`."""
    escaped = key.replace("\\", "\\\\").replace(".", "\\.")
    return f"{path}.{escaped}" if path else escaped


def _leaves(values: Mapping[str, object], path: str, depth: int) -> Iterator[tuple[str, Location]]:
    locations = values.locations if isinstance(values, Values) else {}
    for key, value in values.items():
        below = join_path(path, key)
        if len(below) > _LONGEST:
            continue
        if isinstance(value, Mapping) and value and depth < _DEEPEST:
            yield from _leaves(value, below, depth + 1)
        elif where := locations.get(key):
            yield below, where


def _name(where: Location, own: str) -> str:
    return "" if where.repository == own else where.repository
