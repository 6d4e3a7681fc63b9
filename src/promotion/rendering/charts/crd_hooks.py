"""Hooks for the event `crd-install`, by which charts for Helm 2 brought CustomResourceDefinitions.

Helm 3 and later know no such event, and leave out what is a hook for it (Helm: pkg/release/v1/util,
manifest_sorter.go, `sort`). So that it isn't lost without a word, it is rendered as a hook for events that
nobody names so, and taken out of what Helm prints.
"""

from __future__ import annotations

import re

WORD = b"crd-install"
_MARK = "pre-rollback, pre-rollback, pre-rollback"
# Alone, or among a few others: `crd-install,pre-install`.
_HOOK = re.compile(
    rb"""(["']?helm\.sh/hook["']?[ \t]*:[ \t]*)(["']?)"""
    rb"""((?:[\w-]{1,30} ?, ?){0,9})crd-install((?: ?, ?[\w-]{1,30}){0,9})\2(?=[\s,}]|$)"""
)
_MARKED = re.compile(rf"""helm\.sh/hook["']?[ \t]*:[ \t]*"[\w, -]*{_MARK}[\w, -]*\"""")
_DOCUMENT = re.compile(r"^---\n(?=# Source: )", re.MULTILINE)


def mark_hooks(text: bytes) -> bytes:
    """Return a chart's file in which Helm doesn't leave out hooks for `crd-install`.

    An event that an expression gives is left alone.
    """
    if WORD not in text:
        return text
    lines = text.splitlines(keepends=True)
    marked = rb'\1"\3%b\4"' % _MARK.encode()
    return b"".join(line if b"{{" in line else _HOOK.sub(marked, line) for line in lines)


def take_out(printed: str) -> tuple[str, str]:
    """Return what Helm printed without these hooks, and the hooks as the chart has them."""
    if _MARK not in printed:
        return printed, ""
    head, *documents = _DOCUMENT.split(printed)
    kept, taken = [head], list[str]()
    for document in documents:
        (taken if _MARKED.search(document) else kept).append(document)
    hooks = "".join("---\n" + document for document in taken)
    return "---\n".join(kept), hooks.replace(f'"{_MARK}"', WORD.decode()).replace(_MARK, WORD.decode())
