"""What a definition's files may say but can hardly mean: keys and names that nothing reads.

Fabrikate ignores them without a word, and so do we; a remark is what we add. A key that isn't known is worth
one only if it is close to a known one, is a usual word for one, or belongs in the other kind of file: files
may hold keys that are meant for other tools.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line, list_some, truncate
from promotion.errors import Location

# `brnach` and `branch` are 0.83 alike (difflib), `catt` and `cat` 0.86, `pord` and `prod` 0.75.
_ALIKE = 0.75
# Not ours though close: a habit from Kubernetes, and what fab once read.
_FOREIGN = ("apiVersion", "repositories")
# What people write beside config for each other, or for other tools.
_NOTES = (*_FOREIGN, "comment", "description", "kind", "metadata", "name", "notes", "owner", "owners")
_NAMED = 5  # keys in one remark
_LONGEST = 60  # characters; a longer text is no slip of the finger
# What tells names of one kind apart: shop-2, team-a, api-v1.
_COUNTER = re.compile(r"[-_.]?v?\d+$|[-_.][a-z]$")


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something that was ignored, and where. `what` is a sentence without a full stop.

    `absent` is a config of which no component has a file, if it is like no other.
    """

    what: str
    where: Location | None = None
    component: str = ""
    absent: str = ""

    def __str__(self) -> str:
        return f"component {self.component}: {self.what}" if self.component else self.what


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The keys of a kind of map.

    `aliases` are words for a key that others use; `elsewhere` are keys that belong in `other`.
    """

    keys: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Collection[str] = ()
    other: str = ""


def remark_on_key(
    key: str, vocabulary: Vocabulary, present: Collection[str], where: Location
) -> Remark | None:
    """Return what there is to say of a key that isn't known; None for one that may be somebody else's.

    Args:
        present: the keys beside it.
    """
    if key in vocabulary.elsewhere:
        return Remark(
            what=f"the key {show(key)} is ignored here: it belongs in {vocabulary.other}", where=where
        )
    meant = find_close(key, vocabulary.keys)
    if not meant:
        meant = vocabulary.aliases.get(key.casefold(), "")
        if meant in present:
            return None
    if not meant or key in _FOREIGN:
        return None
    what = f"the key {show(key)} is not known and ignored: did you mean `{meant}`?"
    return Remark(what=what, where=where)


def remark_on_unread(entries: Sequence[tuple[str, Location]]) -> Remark | None:
    """Return what there is to say of keys in a config that has no `config`; None if they may be somebody
    else's.

    Fabrikate reads none of them (core/config.go), so a chart gets its defaults.

    Args:
        entries: the keys that aren't known and on which there is no other remark, with their places.
    """
    unread = [(key, where) for key, where in entries if not _may_be_anybodys(key)]
    if not unread:
        return None
    names = list_some([show(key) for key, _ in unread], _NAMED)
    subject = f"the keys {names} are" if len(unread) > 1 else f"the key {names} is"
    what = f"{subject} not read: values stand below `config:`, those of a subcomponent below `subcomponents:`"
    return Remark(what=what, where=unread[0][1])


def _may_be_anybodys(key: str) -> bool:
    return key in _NOTES or key.startswith(("x-", ".", "_"))


def find_close(word: str, candidates: Collection[str]) -> str:
    """Return the candidate that a word may be a slip for; empty if there is none. Case doesn't count.

    Two neighbours that changed places are a slip in a short word, too, which is too short to be alike.
    """
    if len(word) > _LONGEST:
        return ""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    slip = word.casefold()
    found = get_close_matches(slip, folded, n=1, cutoff=_ALIKE) or [
        swapped
        for at in range(len(slip) - 1 if len(slip) > 2 else 0)
        if (swapped := f"{slip[:at]}{slip[at + 1]}{slip[at]}{slip[at + 2 :]}") in folded
    ]
    return folded[found[0]] if found else ""


def find_close_name(name: str, candidates: Collection[str]) -> str:
    """Find as `find_close`, but a number, letter or word at the end tells names apart: web-1, web-db."""
    return find_close(name, [other for other in candidates if not _are_siblings(name, other)])


def show(text: str) -> str:
    """Return a key or name from a file, for a message."""
    short = line(text.replace("`", "'"))
    return f"`{truncate(short, _LONGEST)}`"


def _are_siblings(name: str, other: str) -> bool:
    shorter, longer = sorted((name, other), key=len)
    if longer.startswith(shorter) and longer[len(shorter) :][:1] in ("-", "_", "."):
        return True
    return name != other and _COUNTER.sub("", name) == _COUNTER.sub("", other)
