"""A single comment on a pull request: updated in place, deleted when there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from promotion.common.github_json import Json, pick
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import say
from promotion.errors import AccessError, SourceError


class Comments(Protocol):
    """The comments on pull requests. All methods raise SourceError."""

    def own_login(self) -> str | None:
        """Return the login of the token's owner; None for an App's token, which may not ask."""

    def comments(self, number: int) -> Sequence[Json]:
        """Return the comments of a pull request."""

    def add_comment(self, number: int, body: str) -> Json:
        """Comment on a pull request."""

    def edit_comment(self, comment: int, body: str) -> Json:
        """Replace a comment's text."""

    def delete_comment(self, comment: int) -> None:
        """Delete a comment."""


@dataclass(frozen=True, kw_only=True)
class StickyComment:
    """The outcome: the comment's address, or why it couldn't be written. Both are empty if there is none."""

    url: str = ""
    problem: str = ""


def update_sticky_comment(
    number: int, marker: str, body: str, comments: Comments, *, may_add: bool = True
) -> StickyComment:
    """Make sure that the pull request has this comment, and only once.

    Args:
        number: of the pull request.
        marker: what the comment starts with, and is found by: an HTML comment.
        body: all of it, with the marker; empty to delete the comment that is there.
        may_add: whether there is to be one if there is none yet.
    """
    try:
        return StickyComment(url=_write(number, marker, body, comments, may_add=may_add))
    except SourceError as error:
        problem = say("The comment couldn't be written: {}.", error.what)
        problem = say("{} {}", problem, error.fix) if error.fix else problem
        if isinstance(error, AccessError):
            problem = say("{} (For pull requests of forks the event `pull_request` never gives it.)", problem)
    return StickyComment(problem=problem)


def _write(number: int, marker: str, body: str, comments: Comments, *, may_add: bool) -> str:
    login = comments.own_login()
    mine = [entry for entry in comments.comments(number) if _is_mine(entry, marker, login)]
    for entry in mine[1 if body else 0 :]:  # runs at the same time may have left several
        with _whose(entry, login):
            comments.delete_comment(pick(entry, "id", int))
    if not body:
        return ""
    if not mine:
        return _address(comments.add_comment(number, body)) if may_add else ""
    if mine[0].get("body") != body:
        with _whose(mine[0], login):
            comments.edit_comment(pick(mine[0], "id", int), body)
    return _address(mine[0])


@contextmanager
def _whose(entry: Json, login: str | None) -> Iterator[None]:
    """Name the comment's author if an App's token may not change it: no App can change another's."""
    try:
        yield
    except AccessError as error:
        author = (entry.get("user") or {}).get("login") or "somebody"
        if login is None:
            error.fix = say(
                "{} Or {} is another App than this token's: then delete its comment {}, and the next run "
                "writes its own.",
                error.fix,
                str(author),
                _address(entry),
            )
        raise


def _address(entry: Json) -> str:
    return str(entry.get("html_url") or "")


def _is_mine(entry: Json, marker: str, login: str | None) -> bool:
    """Return whether a comment starts with the marker and is our own, as others can quote it.

    The token of an App (the job's own too) can't ask whose it is; its comments are a bot's.
    """
    author = entry.get("user") or {}
    own = author.get("type") == "Bot" if login is None else author.get("login") == login
    return own and str(entry.get("body") or "").startswith(marker)
