"""What is said of CRDs that charts bring and nobody commits."""

from __future__ import annotations

import pytest

from promotion.rendering.manifests.missing_crds import describe_missing
from promotion.rendering.manifests.resource_identity import Resource
from support.validity import component

GROUP = "apiextensions.k8s.io"


def crds(*names: str) -> bytes:
    texts = (
        f"---\napiVersion: {GROUP}/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\n"
        for name in names
    )
    return "".join(texts).encode()


def test_the_first_few_of_each_component_are_named_with_what_to_do() -> None:
    parts = [
        component("", label="cats", left_out=crds("a.pets", "b.pets", "c.pets", "d.pets")),
        component("", label="dogs", left_out=crds("e.pets") + b"---\nkind: Namespace\nmetadata: {name: x}\n"),
        component("", label="birds"),
    ]
    (told,) = describe_missing(parts, ())
    assert told == (
        "what charts have in folders crds/ isn't committed, and clusters need it: component cats: a.pets, "
        "b.pets, c.pets and 1 more; component dogs: e.pets, Namespace x. Set `include-crds: true`, or bring "
        "it there in another way, as with a static component"
    )


def test_what_another_component_commits_is_not_missing() -> None:
    part = component("", left_out=crds("a.pets", "b.pets"))
    defined = [
        Resource(kind="CustomResourceDefinition", name=name, group=GROUP) for name in ("a.pets", "b.pets")
    ]
    (told,) = describe_missing([part], defined[:1])
    assert "a.pets" not in told
    assert "b.pets" in told
    assert not list(describe_missing([part], defined))


@pytest.mark.parametrize(("number", "more"), [(11, "1 more component"), (12, "2 more components")])
def test_many_components_are_counted(number: int, more: str) -> None:
    parts = [component("", label=f"c{n}", left_out=crds(f"k{n}.pets")) for n in range(number)]
    (told,) = describe_missing(parts, ())
    assert f"; and {more}. Set " in told


@pytest.mark.parametrize("events", ["crd-install", "'pre-install, crd-install'"])
def test_each_hook_for_crd_install_is_named_with_what_pruning_would_do(events: str) -> None:
    hook = crds("a.pets", "b.pets", "c.pets", "d.pets").replace(
        b"metadata: {", b"metadata: {annotations: {helm.sh/hook: %b}, " % events.encode()
    )
    parts = [component("", label="cats", left_out=hook), component("", label="dogs", left_out=crds("e.pets"))]
    folders, hooks = describe_missing(parts, ())
    assert "component dogs: e.pets." in folders
    assert "component cats: a.pets, b.pets, c.pets, d.pets. Where a cluster has them" in hooks
    assert "and with them all resources of their kinds. Set `include-crds: true` to keep them" in hooks


def test_of_many_hooks_for_crd_install_the_others_are_counted() -> None:
    def hooks(names: list[str]) -> bytes:
        annotated = b"metadata: {annotations: {helm.sh/hook: crd-install}, "
        return crds(*names).replace(b"metadata: {", annotated)

    parts = [component("", label="cats", left_out=hooks([f"k{n}.cats" for n in range(12)]))]
    parts += [component("", label=f"c{n}", left_out=hooks([f"a.c{n}"])) for n in range(10)]
    (told,) = describe_missing(parts, ())
    assert "k9.cats and 2 more; component c0: a.c0; " in told
    assert "component c8: a.c8; and 1 more component. Where a cluster" in told
