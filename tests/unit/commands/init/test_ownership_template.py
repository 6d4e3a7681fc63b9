"""The ownership file that `init hld` writes."""

from __future__ import annotations

import re

from promotion.commands.init.inputs import SetupRequest
from promotion.commands.init.ownership_template import ownership_file
from promotion.errors import Location
from promotion.rendering.ownership.ownership_file import parse_ownership

WHERE = Location("owners.yml")
REQUEST = SetupRequest(
    kind="hld",
    hld="acme/cluster-hld",
    manifests="acme/cluster-manifests",
    action="acme/promotion",
    version="v1",
    environments={},
)


def test_it_allows_everything_until_somebody_says_otherwise() -> None:
    (rule,) = parse_ownership(ownership_file(REQUEST).encode(), WHERE).rules
    assert (rule.pattern, rule.is_any) == ("*", True)


def test_its_examples_are_right_once_they_are_no_comments() -> None:
    text = ownership_file(REQUEST)
    assert "--hld-repository acme/cluster-hld" in text
    schema = "https://raw.githubusercontent.com/acme/promotion/v1/schemas/promotion-ownership.schema.json"
    assert text.startswith(f"# yaml-language-server: $schema={schema}\n")
    examples = re.findall(r"(?m)^# (cat-application:|  [a-z-]+: .*|\"\*\": .*)$", text)
    cat, rest = parse_ownership("\n".join(examples).encode(), WHERE).rules
    assert cat.namespaces == ("cats", "cats-*")
    assert rest.list_namespaces("dogs") == ("dogs",)
