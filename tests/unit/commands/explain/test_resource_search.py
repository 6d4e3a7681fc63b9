from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.commands.explain.resource_search import find
from promotion.errors import PromotionError
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent

LOCK = Lock(
    components={
        "pets/cat.yaml": LockedComponent(
            label="pets/cat",
            resources=("Service cats/cat", "apps/Deployment cats/cat", "apps/Deployment cats/db"),
        ),
        "pets/dog.yaml": LockedComponent(
            label="pets/dog", resources=("Service dogs/dog", "apps/StatefulSet dogs/db")
        ),
        "old/cat.yaml": LockedComponent(label="old/cat", resources=("extensions/Ingress web",)),
        "new/policies.yaml": LockedComponent(
            label="policies",
            resources=("networking.k8s.io/NetworkPolicy cats/cat", "networking.k8s.io/Ingress web"),
        ),
    }
)


@pytest.mark.parametrize(
    ("name", "namespace", "component", "resources"),
    [
        ("Deployment/cat", "", "pets/cat", ["apps/Deployment cats/cat"]),
        ("deploy/cat", "", "pets/cat", ["apps/Deployment cats/cat"]),
        ("deployments.apps/cat", "cats", "pets/cat", ["apps/Deployment cats/cat"]),
        ("db", "dogs", "pets/dog", ["apps/StatefulSet dogs/db"]),
        ("networkpolicies/cat", "", "policies", ["networking.k8s.io/NetworkPolicy cats/cat"]),
        ("ingresses.extensions/web", "", "old/cat", ["extensions/Ingress web"]),
        ("dog", "", "pets/dog", ["Service dogs/dog"]),
        ("pets/cat", "", "pets/cat", []),
        ("policies", "", "policies", []),
    ],
)
def test_names_are_taken_as_kubectl_takes_them_or_are_components(
    name: str, namespace: str, component: str, resources: list[str]
) -> None:
    found = find(LOCK, name, namespace)
    assert found.component.label == component
    assert [resource.identity for resource in found.resources] == resources


def test_of_a_part_that_was_never_published_the_reason_is_told() -> None:
    lock = replace(LOCK, held={"pets/eel": HeldPart(reason="no eels", source="", revision="", since="")})
    with pytest.raises(PromotionError, match="nothing here is called 'eel'; pets/eel is held back: no eels"):
        find(lock, "eel")


def test_resources_of_one_component_are_one_answer() -> None:
    lock = Lock(components={"pets/cat.yaml": LOCK.components["pets/cat.yaml"]})
    kinds = [resource.kind for resource in find(lock, "cat").resources]
    assert kinds == ["Service", "Deployment"]


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("db", ["Deployment/db --namespace cats of component pets/cat", "StatefulSet/db --namespace dogs"]),
        ("ing/web", ["Ingress/web of component old/cat", "Ingress/web of component policies"]),
    ],
)
def test_a_name_of_several_components_lists_them(name: str, candidates: list[str]) -> None:
    with pytest.raises(PromotionError, match="means several things") as caught:
        find(LOCK, name)
    assert all(text in caught.value.what for text in candidates)
    assert caught.value.exit_code == 1


def test_components_of_one_name_are_told_apart_by_their_folders() -> None:
    lock = Lock(components={path: LockedComponent(label=path[:-5]) for path in ("a/web.yaml", "b/web.yaml")})
    assert find(lock, "a/web").path == "a/web.yaml"
    with pytest.raises(PromotionError, match="component a/web"):
        find(lock, "web")


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("cta", "Service/cat --namespace cats"),
        ("StatefulSet/dog", "Service/dog --namespace dogs"),
        ("polices", "component policies"),
        ("zzzzzzzz", "The components are:"),
    ],
)
def test_what_is_not_there_is_told_what_is_alike(name: str, alike: str) -> None:
    with pytest.raises(PromotionError, match="nothing here is called") as caught:
        find(LOCK, name)
    assert alike in caught.value.fix


def test_another_namespace_and_an_unknown_kind_are_told() -> None:
    with pytest.raises(PromotionError, match="nothing in namespace 'birds' is called 'deploy/cat'") as caught:
        find(LOCK, "deploy/cat", "birds")
    assert "Deployment/cat --namespace cats of component pets/cat" in caught.value.fix
    with pytest.raises(PromotionError, match="nothing here is called 'nobody'"):
        find(LOCK, "nobody", "birds")
    with pytest.raises(PromotionError, match="'dpl/cat': there is no kind 'dpl' here"):
        find(LOCK, "dpl/cat")
    with pytest.raises(PromotionError) as caught:
        find(LOCK, "dpl/zzzzzzzz")
    assert caught.value.fix.startswith("The kinds are:\n  Deployment\n")
    for name in ("pets/zzzzzzzz", "deploy/zzzzzzzz", "zzzzzzzz"):
        with pytest.raises(PromotionError) as caught:
            find(LOCK, name)
        assert "no kind" not in caught.value.what


def test_names_of_others_are_harmless_in_messages() -> None:
    lock = Lock(components={"x.yaml": LockedComponent(label="cat\n::error::x\x1b[31m")})
    with pytest.raises(PromotionError) as caught:
        find(lock, "bat")
    assert "\x1b" not in caught.value.fix
    assert "cat ::error::x" in caught.value.fix
