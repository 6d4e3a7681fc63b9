"""GitHub's REST API for one repository: named questions over `GitHubClient`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from promotion.common.commit_comparison import Comparison, parse_comparison
from promotion.edges.github.api_answers import Api, Json, read_map, read_maps, read_number, read_text
from promotion.edges.github.api_refusals import NotThereError
from promotion.edges.github.github_client import GitHubClient
from promotion.errors import AccessError, DefinitionError, Location, SourceError

_METADATA = "metadata: read"
_PULLS = "pull-requests: read"
_COMMENTS = "pull-requests: write"


class CommentsApi(Api):
    """The comments on a repository's pull requests (`promotion.common.sticky_comment.Comments`)."""

    def own_login(self) -> str | None:
        """Return whom the token belongs to; None for the token of an App, which may not ask."""
        try:
            return read_text(read_map(self._session.get("/user", _METADATA)), "login")
        except AccessError:
            return None

    def comments(self, number: int) -> Sequence[Json]:
        """Return the comments of a pull request."""
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


_CONTENTS = "contents: read"
_PULLS = "pull-requests: read"
_METADATA = "metadata: read"
_PROTECTION = "administration: read"
_RULESETS = "administration: write"
_KINDS = {
    "dir": "a folder",
    "symlink": "a link to something else than a file of this repository",
    "submodule": "a submodule",
}


class RepositoryApi(CommentsApi):
    """What guard and preview ask GitHub about one repository. Implements `rules_github.GuardGitHub`."""

    def repository(self) -> Json:
        """Return the repository itself."""
        return read_map(self._session.get(self._at(""), _METADATA))

    def pull(self, number: int) -> Json:
        """Return a pull request."""
        return read_map(self._session.get(self._at(f"/pulls/{number}"), _PULLS))

    def tip(self, branch: str, repository: str = "") -> str | None:
        """Return the commit of a branch with exactly this name, or None."""
        data = self._session.find(self._at(f"/git/ref/heads/{quote(branch)}", repository), _CONTENTS)
        return None if data is None else read_text(read_map(read_map(data).get("object")), "sha")

    def branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        """Return names and commits of the branches whose names start so."""
        path = self._at(f"/git/matching-refs/heads/{quote(prefix)}")
        found = read_maps([self._session.get(path, _CONTENTS)])  # all at once: it has no pages
        return [
            (
                read_text(ref, "ref").removeprefix("refs/heads/"),
                read_text(read_map(ref.get("object")), "sha"),
            )
            for ref in found
        ]

    def contains(self, tip: str, commit: str, repository: str = "") -> bool:
        """Return whether a commit is the tip, or an ancestor of it; a commit that isn't there is neither."""
        path = self._at(f"/compare/{tip}...{commit}", repository)
        # Only the first page has the changed files, with their contents; the status is on each.
        data = self._session.find(path, _CONTENTS, {"per_page": 1, "page": 2})
        return data is not None and read_map(data).get("status") in ("identical", "behind")

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit at which a head, which may be a fork's, left a base."""
        path = self._at(f"/compare/{base}...{head}")
        data = read_map(self._session.get(path, _CONTENTS, {"per_page": 1, "page": 2}))
        return read_text(read_map(data.get("merge_base_commit")), "sha")

    def compare(self, base: str, head: str) -> Comparison:
        """Return the commits of the head that the base lacks, of all pages, as far as we read them."""
        found = self._session.pages(self._at(f"/compare/{base}...{head}"), _CONTENTS, whole=False)
        pages = [read_map(page) for page in found]
        return parse_comparison({**pages[0], "commits": read_maps(page.get("commits") for page in pages)})

    def find_comparison(self, base: str, head: str) -> Comparison | None:
        """Compare as `compare` does; return None for a 404: one can't be seen, or they share no history."""
        try:
            return self.compare(base, head)
        except NotThereError:
            return None

    def activities(self, branch: str) -> Sequence[Json] | None:
        """Return the last moves of a branch as GitHub recorded them, newest first; None if it keeps no
        record.

        https://docs.github.com/en/rest/repos/repos#list-repository-activities
        """
        asked = {"ref": f"refs/heads/{branch}", "per_page": 100}
        data = self._session.find(self._at("/activity"), _CONTENTS, asked)
        return None if data is None else read_maps([data])

    def pulls_of(self, commit: str) -> Sequence[Json]:
        """Return the pull requests that GitHub associates with a commit."""
        pages = self._session.pages(self._at(f"/commits/{commit}/pulls"), _PULLS)
        return read_maps(pages)

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file at a commit, branch or tag, or None.

        Raises:
            DefinitionError: what is there is no file, or is larger than 1 MiB.
        """
        data = self._session.find(self._at(f"/contents/{quote(path)}"), _CONTENTS, {"ref": ref})
        if data is None:
            return None
        # A link to a file of the repository is followed by GitHub; any other comes as what it is.
        # https://docs.github.com/en/rest/repos/contents#get-repository-content
        kind = data.get("type") if isinstance(data, Mapping) else "dir"
        if not isinstance(data, Mapping) or kind != "file":
            raise DefinitionError(
                f"{path} is {_KINDS.get(str(kind), 'no file')}", where=Location(path), fix="Name a file."
            )
        if data.get("encoding") == "none":
            raise DefinitionError(f"{path} has {data.get('size')} bytes, too many", where=Location(path))
        try:
            return base64.b64decode(str(data.get("content") or ""))
        except binascii.Error:
            raise SourceError(f"GitHub's answer for the file {path} is odd") from None

    def files_in(self, folder: str, ref: str) -> Mapping[str, str]:
        """Return the paths of the files in a folder, each with the id of its content; none if there is no
        folder.
        """
        data = self._session.find(self._at(f"/contents/{quote(folder)}"), _CONTENTS, {"ref": ref})
        entries = read_maps([data]) if isinstance(data, list) else []
        return {
            read_text(entry, "path"): read_text(entry, "sha")
            for entry in entries
            if entry.get("type") == "file"
        }

    def has_commit(self, commit: str) -> bool:
        """Return whether a commit is there to be read."""
        return self._session.find(self._at(f"/git/commits/{commit}"), _CONTENTS) is not None

    def wait(self, seconds: float) -> None:
        """Give GitHub time to catch up with itself."""
        self._session.wait(seconds)

    def branch(self, name: str) -> Json | None:
        """Return a branch with what may be seen of its protection, or None."""
        data = self._session.find(self._at(f"/branches/{quote(name, safe='')}"), _CONTENTS)
        return None if data is None else read_map(data)

    def branch_rules(self, branch: str) -> Sequence[Json]:
        """Return the rules in force for a branch, of all rulesets, the organisation's too."""
        pages = self._session.pages(self._at(f"/rules/branches/{quote(branch, safe='')}"), _METADATA)
        return read_maps(pages)

    def rulesets(self) -> Sequence[Json]:
        """Return the rulesets that apply to the repository, in the short form."""
        pages = self._session.pages(self._at("/rulesets"), _METADATA)
        return read_maps(pages)

    def ruleset(self, identifier: int) -> Json | None:
        """Return a ruleset in its long form, or None where it can't be seen."""
        data = self._session.find(self._at(f"/rulesets/{identifier}"), _METADATA)
        return None if data is None else read_map(data)

    def protection(self, branch: str) -> Json | None:
        """Return a branch's classic protection, or None where there is none.

        Raises:
            AccessError: only an administrator's token may see it.
        """
        try:
            data = self._session.get(self._at(f"/branches/{quote(branch, safe='')}/protection"), _PROTECTION)
        except NotThereError as error:
            if "Branch not protected" in error.what:
                return None
            raise
        return read_map(data)

    def actions_app(self) -> int | None:
        """Return the id of the App that reports the checks of GitHub Actions; None if unknown."""
        try:
            data = self._session.find("/apps/github-actions", _METADATA)
        except AccessError:
            return None
        found = None if data is None else read_map(data).get("id")
        return found if isinstance(found, int) else None

    def create_ruleset(self, ruleset: Json) -> None:
        """Create a ruleset."""
        self._session.write("POST", self._at("/rulesets"), _RULESETS, ruleset)

    def update_ruleset(self, identifier: int, ruleset: Json) -> None:
        """Replace a ruleset."""
        self._session.write("PUT", self._at(f"/rulesets/{identifier}"), _RULESETS, ruleset)


def read_limit(session: GitHubClient) -> tuple[int, int] | None:
    """Return the requests that are left, and how many there are in an hour; None on a server without limits.

    Asking counts for none.
    """
    data = session.find("/rate_limit", "metadata: read")
    if data is None:
        return None
    core = read_map(read_map(read_map(data).get("resources")).get("core"))
    return read_number(core, "remaining"), read_number(core, "limit")
