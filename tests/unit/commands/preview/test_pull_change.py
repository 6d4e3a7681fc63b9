from __future__ import annotations

import pytest

from promotion.commands.preview.inputs import PREVIEW, make_marker
from promotion.commands.preview.pull_change import PullChange, read_pull
from promotion.common.event import Event
from promotion.common.settings import Settings
from promotion.errors import UsageError
from promotion.rendering.sources.git_source import GitSource
from support.github_events import example

URL = "https://github.com/acme/cat"


@pytest.mark.parametrize(
    ("source", "is_default", "moves"),
    [
        (GitSource(url=URL, branch="dev"), False, True),
        (GitSource(url=URL, version="dev"), False, True),
        (GitSource(url=URL, branch="stage"), False, False),
        (GitSource(url=URL, branch="dev", version="v1"), False, False),
        (GitSource(url=URL), True, True),
        (GitSource(url=URL), False, False),
    ],
)
def test_a_source_moves_if_it_follows_the_branch(source: GitSource, is_default: bool, moves: bool) -> None:
    change = PullChange(repository=URL, branch="dev", before="a", after="b", is_default=is_default)
    assert change.moves(source) is moves


def test_a_published_event_is_read() -> None:
    event = Event(name="pull_request", payload=example("pull_request.opened"))
    seen = read_pull(event)
    assert (seen.pull.number, seen.pull.base.branch, seen.default_branch) == (2, "master", "master")
    assert not seen.is_target


@pytest.mark.parametrize("event", [Event(), Event(name="push"), Event(name="pull_request")])
def test_an_event_about_no_pull_request_is_an_error(event: Event) -> None:
    with pytest.raises(UsageError, match="is about no pull request"):
        read_pull(event)


def test_the_marker_is_the_same_for_the_same_step_only() -> None:
    def marker(**values: str) -> str:
        return make_marker(Settings(PREVIEW, values))

    assert marker() == marker(comment="false", validate="off")
    assert len({marker(), marker(environment="dev"), marker(configs="west"), marker(configs="east")}) == 4
