from __future__ import annotations

import pytest

from promotion.common.event import Event
from promotion.publishing.commit_message import build_message
from promotion.rendering.lock.commit_trailers import Trailers, Trigger, read_trailers
from promotion.rendering.lock.lock import LockedComponent, LockedHld
from promotion.rendering.manifests.file_owners import ComponentChange
from promotion.rendering.model import Provenance

COMMIT, OTHER = "a" * 40, "b" * 40
HLD = LockedHld(repository="https://github.com/acme/hld", commit=OTHER)
EVENT = Event(
    repository="acme/cat",
    commit=COMMIT,
    actor="octocat",
    run_url="https://github.com/acme/cat/actions/runs/42",
)


def message(event: Event = EVENT, *parts: LockedComponent) -> str:
    changes = [ComponentChange(action="added", path=part.label, before=None, after=part) for part in parts]
    return build_message("{summary}", environment="dev", changes=changes, hld=HLD, event=event)


def test_what_our_messages_say_is_read_again() -> None:
    cat = LockedComponent(
        label="cat", provenance=Provenance(source="https://github.com/acme/cat", revision=COMMIT)
    )
    redis = LockedComponent(
        label="data/redis",
        provenance=Provenance(source="https://charts.test/redis", revision="1.2.3 sha256:0a1b"),
    )
    own = LockedComponent(label="quota")
    assert read_trailers(message(EVENT, cat, redis, own)) == Trailers(
        trigger=Trigger(
            repository="acme/cat",
            commit=COMMIT,
            actor="octocat",
            url="https://github.com/acme/cat/actions/runs/42",
        ),
        hld=f"https://github.com/acme/hld@{OTHER}",
        sources={"cat": COMMIT, "data/redis": "1.2.3 sha256:0a1b", "quota": OTHER},
    )


@pytest.mark.parametrize(
    ("event", "trigger"),
    [
        (Event(repository="acme/hld"), Trigger(repository="acme/hld")),
        (Event(repository="acme/hld", actor="mona"), Trigger(repository="acme/hld", actor="mona")),
        (Event(actor="mona"), Trigger(actor="mona")),
        (Event(run_url="https://ci.test/1"), Trigger(url="https://ci.test/1")),
        (Event(), Trigger()),
    ],
)
def test_a_run_that_knows_less_says_less(event: Event, trigger: Trigger) -> None:
    assert read_trailers(message(event)).trigger == trigger


@pytest.mark.parametrize(
    "text", ["", "Fix a typo", "Triggered-By: acme/cat by mona\n\nAnd more", "Triggered-By: " + "x" * 3000]
)
def test_a_message_of_others_says_nothing(text: str) -> None:
    assert read_trailers(text) == Trailers()


def test_what_is_read_is_harmless() -> None:
    found = read_trailers("Subject\n\nTriggered-By: acme/cat by \x1b[31mmona\u202e")
    assert found.trigger == Trigger(repository="acme/cat", actor="mona")


def test_names_that_were_made_no_links_are_read_as_they_are() -> None:
    part = LockedComponent(
        label="www.shop", provenance=Provenance(source="https://github.com/acme/shop", revision=COMMIT)
    )
    text = message(EVENT, part)
    assert "www.shop" not in text
    assert read_trailers(text).sources == {"www.shop": COMMIT}
