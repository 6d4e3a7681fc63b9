"""What the lock says of a source is read back as the same source."""

from __future__ import annotations

import pytest

from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.source_kinds import KINDS, dump_source, load_source
from promotion.rendering.sources.web_source import WebSource

ASKED = [
    GitSource(url="https://git.test/cat"),
    GitSource(url="https://git.test/cat", branch="dev", version="v1"),
    ChartSource(repository="oci://charts.test", chart="redis"),
    ChartSource(repository="https://charts.test", chart="redis", version="1.x"),
    WebSource(url="https://files.test/crds.yaml"),
]


def read(entry: dict[str, str]) -> Source:
    return load_source(lambda key: entry.get(key, ""))


def test_every_kind_that_can_be_asked_is_tried() -> None:
    assert {type(source) for source in ASKED} | {LocalSource} == set(KINDS)


@pytest.mark.parametrize("source", ASKED, ids=str)
def test_a_source_comes_back_from_the_lock(source: Source) -> None:
    assert read(dict(dump_source(source))) == source


def test_empty_fields_are_not_written() -> None:
    assert dump_source(ASKED[0]) == {"git": "https://git.test/cat"}


def test_a_source_of_a_newer_kind_has_no_address() -> None:
    assert read({"bucket": "s3://pets", "version": "7"}) == WebSource(url="")


def test_the_local_definition_is_in_no_lock() -> None:
    with pytest.raises(TypeError, match="can't be asked"):
        dump_source(LocalSource())


def test_a_branch_beside_a_version_must_be_there_too() -> None:
    assert ASKED[0].required is None
    assert ASKED[1].required == GitSource(url="https://git.test/cat", branch="dev")


def test_addresses_that_differ_in_their_query_are_two_sources_and_shown_alike() -> None:
    one, other = (WebSource(url=f"https://files.test/crds.yaml?{query}") for query in ("sig=1", "sig=2"))
    assert one != other
    assert str(one) == str(other) == "https://files.test/crds.yaml?…"
