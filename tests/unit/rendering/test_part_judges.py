"""Which part is at fault for what is found in what all have made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from promotion.errors import PromotionError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.lock.lock import LOCK_NAME, Lock, LockedComponent, lock_components
from promotion.rendering.manifests import file_changes
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.manifests.resource_identity import parse_identity
from promotion.rendering.model import Provenance, RenderedComponent
from promotion.rendering.part_judges import find_guilty, judge_places
from promotion.rendering.rendering_outcome import Rendering

CRD = (
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: cats.acme.io}\n"
    "spec: {group: acme.io, names: {kind: Cat}}\n"
)
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: door, namespace: house}\n"


def rendered(part: str, text: str = SERVICE, path: str = "") -> RenderedComponent:
    return RenderedComponent(
        label=part,
        path=path or f"{part}/{part}.yaml",
        kind="static",
        provenance=Provenance(),
        input_digest="",
        manifest=text.encode(),
        part=part,
    )


def kept(part: str, *resources: str) -> LockedComponent:
    return LockedComponent(
        label=part, files={f"{part}/{part}.yaml": "1" * 40}, resources=resources, part=part
    )


def make(
    *new: RenderedComponent, old: Sequence[LockedComponent] = (), was_judged: bool = True, held: str = ""
) -> Rendering:
    failures = PartFailures(holds=True)
    if held:
        error = PromotionError("broken")
        error.part = held
        failures.add(error)
    before = {path: part for part in old for path in part.files}
    components = {**before, **lock_components(new)}
    return Rendering(
        rendered=new,
        lock=Lock(components=components),
        before=Lock(components=before),
        was_judged=was_judged,
        was_right=was_judged,
        failures=failures,
    )


def finding(part: str, *, twin: str = "") -> ClusterFinding:
    resource = parse_identity("Service house/door")
    twin = f"{twin}/{twin}.yaml" if twin else ""
    return ClusterFinding(
        component=part,
        path=f"{part}/{part}.yaml",
        what="is wrong",
        fix="Fix it",
        resource=resource,
        twin=twin,
    )


def test_what_a_part_has_just_made_is_its_own_fault() -> None:
    assert find_guilty(finding("cat"), make(rendered("cat"), rendered("dog", CRD))) == ["cat"]


def test_what_was_right_until_a_definition_of_its_kind_changed_is_the_fault_of_who_changed_it() -> None:
    made = make(rendered("crds", CRD), rendered("dog"), old=[kept("cat")])
    assert find_guilty(finding("cat"), made) == ["crds"]
    two = make(rendered("crds", CRD), rendered("more", CRD), old=[kept("cat")])
    assert find_guilty(finding("cat"), two) == ["crds", "more"]


def test_what_is_made_anew_as_it_was_is_as_if_it_were_kept() -> None:
    same = rendered("cat")
    old = [*lock_components([same, rendered("crds", CRD), rendered("more", CRD)]).values()]
    changed = rendered("crds", CRD.replace("Cat", "Lion"))
    made = make(same, changed, rendered("more", CRD), old=old)
    assert find_guilty(finding("cat"), made) == ["crds"]


def test_of_a_held_part_too_who_changed_the_definition_is_at_fault() -> None:
    made = make(rendered("crds", CRD), old=[kept("cat")], held="cat")
    assert find_guilty(finding("cat"), made) == ["crds"]


def test_of_what_is_held_already_nobody_is() -> None:
    assert find_guilty(finding("cat"), make(rendered("dog"), old=[kept("cat")], held="cat")) == []


def test_under_a_stricter_policy_what_was_kept_is_its_own_fault() -> None:
    made = make(rendered("crds", CRD), old=[kept("cat")], was_judged=False)
    assert find_guilty(finding("cat"), made) == ["cat"]


def test_of_two_that_make_one_resource_the_newcomer_is_at_fault_and_both_if_both_are_new() -> None:
    twins = finding("cat", twin="dog")
    old = kept("dog", "Service house/door")
    assert find_guilty(twins, make(rendered("cat"), rendered("dog"), old=[old])) == ["cat"]
    assert find_guilty(twins, make(rendered("cat"), rendered("dog"))) == ["cat", "dog"]


PLACES: Mapping[str, tuple[Mapping[str, str], bool, str]] = {
    "a file": ({"cat/cat.yaml": "100644 1"}, False, "in our way, and not written by us"),
    "a submodule": ({"cat/cat.yaml": "160000 1"}, True, "as a submodule"),
    "capitals": ({"Cat/cat.yaml": "100644 1"}, True, "are one path for file systems that ignore case"),
    "a file for a folder": (
        {"cat": "100644 1"},
        True,
        "cat would have to be a file and, for cat/cat.yaml, a",
    ),
}


@pytest.mark.parametrize("what", PLACES)
def test_what_is_in_the_way_of_one_part_is_no_other_parts_fault(what: str) -> None:
    tree, adopt, words = PLACES[what]
    tree = {**tree, "dog/dog.yaml": "100644 2", LOCK_NAME: "100644 3"}
    made = make(rendered("cat"), rendered("dog"), old=[kept("dog")])
    (error,) = judge_places(made, tree, "", adopt=adopt)
    assert words in error.what
    assert (error.part, error.component) == ("cat", "cat")


def test_the_locks_own_place_is_in_the_way_of_whom_it_hinders() -> None:
    made = make(rendered("cat", path="promotion.lock/cat.yaml"), rendered("dog"))
    (error,) = judge_places(made, {}, "", adopt=True)
    assert error.part == "cat"


def test_what_github_takes_no_file_of_is_its_parts_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_changes, "_LARGEST", 100)
    (error,) = judge_places(make(rendered("cat", "x" * 101), rendered("dog")), {}, "apps", adopt=False)
    assert "GitHub refuses files over 100 MiB" in error.what
    assert error.part == "cat"


def test_where_nothing_is_in_the_way_nothing_is_wrong() -> None:
    made = make(rendered("cat"), rendered("dog"), old=[kept("dog")])
    tree = {"apps/dog/dog.yaml": "100644 2", "apps/readme": "100644 4", "cat/cat.yaml": "100644 5"}
    assert list(judge_places(made, tree, "apps", adopt=False)) == []
