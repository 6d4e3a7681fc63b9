from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.commands.status.status_matrix import Cell
from promotion.rendering.lock.lock import LockedComponent, LockedHld
from promotion.rendering.manifests.resources import Image, list_images
from promotion.rendering.model import Provenance

COMMIT = "a" * 40
HLD = LockedHld(ref="dev", commit="b" * 40)
CAT = LockedComponent(
    label="pets/cat", provenance=Provenance(source="https://git.test/cat", ref="main", revision=COMMIT)
)


@pytest.mark.parametrize(
    ("images", "version"),
    [
        ((Image("ghcr.io/acme/cat", "1.2.0"), Image("envoy", "9")), "1.2.0"),
        ((Image("app", "1.2.0"), Image("worker", "1.2.0")), "1.2.0"),
        ((Image("app", "1.2.0"), Image("envoy", "9")), "main"),
        ((), "main"),
    ],
)
def test_a_version_is_the_tag_of_the_image_of_its_name_or_of_all(
    images: tuple[Image, ...], version: str
) -> None:
    cell = Cell(part=CAT, hld=HLD, images=images)
    assert (cell.version, cell.commit) == (version, COMMIT)


def test_a_charts_version_wins_and_has_no_commit() -> None:
    part = LockedComponent(
        label="redis",
        provenance=Provenance(source="https://charts.test/redis", ref="1.x", revision="1.2.3 sha256:0a"),
    )
    cell = Cell(part=part, hld=HLD, images=(Image("redis", "7"),))
    assert (cell.version, cell.commit) == ("1.2.3", "")


def test_what_lies_in_the_definition_has_its_ref_and_commit() -> None:
    cell = Cell(part=LockedComponent(label="quota"), hld=HLD)
    assert (cell.version, cell.commit) == ("dev", "b" * 40)


def test_images_are_found_in_workloads_only() -> None:
    manifest = b"""\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {image: "no:1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec: {template: {spec: {containers: [{name: a, "image" : "cat:1"}, {name: b, image: 'cat:1'}]}}}
---
{ image: unclosed
"""
    assert list_images(manifest) == (Image("cat", "1"),)
    assert list_images(b"\xff image: x") == ()


def test_of_what_a_rollback_holds_the_commit_of_then_may_be_unknown() -> None:
    """That of the lock is the one that was undone."""
    then = replace(HLD, commit="")
    cell = Cell(part=LockedComponent(label="quota"), hld=then, pinned="c" * 40)
    assert (cell.version, cell.commit, cell.revision) == ("dev", "", "")
    assert Cell(part=CAT, hld=HLD, pinned="c" * 40).commit == COMMIT
