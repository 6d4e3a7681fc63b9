"""What the message of a commit in the manifest repository says of its run, by its trailers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from promotion.common.git_ids import COMMIT_PATTERN
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line

_TRAILER = re.compile(r"([A-Za-z0-9-]+): (.*)")
_TRIGGER = re.compile(
    r"(?P<repository>(?!https?://)\S+?)?(?:@(?P<commit>" + COMMIT_PATTERN + r"))?"
    r"(?:(?:^| )by (?P<actor>.+?))?(?:(?:^| )(?P<url>https?://\S+))?"
)
_VERSION = re.compile(r"(.+?) \S+ (\S+(?: sha256:[0-9a-f]+)?)")
_LONGEST = 2000  # characters of a row; ours are shorter


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """The run that made a commit: repository and commit of its event, who started it, its address."""

    repository: str = ""
    commit: str = ""
    actor: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Trailers:
    """`hld` is the definition's repository and commit; `sources` are revisions by a component's label."""

    trigger: Trigger = Trigger()
    hld: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)


def read_trailers(message: str) -> Trailers:
    """Return the trailers that `promotion.publishing.commit_message` writes; of a message without them,
    nothing.
    """
    rows = message.rstrip().rpartition("\n\n")[2].split("\n")
    short = [_visible(row) for row in rows if len(row) <= _LONGEST]
    matches = [match for row in short if (match := _TRAILER.fullmatch(row))]
    values = {match[1]: match[2] for match in matches}
    sources: dict[str, str] = {}
    for match in matches:
        if match[1] == "Source-Commit":
            label, _, place = match[2].rpartition(" ")
            sources[label] = place.rpartition("@")[2]
        elif match[1] == "Source-Version" and (version := _VERSION.fullmatch(match[2])):
            sources[version[1]] = version[2]
    found = _TRIGGER.fullmatch(values.get("Triggered-By", ""))
    trigger = Trigger(**{key: text or "" for key, text in found.groupdict().items()}) if found else Trigger()
    return Trailers(trigger=trigger, hld=values.get("HLD-Commit", ""), sources=sources)


def _visible(text: str) -> str:
    return line(text).replace("\u200b", "")
