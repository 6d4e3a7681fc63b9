from __future__ import annotations

import pytest

from promotion.errors import Location
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.held_parts import drop_colliding, find_newcomers
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.manifests.file_claims import Claim, CollisionError


def claim(part: str, path: str) -> Claim:
    return Claim(path=path, label=part, where=Location("component.yaml"), part=part)


def collide(*claims: Claim, before: Lock | None = None) -> list[str]:
    failures = PartFailures(holds=True)
    assert not drop_colliding(claims, failures, before or Lock())
    return list(failures.found)


def test_two_new_parts_that_want_one_file_are_both_held() -> None:
    assert collide(claim("cat", "x.yaml"), claim("dog", "x.yaml")) == ["cat", "dog"]


def test_names_that_differ_in_capitals_only_are_one_file() -> None:
    assert collide(claim("cat", "Pets.yaml"), claim("dog", "pets.yaml")) == ["cat", "dog"]


def test_who_had_the_file_keeps_it() -> None:
    before = Lock(components={"x.yaml": LockedComponent(label="dog", part="dog")})
    assert collide(claim("cat", "x.yaml"), claim("dog", "x.yaml"), before=before) == ["cat"]


def test_without_holding_and_where_it_is_nobodys_fault_it_is_raised() -> None:
    claims = [claim("cat", "x.yaml"), claim("dog", "x.yaml")]
    with pytest.raises(CollisionError):
        drop_colliding(claims, PartFailures(holds=False), Lock())
    with pytest.raises(CollisionError):
        drop_colliding([claim("cat", "x.yaml"), claim("", "x.yaml")], PartFailures(holds=True), Lock())


def test_one_that_is_held_cannot_give_way() -> None:
    assert find_newcomers(["cat", "dog"], had=["dog"], held=["cat"]) == ["dog"]
    assert find_newcomers(["cat", ""], had=["cat"], held=[]) == []
