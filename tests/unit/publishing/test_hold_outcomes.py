from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from promotion.common.addresses import name_on
from promotion.publishing.hold_outcomes import list_outcomes
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent, LockedHld, Pin

HLD = LockedHld(repository="https://git.test/acme/hld", commit="f" * 40)
CAT = "https://git.test/acme/cat.git"
OLD, NEW = "a" * 40, "b" * 40
CATS = {"cat.yaml": LockedComponent(label="cat", part="cat")}


def lock(pins: Mapping[str, Pin] | None = None, **held: HeldPart) -> Lock:
    return Lock(hld=HLD, held=held, components=CATS, pins=pins or {})


def bad(revision: str = NEW, reason: str = "no cats", source: str = CAT) -> HeldPart:
    return HeldPart(reason=reason, source=source, revision=revision, since=OLD)


def outcomes(old: Lock, new: Lock, **origins: tuple[str, str]) -> list[tuple[str, str, str]]:
    found = list_outcomes(old, new, origins, partial(name_on, "https://git.test"))
    return [(each.repository, each.commit, each.state) for each in found]


def test_what_is_newly_held_or_otherwise_is_a_failure_of_the_commit_that_waits() -> None:
    for old in (lock(), lock(cat=bad(OLD)), lock(cat=bad(reason="no dogs"))):
        assert outcomes(old, lock(cat=bad())) == [("acme/cat", NEW, "failure")]
    assert outcomes(lock(cat=bad()), lock(cat=bad())) == []


def test_a_part_of_the_definition_s_own_repository_fails_its_commit() -> None:
    own = bad(source="", revision="")
    assert outcomes(lock(), lock(cat=own)) == [("acme/hld", HLD.commit, "failure")]
    assert outcomes(lock(cat=own), lock()) == [("acme/hld", HLD.commit, "success")]


def test_what_no_longer_fails_is_a_success_of_the_commit_that_is_there_now() -> None:
    assert outcomes(lock(cat=bad(OLD)), lock(), cat=(CAT, NEW)) == [("acme/cat", NEW, "success")]


def test_what_a_rollback_holds_instead_or_is_gone_is_no_success() -> None:
    pin = Pin(label="cat", to="c" * 40, base="d" * 40)
    assert outcomes(lock(cat=bad()), lock(pins={"cat.yaml": pin}), cat=(CAT, NEW)) == []
    assert outcomes(lock(dog=bad()), lock()) == []


def test_a_commit_that_fails_for_one_part_is_no_success_for_another() -> None:
    found = outcomes(lock(cat=bad()), lock(dog=bad()), cat=(CAT, NEW))
    assert found == [("acme/cat", NEW, "failure")]


def test_only_commits_of_this_github_are_told_and_not_too_many() -> None:
    assert outcomes(lock(), lock(cat=bad(source="https://else.test/acme/cat"))) == []
    assert outcomes(lock(), lock(cat=bad(revision="1.2.0 sha256:1"))) == []
    many = {f"cat{number}": bad(f"{number:040x}") for number in range(30)}
    assert len(outcomes(lock(), lock(**many))) == 20
