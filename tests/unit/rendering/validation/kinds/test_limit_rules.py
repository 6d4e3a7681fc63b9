from __future__ import annotations

import json
from typing import Any

import pytest

from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.rendering.validation.kinds.limit_rules import LIMITS, add_limits
from promotion.rendering.validation.kinds.rule_catalogue import RULES
from promotion.rendering.validation.value_formats import find_format_fault

NEWEST: dict[str, Any] = json.loads(SchemaStore().read("1.37"))["schemas"]


@pytest.mark.parametrize(("name", "field"), [(name, field) for name in LIMITS for field in LIMITS[name]])
def test_each_limit_is_that_of_a_field(name: str, field: str) -> None:
    assert field in NEWEST[name]["properties"]


def test_each_format_is_known() -> None:
    named = [words["format"] for fields in LIMITS.values() for words in fields.values() if "format" in words]
    assert named
    assert all(find_format_fault("é=", name) for name in named)


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_that_of_a_type(name: str) -> None:
    assert name in NEWEST


def test_what_a_version_does_not_have_has_no_limits() -> None:
    assert not add_limits({})
    type_only = {"api.core.v1.Probe": {"type": "object", "properties": {}}}
    assert add_limits(type_only) == type_only


def test_limits_are_those_of_a_lists_items() -> None:
    dns = add_limits(NEWEST)["api.core.v1.PodDNSConfig"]["properties"]["nameservers"]
    assert dns == {"type": "array", "items": {"type": "string", "format": "ip"}}
