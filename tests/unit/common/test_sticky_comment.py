"""One comment, whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promotion.common.sticky_comment import StickyComment, update_sticky_comment
from promotion.errors import SourceError

MARKER = "<!-- promotion-preview 0 -->"
OTHER = "<!-- promotion-guard -->"


class Wall:
    """The comments of one pull request, in memory."""

    def __init__(self, *bodies: str, login: str | None = None) -> None:
        self.login = login
        self.entries: list[dict[str, Any]] = []
        self.edits = 0
        for body in bodies:
            self.add_comment(1, body)

    @property
    def bodies(self) -> list[str]:
        return [entry["body"] for entry in self.entries]

    def own_login(self) -> str | None:
        return self.login

    def comments(self, number: int) -> Sequence[dict[str, Any]]:
        return list(self.entries)

    def add_comment(self, number: int, body: str) -> dict[str, Any]:
        identifier = len(self.entries) + 1
        user = {"login": self.login or "github-actions[bot]", "type": "User" if self.login else "Bot"}
        self.entries.append({"id": identifier, "body": body, "user": user, "html_url": f"#{identifier}"})
        return self.entries[-1]

    def edit_comment(self, comment: int, body: str) -> dict[str, Any]:
        self.edits += 1
        entry = next(entry for entry in self.entries if entry["id"] == comment)
        entry["body"] = body
        return entry

    def delete_comment(self, comment: int) -> None:
        self.entries = [entry for entry in self.entries if entry["id"] != comment]


@pytest.mark.parametrize("login", [None, "release-manager"])
def test_one_is_added_then_edited_then_deleted(login: str | None) -> None:
    wall = Wall(f"{OTHER} another's", login=login)
    assert update_sticky_comment(1, MARKER, f"{MARKER} one", wall) == StickyComment(url="#2")
    assert update_sticky_comment(1, MARKER, f"{MARKER} two", wall) == StickyComment(url="#2")
    assert wall.bodies == [f"{OTHER} another's", f"{MARKER} two"]
    assert update_sticky_comment(1, MARKER, "", wall) == StickyComment()
    assert wall.bodies == [f"{OTHER} another's"]


def test_what_says_the_same_is_not_edited() -> None:
    wall = Wall(f"{MARKER} one")
    assert update_sticky_comment(1, MARKER, f"{MARKER} one", wall) == StickyComment(url="#1")
    assert wall.edits == 0


def test_nothing_is_added_where_only_updates_are_wanted() -> None:
    wall = Wall()
    assert update_sticky_comment(1, MARKER, f"{MARKER} one", wall, may_add=False) == StickyComment()
    assert wall.bodies == []


def test_of_several_that_two_runs_left_one_stays() -> None:
    wall = Wall(f"{MARKER} one", "Hello", f"{MARKER} two")
    update_sticky_comment(1, MARKER, f"{MARKER} three", wall)
    assert wall.bodies == [f"{MARKER} three", "Hello"]


def test_a_comment_that_cannot_be_written_is_a_problem_and_no_error() -> None:
    class Down(Wall):
        def add_comment(self, number: int, body: str) -> dict[str, Any]:
            raise SourceError("GitHub's API doesn't answer")

    left = update_sticky_comment(1, MARKER, f"{MARKER} one", Down())
    assert left == StickyComment(problem="The comment couldn't be written: GitHub's API doesn't answer.")
