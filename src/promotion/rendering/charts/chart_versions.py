"""Chart versions and the constraints on them, as Helm reads both (Masterminds/semver 3.4).

Versions are ordered as in SemVer 2.0.0, section 11. Beyond it a version may have a leading `v`, fewer than
three numbers and leading zeros. A constraint is a set of ranges: `||` means or; a space or a comma means and.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from promotion.common.lazy_dataclass import dataclass

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SUFFIX = rf"(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?"
_VERSION = re.compile(rf"v?(?P<numbers>[0-9]+(?:\.[0-9]+){{0,2}}){_SUFFIX}", re.ASCII)
_BOUND_TEXT = rf"v?(?P<parts>[0-9xX*]+(?:\.[0-9xX*]+){{0,2}}){_SUFFIX}"
_COMPARATOR = re.compile(rf"\s*(?P<operator>=>|=<|>=|<=|!=|~>|[=<>~^]|)\s*{_BOUND_TEXT}\s*", re.ASCII)
_PLAIN_BOUND = re.sub(r"\?P<\w+>", "?:", _BOUND_TEXT)
_HYPHEN_RANGE = re.compile(rf"(?<![^\s,|])({_PLAIN_BOUND})\s+-\s+({_PLAIN_BOUND})", re.ASCII)
_SYNONYMS = {"=>": ">=", "=<": "<=", "~>": "~", "=": ""}
_WILDCARDS = ("x", "X", "*")
_LARGEST = 2**64 - 1
_LONGEST = 1000  # characters; a longer text means nothing, and would take long to find that out

# A version's place in the order: three numbers, then its pre-release. A release comes after all of its
# pre-releases; `_FIRST` before all of them, so that `(2, 0, 0, _FIRST)` ends "the versions of major 1".
_Place = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
_FIRST = ((-1, 0, ""),)
_RELEASE = ((9, 0, ""),)


@dataclass(frozen=True)
class Version:
    """One version; `text` is as written, `place` orders it among others (build metadata doesn't count)."""

    text: str
    place: _Place

    @property
    def is_prerelease(self) -> bool:
        return self.place[3] != _RELEASE


def parse_version(text: str) -> Version | None:
    """Return the version that a text means, or None if it means none."""
    match = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        return None
    numbers = [int(number) for number in match["numbers"].split(".")]
    prerelease = match["pre"] or ""
    if max(numbers) > _LARGEST or any(_has_leading_zero(part) for part in prerelease.split(".")):
        return None
    return Version(text, _place([*numbers, 0, 0][:3], prerelease))


def _has_leading_zero(identifier: str) -> bool:
    return identifier.isdigit() and len(identifier) > 1 and identifier[0] == "0"


def _place(numbers: list[int], prerelease: str) -> _Place:
    parts = prerelease.split(".") if prerelease else []
    keys = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
    return (numbers[0], numbers[1], numbers[2], keys or _RELEASE)


@dataclass(frozen=True)
class _Range:
    """The places from `low` up to, but without, `high`; turned inside out by `negated`. None is no bound."""

    low: _Place | None = None
    high: _Place | None = None
    negated: bool = False

    def admits(self, place: _Place) -> bool:
        inside = (self.low is None or place >= self.low) and (self.high is None or place < self.high)
        return inside is not self.negated


@dataclass(frozen=True)
class _Bound:
    """The version of a comparator; `precision` is how many of its numbers are given before a wildcard."""

    place: _Place
    precision: int

    @property
    def after(self) -> _Place:
        """The place right after the version itself."""
        return (*self.place[:3], (*self.place[3], _FIRST[0]))

    @property
    def after_major(self) -> _Place:
        return (self.place[0] + 1, 0, 0, _FIRST)

    @property
    def after_minor(self) -> _Place:
        return (self.place[0], self.place[1] + 1, 0, _FIRST)

    @property
    def after_patch(self) -> _Place:
        return (self.place[0], self.place[1], self.place[2] + 1, _FIRST)

    @property
    def after_given(self) -> _Place:
        """The place right after everything that starts with the given numbers."""
        return (self.after, self.after_major, self.after_minor, self.after)[self.precision]


@dataclass(frozen=True)
class Constraint:
    """Which versions are wanted. Built by `parse_constraint`."""

    text: str
    alternatives: tuple[tuple[bool, tuple[_Range, ...]], ...]

    def admits(self, version: Version) -> bool:
        """Return whether a version satisfies it.

        A pre-release does so only where one of the comparators that are joined by "and" names a pre-release.
        """
        return any(
            (prereleases or not version.is_prerelease) and all(part.admits(version.place) for part in ranges)
            for prereleases, ranges in self.alternatives
        )


def parse_constraint(text: str) -> Constraint:
    """Read a constraint; an empty one means the newest release.

    Raises:
        ValueError: it isn't one.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text)} characters aren't a version or a range of versions")
    rewritten = _HYPHEN_RANGE.sub(r">=\1 <=\2", text) if text.strip() else "*"
    return Constraint(text, tuple(_parse_alternative(part, text) for part in rewritten.split("||")))


def _parse_alternative(text: str, whole: str) -> tuple[bool, tuple[_Range, ...]]:
    ranges: list[_Range] = []
    prereleases = False
    position = 0
    while True:
        match = _COMPARATOR.match(text, position)
        if not match:
            raise _not_a_constraint(whole)
        ranges.append(_parse_range(match, whole))
        prereleases = prereleases or match["pre"] is not None
        position = match.end()
        if position == len(text):
            return prereleases, tuple(ranges)
        if text[position] == ",":
            position += 1
        elif not text[position - 1].isspace():
            raise _not_a_constraint(whole)


def _not_a_constraint(text: str) -> ValueError:
    return ValueError(f"“{text}” isn't a version or a range of versions")


def _parse_range(match: re.Match[str], whole: str) -> _Range:
    parts = match["parts"].split(".")
    precision = next((index for index, part in enumerate(parts) if part in _WILDCARDS), len(parts))
    bound = parse_version(".".join([*parts[:precision], "0", "0", "0"][:3]) + _prerelease(match))
    if bound is None:
        raise _not_a_constraint(whole)
    operator = _SYNONYMS.get(match["operator"], match["operator"])
    return _make_range(operator, _Bound(bound.place, precision))


def _prerelease(match: re.Match[str]) -> str:
    return f"-{match['pre']}" if match["pre"] else ""


def _make_range(operator: str, bound: _Bound) -> _Range:
    """Return the range that an operator and a bound mean (semver: constraints.go, constraintOps)."""
    if operator == "" and bound.precision == 3:
        return _Range(bound.place, bound.after)
    low, high = _ENDS[operator](bound)
    return _Range(low, high, negated=operator == "!=")


def _tilde_end(bound: _Bound) -> _Place | None:
    if bound.place[:3] == (0, 0, 0) and bound.precision in (0, 3):  # `*`, and Helm's `~0.0.0`
        return None
    return bound.after_major if bound.precision == 1 else bound.after_minor


def _caret_end(bound: _Bound) -> _Place:
    """Return the end of `^`: the first number that isn't 0 may not change; `^*` is `^0.0.0` to Helm."""
    major, minor = bound.place[:2]
    if major or bound.precision == 1:
        return bound.after_major
    return bound.after_minor if minor or bound.precision == 2 else bound.after_patch


def _start_of_given(bound: _Bound) -> _Place:
    """Return the place of the first version that starts with the given numbers, pre-releases among them."""
    return bound.place if bound.precision in (0, 3) else (*bound.place[:3], _FIRST)


# Where the range of an operator begins and ends. Helm takes `<=*` for `<=0.0`.
_ENDS: dict[str, Callable[[_Bound], tuple[_Place | None, _Place | None]]] = {
    "<": lambda bound: (None, bound.place),
    "<=": lambda bound: (None, bound.after_given if bound.precision else bound.after_minor),
    ">": lambda bound: (bound.after_given, None),
    ">=": lambda bound: (bound.place, None),
    "!=": lambda bound: (_start_of_given(bound), bound.after_given),
    "^": lambda bound: (bound.place, _caret_end(bound)),
    "~": lambda bound: (bound.place, _tilde_end(bound)),
    "": lambda bound: (bound.place, _tilde_end(bound)),
}


def choose_version(available: Iterable[str], wanted: str) -> str | None:
    """Return the text among `available` that Helm picks: the very text that is wanted, else the newest
    admitted.

    Of equal versions the first counts; texts that are no versions don't.

    Raises:
        ValueError: `wanted` isn't a constraint.
    """
    constraint = parse_constraint(wanted)
    versions = [version for text in available if (version := parse_version(text))]
    exact = next((version for version in versions if version.text == wanted), None)
    admitted = [version for version in versions if constraint.admits(version)]
    best = exact or max(admitted, key=lambda version: version.place, default=None)
    return best.text if best else None


def newest_versions(available: Iterable[str], count: int) -> list[str]:
    """Return the newest of some versions, newest first, for messages."""
    versions = [version for text in available if (version := parse_version(text))]
    return [version.text for version in sorted(versions, key=lambda v: v.place, reverse=True)[:count]]
