"""Whatever is handed down to a subtree changes its digest."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from promotion.common.yaml.yaml_documents import Values
from promotion.errors import Location
from promotion.rendering.definition.access_grants import Grant
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.subtree_digest import digest_component, digest_content
from promotion.rendering.definition.tree_position import TreePosition
from promotion.rendering.lock.lock import LockedHld
from promotion.rendering.materialize_request import HelmOptions, Policy, digest_request
from promotion.rendering.model import Definition, Folder, Hooks
from promotion.rendering.sources.git_source import GitSource
from support.worlds import REQUEST

SOURCE = "https://git.test/cat"
FOLDER = Folder(GitSource(url="https://git.test/hld"), "apps")
ENTRY = Definition(name="cat", type="helm", method="git", source=SOURCE, branch="dev", path="hld")
BELOW = ConfigLayer(namespace="deep", values=Values({"a": 1}))
CONFIG = ConfigLayer(namespace="cats", values=Values({"a": [1]}), subcomponents={"kitten": BELOW})
SPOT = TreePosition(key=("0:cat",), folder=FOLDER, folders=("pets", "cat"), config=CONFIG)
WHERE = Location("access.yaml")
GRANT = Grant(variable="CAT_TOKEN", where=WHERE, trusted=True, permitted=True)

# Another value for every field that counts; hooks are denied wherever subtrees are kept.
CONFIGS: dict[str, Any] = {
    "namespace": "dogs",
    "inject_namespace": True,
    "disabled": True,
    "values": Values({"a": [1.0]}),
    "values_given": False,
    "subcomponents": {"kitten": replace(BELOW, namespace="")},
}
DEFINITIONS: dict[str, Any] = {
    "name": "tom",
    "type": "static",
    "method": "http",
    "source": f"{SOURCE}s",
    "path": "other",
    "version": "v1",
    "branch": "main",
    "subcomponents": (Definition(name="kitten"),),
}
REQUESTS: dict[str, Any] = {
    "environment": "prod",
    "configs": ("prod",),
    "policy": Policy(validate="off"),
    "helm": HelmOptions(kube_version="1.30"),
}


def test_the_lists_here_are_complete() -> None:
    assert {field.name for field in fields(ConfigLayer) if field.compare} == CONFIGS.keys()
    assert {field.name for field in fields(Definition) if field.compare} - {"hooks"} == DEFINITIONS.keys()


@pytest.mark.parametrize("field", CONFIGS)
def test_config_that_is_handed_down_counts(field: str) -> None:
    config = replace(CONFIG, values=Values()) if field == "values_given" else CONFIG
    before = replace(SPOT, config=config)
    after = replace(SPOT, config=replace(config, **{field: CONFIGS[field]}))
    assert digest_component(after, ENTRY) != digest_component(before, ENTRY)


@pytest.mark.parametrize("field", CONFIGS)
def test_config_far_below_counts(field: str) -> None:
    below = replace(BELOW, values=Values()) if field == "values_given" else BELOW
    spots = [
        replace(SPOT, config=replace(CONFIG, subcomponents={"kitten": each}))
        for each in (below, replace(below, **{field: CONFIGS[field]}))
    ]
    assert len({digest_component(spot, ENTRY) for spot in spots}) == 2


@pytest.mark.parametrize("field", DEFINITIONS)
def test_what_an_entry_says_counts(field: str) -> None:
    entry = replace(ENTRY, **{field: DEFINITIONS[field]})
    assert digest_component(SPOT, entry) != digest_component(SPOT, ENTRY)
    is_own = field != "subcomponents"  # these are components of their own
    assert (digest_content(SPOT, entry) != digest_content(SPOT, ENTRY)) is is_own


@pytest.mark.parametrize(
    "spot",
    [
        replace(SPOT, folders=("cat",)),
        replace(SPOT, folders=("pets/cat",)),
        replace(SPOT, access={SOURCE: GRANT}),
        replace(SPOT, access={"https://git.test/other": GRANT}),
        replace(SPOT, key=("1:pets", "0:cat")),
    ],
)
def test_the_place_in_the_tree_counts(spot: TreePosition) -> None:
    assert digest_component(spot, ENTRY) != digest_component(SPOT, ENTRY)


@pytest.mark.parametrize("field", ["namespace", "inject_namespace", "values"])
def test_the_config_of_content_counts(field: str) -> None:
    spot = replace(SPOT, config=replace(CONFIG, **{field: CONFIGS[field]}))
    assert digest_content(spot, ENTRY) != digest_content(SPOT, ENTRY)


def test_the_place_of_content_and_its_token_count() -> None:
    grants = [GRANT, replace(GRANT, variable="X"), replace(GRANT, trusted=False)]
    grants += [replace(grants[-1], permitted=False)]
    spots = [replace(SPOT, access={SOURCE: grant}) for grant in grants]
    spots += [SPOT, replace(SPOT, folders=("cat",))]
    assert len({digest_content(spot, ENTRY) for spot in spots}) == 6


def test_what_lies_elsewhere_does_not_count() -> None:
    elsewhere = replace(
        SPOT,
        key=("7:cat",),
        folder=Folder(FOLDER.source, "other"),
        config=replace(CONFIG, location=WHERE),
        mentions=(CONFIG,),
        subtree="sha256:0",
    )
    moved = replace(ENTRY, location=WHERE, hooks=Hooks())
    assert digest_component(elsewhere, moved) == digest_component(SPOT, ENTRY)
    below = replace(SPOT, config=replace(CONFIG, subcomponents={}))
    assert digest_content(below, ENTRY) == digest_content(SPOT, ENTRY)


def test_the_order_of_keys_does_not_count() -> None:
    one, other = (
        replace(SPOT, config=ConfigLayer(values=Values(dict(pairs))))
        for pairs in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])
    )
    assert digest_component(one, ENTRY) == digest_component(other, ENTRY)


@pytest.mark.parametrize("field", REQUESTS)
def test_what_is_asked_for_counts(field: str) -> None:
    hld = LockedHld(repository="acme/hld")
    before, after = (
        digest_request(request, hld, engine="1", helm="4")
        for request in (REQUEST, replace(REQUEST, **{field: REQUESTS[field]}))
    )
    assert before != after


def test_versions_and_the_definitions_place_count() -> None:
    hld = LockedHld(repository="acme/hld")
    digests = {
        digest_request(REQUEST, hld, engine="1", helm="4"),
        digest_request(REQUEST, hld, engine="2", helm="4"),
        digest_request(REQUEST, hld, engine="1", helm="5"),
        digest_request(REQUEST, replace(hld, path="x"), engine="1", helm="4"),
        digest_request(REQUEST, replace(hld, ref="x"), engine="1", helm="4"),
        digest_request(REQUEST, replace(hld, repository="x"), engine="1", helm="4"),
        digest_request(replace(REQUEST, helm=HelmOptions(api_versions=("v1",))), hld, engine="1", helm="4"),
    }
    assert len(digests) == 7


def test_how_it_is_published_does_not_count() -> None:
    hld = LockedHld(repository="acme/hld")
    other = replace(REQUEST, manifest_path="x", dry_run=True, commit_message="x", allow_empty=False)
    assert digest_request(other, hld, engine="1", helm="4") == digest_request(
        REQUEST, hld, engine="1", helm="4"
    )
