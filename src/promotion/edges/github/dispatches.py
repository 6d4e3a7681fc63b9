"""Starting another repository's workflow by GitHub's API."""

from __future__ import annotations

from collections.abc import Mapping

from promotion.core.phrases import say
from promotion.edges.github.answers import Api
from promotion.errors import AccessError

_CONTENTS = "contents: write"


class DispatchesApi(Api):
    """The `repository_dispatch` events of one repository."""

    def send(self, event_type: str, client_payload: Mapping[str, str]) -> None:
        """Send an event, which starts the workflows of the default branch that wait for its type.

        Raises:
            AccessError: the token may not.
            SourceError: GitHub doesn't take it, or doesn't answer.
        """
        body = {"event_type": event_type, "client_payload": dict(client_payload)}
        try:
            self._session.write("POST", self._at("/dispatches"), _CONTENTS, body)
        except AccessError as error:
            fix = say(
                "Give {token} one with `{}` on {}, a fine-grained or a GitHub App's: the job's "
                "own is for its own repository.",
                _CONTENTS,
                self._repository,
            )
            raise AccessError(error.what, fix=fix) from None
