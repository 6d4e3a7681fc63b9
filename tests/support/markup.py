"""Reading our Markdown as GitHub does: which HTML is in it, and whether everything that begins ends."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

_OURS = re.compile(r"</?(?:details|summary|code)>|<br>|<!-- promotion-[a-z]+ [0-9a-f]+ -->")
_TAG = re.compile(r"<[^>]*>")


def check_markup(text: str) -> list[str]:
    """Fail if there is HTML that isn't ours, or a fold or fence without end; gives the fences' content."""
    fences, depth = [], 0
    for token in _flatten(MarkdownIt("commonmark").enable("table").parse(text)):
        if token.type in ("html_block", "html_inline"):
            for tag in _TAG.findall(token.content):
                assert _OURS.fullmatch(tag), tag
                depth += {"<details>": 1, "</details>": -1}.get(tag, 0)
            assert depth in (0, 1)
        elif token.type == "fence":
            assert text.splitlines()[(token.map or [0, 0])[1] - 1] == token.markup, "the fence is closed"
            assert depth == 1
            fences.append(token.content)
    assert depth == 0, "every fold is closed"
    return fences


def _flatten(tokens: list[Token]) -> list[Token]:
    return [part for token in tokens for part in (token, *(token.children or ()))]
