"""Which files of a chart's folder Helm leaves out of the chart: its `.helmignore` (Helm: pkg/ignore)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from promotion.common.lazy_dataclass import dataclass

_DEFAULT = "templates/.?*"
_LONGEST = 64 * 1024  # characters


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    whole_path: bool
    folders_only: bool
    negated: bool

    def matches(self, path: str) -> bool:
        return bool(self.pattern.fullmatch(path if self.whole_path else path.rpartition("/")[2]))


def parse_helmignore(text: str) -> Callable[[str, bool], bool]:
    """Return a test for paths: whether a path, which may be a folder, is left out; with a folder goes all
    below it.

    Raises:
        ValueError: a line isn't a pattern, or has `**`, which Helm refuses; or there are far too many.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a .helmignore may have {_LONGEST} characters, not {len(text)}")
    lines = [line.strip() for line in [*text.splitlines(), _DEFAULT]]
    rules = [_parse_rule(line) for line in lines if line and not line.startswith("#")]

    def is_ignored(path: str, is_folder: bool) -> bool:
        for rule in rules:
            unfit = rule.folders_only and not is_folder
            # In Helm a negated rule leaves out all that it doesn't match.
            if (unfit or not rule.matches(path)) if rule.negated else (not unfit and rule.matches(path)):
                return True
        return False

    return is_ignored


def _parse_rule(line: str) -> _Rule:
    if "**" in line:
        raise ValueError(f"Helm knows no ** in .helmignore: {line}")
    negated = line.startswith("!")
    rule = line.removeprefix("!")
    folders_only = rule.endswith("/")
    rule = rule.removesuffix("/")
    return _Rule(_translate(rule.removeprefix("/")), "/" in rule, folders_only, negated)


def _translate(pattern: str) -> re.Pattern[str]:
    """Return a shell pattern as Go's filepath.Match reads it."""
    parts = [""]  # one more after each star
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        position += 1
        if sign == "*":
            parts.append("")
        elif sign == "?":
            parts[-1] += "[^/]"
        elif sign == "[":
            end = pattern.find("]", position + 1)
            if end < 0:
                raise ValueError(f"a bracket isn't closed in .helmignore: {pattern}")
            parts[-1] += _translate_class(pattern[position:end])
            position = end + 1
        elif sign == "\\" and position < len(pattern):
            parts[-1] += re.escape(pattern[position])
            position += 1
        else:
            parts[-1] += re.escape(sign)
    try:
        return re.compile(_join(parts), re.DOTALL)
    except re.error:
        raise ValueError(f"{pattern} isn't a pattern in .helmignore") from None


def _join(parts: Sequence[str]) -> str:
    """Return an expression for parts with a star between each two, that takes no time that grows without end.

    What a star stands for ends where the next part is first found: another place would be no better.
    """
    if len(parts) == 1:
        return parts[0]
    first, *middle, last = parts
    return first + "".join(f"(?>[^/]*?{part})" for part in middle) + f"[^/]*{last}"


def _translate_class(text: str) -> str:
    negated = text.startswith("^")
    body = text.removeprefix("^")
    return f"[{'^' if negated else ''}{re.escape(body).replace(chr(92) + '-', '-')}]"
