"""Whether sources on GitHub are still where they were, asked for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from promotion.common.addresses import is_api_of
from promotion.edges.git.ref_names import candidates, choose, whole_commit
from promotion.edges.git.remotes import Access, Remote
from promotion.edges.github.refs_query import MOST, GithubRefs, RefQuestion
from promotion.edges.web.http_pool import HttpPool
from promotion.edges.web.web_address import origin
from promotion.errors import SourceError
from promotion.rendering.sources.git_source import GitSource

_AT_ONCE = 4  # requests; GitHub slows down those who send more

Place = tuple[Remote, GitSource]


class Confirmation:
    """Confirms what is known of sources on the run's own GitHub.

    The answer decides only that nothing has changed. Where it says anything else, git has the last word, so
    that an API that lags behind can't take a source back to an older commit.

    Args:
        url: of the GraphQL API; empty where there is none.
    """

    def __init__(self, pool: HttpPool, url: str, access: Access) -> None:
        self._pool, self._url, self._access = pool, url, access
        self._server = access.server_url
        self._may_ask = bool(url) and is_api_of(url, self._server)

    def confirm(self, known: Mapping[Place, str]) -> Collection[Place]:
        """Return the places still at their known commit; none if GitHub can't be asked."""
        places = [place for place in known if self._is_on_github(place)] if self._may_ask else []
        if len(places) < 2:  # one is asked as fast by git
            return ()
        chunks = [
            (token, group[start : start + MOST])
            for token, group in self._by_token(places).items()
            for start in range(0, len(group), MOST)
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = pool.map(lambda chunk: self._ask(*chunk), chunks)
            found = {place: answer for part in answers for place, answer in part}
        return [
            place
            for place, answer in found.items()
            if answer is not None and choose(list(candidates(place[1])), answer) == known[place]
        ]

    def _by_token(self, places: Sequence[Place]) -> dict[str, list[Place]]:
        """Return the places that each token reads: one reads all, but an App has one for each owner."""
        groups: dict[str, list[Place]] = {}
        for place in places:
            with suppress(SourceError):  # git tells of it
                groups.setdefault(self._access.token_at_home(place[0]), []).append(place)
        groups.pop("", None)  # the API takes no reader without one
        return groups

    def _ask(self, token: str, places: Sequence[Place]) -> Iterable[tuple[Place, Mapping[str, str] | None]]:
        github = GithubRefs(self._pool, self._url, token)
        return zip(places, github.find([_question(place) for place in places]), strict=True)

    def _is_on_github(self, place: Place) -> bool:
        """Return whether it is a repository of this server, to be read with the run's own token, by a ref."""
        remote, source = place
        try:
            names = list(candidates(source))
        except SourceError:
            return False
        is_ours = remote.kind == "http" and remote.origin == origin(self._server)
        is_short = remote.name.count("/") == 1
        return is_ours and is_short and not remote.username and not whole_commit(source) and bool(names)


def _question(place: Place) -> RefQuestion:
    remote, source = place
    owner, _, name = remote.name.partition("/")
    return RefQuestion(owner, name, tuple(candidates(source)))
