"""Branch patterns: they match whole names.

`*` stands for any characters but `/`, `?` for one character but `/`, `**` for any characters; `**/` at the
start of a part stands for any number of whole parts, also none, so that `release/**/*` covers `release/1`.
Everything else stands for itself.

GitHub has two such languages. In filters of workflows `**` is any characters, `**/` also nothing, and `?`
makes the character before it optional (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet;
nektos/act, pkg/workflowpattern). In rulesets it is Ruby's `File.fnmatch` with `FNM_PATHNAME`: `?` and `**/`
as here, and a `**` before anything else is a `*`
(https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#using-fnmatch-syntax).
Both have sets in brackets, which aren't offered, since `[` can't be in a branch name.

There is no regular expression underneath, so a name or a pattern can't be read as one, and matching takes
time in proportion to pattern times name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PART = re.compile(r"(?:(?<=/)|\A)(?P<parts>\*\*/)|\*\*|.", re.DOTALL)
_BEFORE_PARTS, _IN_PARTS = "**/", "…/"  # what `**/` comes to: where it begins, and within what it stands for
# git-check-ref-format(1): what no branch name holds. `*` and `?` are ours.
_NEVER_IN_A_NAME = re.compile(r"[\x00-\x20\x7f~^:\[\\]|\.\.|//|@\{|^[-/.]|/\.|[/.]$|\.lock(?=/|$)|\*\*\*|^@$")
_LONGEST = 255  # bytes, git's own limit for one part of a name


def is_pattern(text: str) -> bool:
    """Return whether the text stands for more than one name."""
    return "*" in text or "?" in text


def fault(pattern: str) -> str:
    """Return why the text can't be a branch name or pattern; empty if it can."""
    if not pattern:
        return "it is empty"
    if len(pattern.encode()) > _LONGEST:
        return f"it is longer than {_LONGEST} bytes"
    if found := _NEVER_IN_A_NAME.search(pattern):
        return f"{found.group()!r} can't be in a branch name (patterns are globs, not regular expressions)"
    return ""


def matches(pattern: str, name: str) -> bool:
    """Return whether the pattern matches the whole name; case counts."""
    if not is_pattern(pattern):
        return pattern == name
    parts = list(_split(pattern))
    states = _skip({0}, parts)
    for character in name:
        states = _skip(_step(states, parts, character), parts)
        if not states:
            return False
    return len(parts) in states


def _split(pattern: str) -> Iterator[str]:
    for found in _PART.finditer(pattern):
        yield found.group()
        if found["parts"]:
            yield _IN_PARTS


def _step(states: set[int], parts: list[str], character: str) -> set[int]:
    """Return the states after one more character."""
    reached = set()
    for state in states:
        part = parts[state] if state < len(parts) else ""
        if part in (_BEFORE_PARTS, _IN_PARTS):
            inside = state + 1 if part == _BEFORE_PARTS else state
            reached |= {inside, inside + 1} if character == "/" else {inside}
        elif part == "**" or (part == "*" and character != "/"):
            reached.add(state)
        elif (part == "?" and character != "/") or part == character:
            reached.add(state + 1)
    return reached


def _skip(states: set[int], parts: list[str]) -> set[int]:
    """Return the states, with those that are reached because a star stands for nothing."""
    reached = set(states)
    for state in states:
        following = state
        while following < len(parts) and parts[following] in ("*", "**", _BEFORE_PARTS):
            following += 2 if parts[following] == _BEFORE_PARTS else 1
            reached.add(following)
    return reached


def literal_prefix(pattern: str) -> str:
    """Return the text that every matching name starts with."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]
