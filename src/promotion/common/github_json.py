"""Pull requests as GitHub's API and events describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import SourceError

Json = Mapping[str, Any]
_T = TypeVar("_T")


class UnexpectedAnswerError(SourceError):
    """GitHub's answer or event isn't as its documentation says."""


def pick(data: object, path: str, kind: type[_T]) -> _T:
    """Return the value at a dotted path, checked for its type.

    Raises:
        UnexpectedAnswerError: it isn't there or has another type.
    """
    value = data
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UnexpectedAnswerError(
            f"GitHub's answer has no {path}" if value is None else f"GitHub's answer has an odd {path}",
            fix="If it happens again, GitHub's status page or a newer version of this action may help.",
        )
    return value


def section(data: object, path: str) -> Json:
    """Return the map at a dotted path, checked as `pick` does."""
    return pick(data, path, dict)


def read_author(commit: Json) -> str:
    """Return who wrote a commit of the API: a login where GitHub knows one, else the name in the commit."""
    account, written = commit.get("author"), section(commit, "commit").get("author")
    login = account.get("login") if isinstance(account, Mapping) else None
    name = written.get("name") if isinstance(written, Mapping) else None
    return str(login or name or "unknown")


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a pull request. `repository_id` is None when the repository is gone."""

    branch: str
    commit: str
    repository_id: int | None
    repository: str = ""
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request."""

    number: int
    author: str
    merged: bool
    head: End
    base: End
    merge_commit: str = ""
    auto_merge_method: str = ""
    url: str = ""

    @property
    def is_fork(self) -> bool:
        """Whether the head is in another repository; what the branches are called plays no part."""
        return self.head.repository_id != self.base.repository_id

    @property
    def source(self) -> str:
        """The head as the rules name it: `branch`, or `owner:branch` for a fork."""
        owner = self.head.owner or "unknown"
        return f"{owner}:{self.head.branch}" if self.is_fork else self.head.branch

    @property
    def label(self) -> str:
        """How people name it."""
        return f"pull request #{self.number}"


def parse_pull(data: Json) -> Pull:
    """Return a pull request from the API's full or short form, or from an event.

    Raises:
        UnexpectedAnswerError: a field is missing.
    """
    author = data.get("user")  # a deleted account is null in some forms
    automatic = data.get("auto_merge")
    return Pull(
        number=pick(data, "number", int),
        author=pick(author, "login", str) if author else "",
        merged=bool(data.get("merged_at")),
        head=_end(data, "head"),
        base=_end(data, "base"),
        merge_commit=str(data.get("merge_commit_sha") or ""),
        auto_merge_method=pick(automatic, "merge_method", str) if automatic else "",
        url=str(data.get("html_url") or ""),
    )


@dataclass(frozen=True, kw_only=True)
class PullSummary:
    """A pull request of our own repository, as those who open, update and close it need it.

    Only its number is sure to be there; other fields are empty where GitHub doesn't tell them.
    """

    number: int
    head_commit: str = ""
    base_branch: str = ""
    url: str = ""
    title: str = ""
    body: str = ""
    is_merged: bool = False
    has_auto_merge: bool = False
    node_id: str = ""


def parse_pull_summary(data: Json) -> PullSummary:
    """Return a pull request from the API's full or short form.

    Raises:
        UnexpectedAnswerError: it has no number.
    """
    head, base = (end if isinstance(end := data.get(side), Mapping) else {} for side in ("head", "base"))
    return PullSummary(
        number=pick(data, "number", int),
        head_commit=str(head.get("sha") or ""),
        base_branch=str(base.get("ref") or ""),
        url=str(data.get("html_url") or ""),
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        is_merged=bool(data.get("merged_at")),
        has_auto_merge=bool(data.get("auto_merge")),
        node_id=str(data.get("node_id") or ""),
    )


def require_field(value: str, name: str) -> str:
    """Return a field of an answer.

    Raises:
        UnexpectedAnswerError: it is empty.
    """
    return value or pick({}, name, str)


def _end(data: Json, side: str) -> End:
    repository = section(data, side).get("repo")
    return End(
        branch=pick(data, f"{side}.ref", str),
        commit=pick(data, f"{side}.sha", str),
        repository_id=pick(repository, "id", int) if repository else None,
        repository=pick(repository, "full_name", str) if repository else "",
        owner=pick(repository, "owner.login", str) if repository else "",
    )
