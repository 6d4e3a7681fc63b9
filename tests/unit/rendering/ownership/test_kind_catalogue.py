"""The kinds: that the documents list what the program knows, and that Kubernetes has no others."""

from __future__ import annotations

import json
from pathlib import Path

from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.rendering.ownership.kind_catalogue import (
    APPLIER_KINDS,
    CLUSTER_KINDS,
    NAMESPACED_KINDS,
    SAFE_KINDS,
    UNSAFE_KINDS,
    is_builtin_group,
)
from promotion.rendering.validation.kubernetes_api import read_api

DOCUMENT = (Path(__file__).parents[4] / "docs/teams.md").read_text("utf-8")


def test_the_document_lists_the_safe_kinds_and_why_each_other_is_none() -> None:
    for group, kind in SAFE_KINDS:
        assert f"{group}/{kind}".strip("/") in DOCUMENT.partition("### The safe kinds")[2].partition("|")[0]
    for (group, kind), reason in UNSAFE_KINDS.items():
        assert f"| {f'{group}/{kind}'.strip('/')} | {reason} |" in DOCUMENT


def test_no_kind_is_two_things() -> None:
    cluster_wide = {(group, kind) for kind, group in CLUSTER_KINDS.items()}
    assert not SAFE_KINDS & UNSAFE_KINDS.keys()
    assert not NAMESPACED_KINDS & (cluster_wide | APPLIER_KINDS)
    assert not any(is_builtin_group(group) for group, _ in APPLIER_KINDS)


def test_what_the_catalogue_has_no_namespace_for_has_none_in_kubernetes() -> None:
    """A kind that a new version brings counts as without a namespace until it is added here."""
    store = SchemaStore()
    for version in store.versions:
        api = read_api(version, store.read(version), store.history)
        for api_version, kinds in api.kinds.items():
            group = api_version.rpartition("/")[0]
            for kind in kinds:
                if is_builtin_group(group) and api.is_cluster_wide(group, kind):
                    assert (group, kind) not in NAMESPACED_KINDS
    assert json.loads(store.history)
