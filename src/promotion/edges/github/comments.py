"""Comments on a pull request over GitHub's REST API."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.edges.github.answers import Api, Json, read_map, read_maps, read_text
from promotion.errors import AccessError

_METADATA = "metadata: read"
_PULLS = "pull-requests: read"
_COMMENTS = "pull-requests: write"


class CommentsApi(Api):
    """The comments on a repository's pull requests (`promotion.steps.sticky.Comments`)."""

    def own_login(self) -> str | None:
        """Whom the token belongs to; None for the token of an App, which may not ask."""
        try:
            return read_text(read_map(self._session.get("/user", _METADATA)), "login")
        except AccessError:
            return None

    def comments(self, number: int) -> Sequence[Json]:
        """The comments of a pull request."""
        return read_maps(self._session.pages(self._at(f"/issues/{number}/comments"), _PULLS))

    def add_comment(self, number: int, body: str) -> Json:
        """Comment on a pull request."""
        path = self._at(f"/issues/{number}/comments")
        return read_map(self._session.write("POST", path, _COMMENTS, {"body": body}))

    def edit_comment(self, comment: int, body: str) -> Json:
        """Replace a comment's text."""
        path = self._at(f"/issues/comments/{comment}")
        return read_map(self._session.write("PATCH", path, _COMMENTS, {"body": body}))

    def delete_comment(self, comment: int) -> None:
        """Delete a comment."""
        self._session.delete(self._at(f"/issues/comments/{comment}"), _COMMENTS)
