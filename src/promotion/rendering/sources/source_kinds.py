"""The table of all kinds of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource

KINDS: tuple[type[Source], ...] = (GitSource, ChartSource, WebSource)


def find_kind(method: str, component_type: str) -> type[Source] | None:
    """Return the kind of source that a method means for a type of component; None for local files."""
    kinds = (kind for kind in KINDS if method == kind.METHOD and component_type in kind.TYPES)
    return next(kinds, None)


def dump_source(source: Source) -> Mapping[str, str]:
    """Return what the lock says of a source: the fields that aren't empty."""
    return {key: text for key, text in source.dump().items() if text}


def load_source(text: Callable[[str], str]) -> Source:
    """Return the source that a lock names, given the text of each key.

    One of no kind that we know becomes a file without an address, which never answers as before.
    """
    found = (kind.load(text) for kind in KINDS)
    return next((source for source in found if source), WebSource(url=""))
