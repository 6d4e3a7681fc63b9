"""Reading GitHub's answers with distrust: a proxy may have answered, or an unknown version of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from promotion.edges.github.github_client import GitHubClient
from promotion.errors import SourceError

Json = Mapping[str, Any]
_ODD = "GitHub's answer isn't as its description says"


class Api:
    """A part of GitHub's REST API, for one repository.

    Args:
        session: the API with a token.
        repository: `owner/name`.
    """

    def __init__(self, session: GitHubClient, repository: str) -> None:
        self._session, self._repository = session, repository

    def _at(self, path: str, repository: str = "") -> str:
        return f"/repos/{quote(repository or self._repository)}{path}"


def read_map(data: object) -> Json:
    """Return an answer that is a map.

    Raises:
        SourceError: it is none.
    """
    if not isinstance(data, Mapping):
        raise SourceError(_ODD)
    return data


def read_maps(pages: Iterable[object]) -> list[Json]:
    """Return the maps of all pages, each of which is a list.

    Raises:
        SourceError: one isn't.
    """
    found: list[Json] = []
    for page in pages:
        if not isinstance(page, list):
            raise SourceError(_ODD)
        found += map(read_map, page)
    return found


def read_text(data: Json, key: str) -> str:
    """Return a text that is never empty.

    Raises:
        SourceError: there is none.
    """
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise SourceError(_ODD)
    return value


def read_number(data: Json, key: str) -> int:
    """Return an id or a number.

    Raises:
        SourceError: there is none.
    """
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise SourceError(_ODD)
    return value
