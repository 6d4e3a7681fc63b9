"""What a session gets for each kind of source."""

from __future__ import annotations

from types import SimpleNamespace

from promotion.rendering.sources.local_source import LocalSource
from promotion.wiring.session_fetcher import SessionFetcher


def test_nobody_is_asked_for_the_local_definition() -> None:
    fetcher = SessionFetcher(SimpleNamespace(hide=str))  # type: ignore[arg-type]
    assert fetcher.ask(LocalSource(), token="") == ""
