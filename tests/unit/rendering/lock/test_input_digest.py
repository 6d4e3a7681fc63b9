"""Input digests: they change with all that can change a manifest, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.lock.input_digest import digest_fields, digest_inputs, digest_source
from promotion.rendering.model import Component, Definition, Folder
from promotion.rendering.sources.local_source import LocalSource

CHART = Component(
    name="shop",
    folders=("team",),
    definition=Definition(name="shop", type="helm"),
    folder=Folder(LocalSource(), "shop"),
    values={"replicas": 1, "tag": "1"},
    namespace="pets",
    inject_namespace=False,
)
STATIC = replace(CHART, definition=Definition(name="shop", type="static"))
OPTIONS: dict[str, Any] = {"content": "sha256:1", "engine": "1.0.0", "helm": "4.3.1", "options": ()}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "store"},
        {"namespace": "cats"},
        {"inject_namespace": True},
        {"values": {"replicas": "1", "tag": "1"}},
        {"values": {"replicas": 1.0, "tag": "1"}},
        {"values": {"replicas": True, "tag": "1"}},
        {"values": {"replicas": 1, "tag": "1", "more": None}},
    ],
)
def test_a_chart_depends_on_what_helm_is_given(change: dict[str, Any]) -> None:
    assert digest_inputs(replace(CHART, **change), **OPTIONS) != digest_inputs(CHART, **OPTIONS)


@pytest.mark.parametrize(
    "change", [{"content": "sha256:2"}, {"engine": "1.0.1"}, {"helm": "4.4.0"}, {"options": ("v1.33",)}]
)
def test_a_chart_depends_on_its_content_and_on_the_tools(change: dict[str, Any]) -> None:
    assert digest_inputs(CHART, **{**OPTIONS, **change}) != digest_inputs(CHART, **OPTIONS)


@pytest.mark.parametrize("change", [{"namespace": "cats"}, {"values": {"tag": "2"}}, {"name": "store"}])
def test_the_basis_is_what_sources_and_config_say(change: dict[str, Any]) -> None:
    assert digest_source(replace(CHART, **change), content="sha256:1") != digest_source(
        CHART, content="sha256:1"
    )
    assert digest_source(CHART, content="sha256:2") != digest_source(CHART, content="sha256:1")


@pytest.mark.parametrize(
    "change",
    [
        {"folders": ("other",)},
        {"folder": Folder(LocalSource(), "elsewhere")},
        {"values": {"tag": "1", "replicas": 1}},
        {"definition": Definition(name="shop", type="helm", branch="main", path="chart")},
    ],
)
def test_a_chart_does_not_depend_on_where_things_are(change: dict[str, Any]) -> None:
    assert digest_inputs(replace(CHART, **change), **OPTIONS) == digest_inputs(CHART, **OPTIONS)


def test_static_files_depend_on_neither_config_nor_helm() -> None:
    changed = replace(STATIC, values={}, namespace="", inject_namespace=True)
    assert digest_inputs(changed, **{**OPTIONS, "helm": "4.4.0"}) == digest_inputs(STATIC, **OPTIONS)
    assert digest_inputs(STATIC, **{**OPTIONS, "content": "sha256:2"}) != digest_inputs(STATIC, **OPTIONS)


FIELDS = st.dictionaries(
    st.text("ab\0", max_size=3),
    st.text("ab\0", max_size=3) | st.booleans() | st.lists(st.text('ab,"', max_size=2)),
    max_size=3,
)


@given(FIELDS, FIELDS)
def test_only_equal_fields_have_equal_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (digest_fields(one) == digest_fields(other)) == (one == other)
