"""Suggestions for names that don't exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from promotion.common.text import line, list_some, truncate
from promotion.errors import UsageError

_SHOWN = 10  # names; more help nobody
_LONGEST = 60  # characters of one of them, which others choose
_MOST = 2000  # names that are compared


def find_nearest(word: str, known: Collection[str]) -> str:
    """Return the name that was probably meant; empty if none is similar."""
    from difflib import get_close_matches  # most runs mistake no name

    names = [*known][:_MOST]
    longer = [name for name in names if name.startswith(word)] if len(word) > 2 else []
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold(), folded, n=1)
    return min(longer, key=len, default="") or (folded[close[0]] if close else "")


def describe_branches(branches: Sequence[str]) -> str:
    """Return the end of a sentence about a repository that lacks the wanted branch."""
    return f"it has {list_names(branches)}" if branches else "it is empty"


def advise_branch(wanted: str, branches: Sequence[str]) -> str:
    """Return what to do about a missing branch; empty if there is no advice."""
    if not branches:
        return "Push a first commit."
    near = find_nearest(wanted, branches)
    return f"Did you mean {line(near)!r}?" if near else ""


def advise_key(key: str, known: Sequence[str]) -> str:
    """Return what to do about a key that no file of its kind has: the nearest one, and all there are."""
    near = find_nearest(key, known)
    hint = f"Did you mean `{near}`? " if near else ""
    return f"{hint}Known are {', '.join(known)}."


def list_names(names: Sequence[str]) -> str:
    """Return names in one harmless line; of many only the first ones."""
    shown = [truncate(line(name), _LONGEST) for name in names]
    return list_some(shown, _SHOWN)


def one_of(*known: str) -> Callable[[str], str]:
    """Return a check for a word, which suggests the nearest one, unlike argparse's `choices`."""

    def check(word: str) -> str:
        if word in known:
            return word
        near = find_nearest(word, known)
        raise UsageError(
            f"{word!r} isn't {' or '.join(known)}",
            fix=f"Did you mean {near}?" if near else "Write one of them.",
        )

    return check
