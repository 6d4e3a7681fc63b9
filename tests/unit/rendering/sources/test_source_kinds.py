"""What the lock says of a source is read back as the same source."""

from __future__ import annotations

import pytest

from promotion.rendering.model import Provenance
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.source_kinds import KINDS, dump_source, find_kind, load_source
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
    assert {type(source) for source in ASKED} == set(KINDS)


@pytest.mark.parametrize(
    ("method", "kinds"),
    [
        ("git", [GitSource, GitSource, GitSource]),
        ("helm", [None, ChartSource, None]),
        ("http", [None, None, WebSource]),
        ("local", [None, None, None]),
        ("", [None, None, None]),
    ],
)
def test_a_method_is_for_some_types_of_components(method: str, kinds: list[type[Source] | None]) -> None:
    assert [find_kind(method, name) for name in ("component", "helm", "static")] == kinds


@pytest.mark.parametrize("source", ASKED, ids=str)
def test_each_kind_tells_where_a_component_comes_from(source: Source) -> None:
    told = source.trace("revision", "path")
    assert (told.revision, told.path) == ("revision", "path")
    assert " ".join([told.source, told.ref]).strip() == str(source).replace("@", " ")


def test_a_component_comes_from_an_address_without_its_credentials() -> None:
    told = GitSource(url="https://user:s3cret@git.test/cat", branch="dev", version="v1").trace("c", "charts")
    assert told == Provenance("https://git.test/cat", "v1", "c", "charts")


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
