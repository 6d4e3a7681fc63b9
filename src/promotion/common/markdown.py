"""Text from other repositories as Markdown and HTML that show just these characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from promotion.common.text import line, plain

# What GitHub makes a mention, a reference (`fixes #1` closes an issue) or a link, in messages of commits and
# in rendered Markdown: a blank without width after the sign takes that away.
_LINKED = re.compile(r"(?<!\w)@(?=\w)|#(?=\d)|(?<!\w)GH(?=-\d)|(?<!\w)www(?=\.)", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#!|~$&@:])")
_HTML = re.compile(r"[&<>\"':`]")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~-]+)*/?")
_BLOCK = re.compile(r"^(?=[-+=])|^(\d+)(?=[.)])")  # begins a list or a heading's underline


def unlinked(text: str) -> str:
    """Return the text as one harmless line that mentions nobody and closes no issue on GitHub."""
    return _LINKED.sub("\\g<0>\u200b", line(text))


def markdown(text: str) -> str:
    """Return the text as one line of Markdown that shows just these characters, without markup or links."""
    return _BLOCK.sub(r"\1\\", escape(line(text)))


def prose(text: str) -> str:
    """Return one of our own sentences as one line of Markdown. Backticks mark code spans."""
    parts = line(text).split("`")
    if len(parts) % 2 == 0:
        return markdown(text)
    spans = [code(part) if index % 2 else escape(part) for index, part in enumerate(parts)]
    return _BLOCK.sub(r"\1\\", "".join(spans))


def escape(text: str) -> str:
    """Escape every character of a line that Markdown or GitHub gives a meaning."""
    escaped = _MARKDOWN.sub(r"\\\1", _LINKED.sub("\\g<0>\u200b", text))
    # GitHub looks for addresses after rendering, where a backslash is gone.
    for sign, harmless in (("@", "@\u200b"), (":", "&#58;"), ("&", "&amp;"), ("<", "&lt;")):
        escaped = escaped.replace(f"\\{sign}", harmless)
    return escaped


def html(text: str) -> str:
    """Return the text as one line of HTML that shows just these characters: no markup, links or mentions."""
    return _HTML.sub(lambda match: f"&#{ord(match.group())};", unlinked(text))


def code(text: str) -> str:
    """Return the text as a code span that also fits in a table cell."""
    shown = line(text).replace("|", "¦")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""


def is_linkable(address: str) -> bool:
    """Return whether a link may lead there: a plain web address, which ends no link."""
    return _ADDRESS.fullmatch(address) is not None


def link(label: str, address: str) -> str:
    """Return Markdown with a link to a web address; without it if there is none that is plain."""
    return f"[{label}]({address})" if is_linkable(address) else label


def fence(text: str, language: str = "") -> str:
    """Return a fenced code block that the text can't close."""
    shown = plain(text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", shown)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}{language}\n{shown}\n{marks}\n"


class Page:
    """Text that grows up to a limit in bytes, by whole parts."""

    def __init__(self, limit: int, *, notes: int = 200) -> None:
        """Leave `notes` bytes for those that say what was left out."""
        self.left = limit - notes
        self._parts: list[str] = []

    def add(self, text: str) -> bool:
        """Add a part if it fits, and return whether it did."""
        size = len(text.encode())
        if size > self.left:
            return False
        self.left -= size
        self._parts.append(text)
        return True

    def table(self, head: str, rows: Sequence[str], *, keep: int = 0) -> None:
        """Add the rows that fit, and count the others. Leave `keep` bytes for what follows."""
        self.left -= keep
        if self.add(head):
            shown = list(takewhile(self.add, rows))
            hidden = len(rows) - len(shown)
            self._parts.append(f"\n… and {hidden} more.\n\n" if hidden else "\n")
        self.left += keep

    def text(self) -> str:
        """Return the whole text."""
        return "".join(self._parts)


def details(title: str, body: str) -> str:
    """Return a part that is folded; the title is HTML."""
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n\n"
