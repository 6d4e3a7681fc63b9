"""Select the commits that a change deploys, for GitHub's deployments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from promotion.common.event import Event
from promotion.common.git_ids import is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line
from promotion.publishing.commit_message import summarize
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.lock.reuse import list_moves
from promotion.rendering.manifests.file_owners import ComponentChange
from promotion.rendering.sources.git_source import GitSource

# For each of them GitHub is told three things, and it takes some 80 a minute (GitHub: secondary rate limits).
MOST = 20
LONGEST = 140  # characters of a description (GitHub: deployment and commit statuses)
_NAMED = 50

State = Literal["in_progress", "success", "failure", "error", "inactive"]
CommitState = Literal["pending", "success", "failure", "error"]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A commit of a repository (`owner/name`) that is deployed to an environment.

    `manifests` are repository and branch that get the manifests.
    """

    repository: str
    commit: str
    environment: str
    description: str
    manifests: tuple[str, str] = ("", "")
    components: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """The key that distinguishes it from the run's other deployments."""
        return self.repository.casefold(), self.commit

    @property
    def payload(self) -> Mapping[str, Any]:
        """The details for other programs."""
        return {
            "manifest-repository": self.manifests[0],
            "manifest-branch": self.manifests[1],
            "components": [line(label) for label in self.components[:_NAMED]],
        }


@dataclass(frozen=True, kw_only=True)
class StatusMark:
    """A state of a deployment. `environment_url` is the page of the manifests, `log_url` that of the run."""

    state: State
    description: str = ""
    environment_url: str = ""
    log_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Status:
    """A state of a commit, as its pull request and the list of commits show it."""

    repository: str
    commit: str
    state: CommitState
    context: str
    description: str
    target_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The deployments to record; `left_out` counts repositories above the limit."""

    deployments: tuple[Deployment, ...] = ()
    left_out: int = 0


@dataclass
class _Share:
    """The part of a change that comes from one repository."""

    repository: str
    commit: str
    changes: dict[str, ComponentChange] = field(default_factory=dict)


def select(
    changes: Sequence[ComponentChange],
    old: Lock,
    new: Lock,
    event: Event,
    *,
    manifests: tuple[str, str],
    name_of: Callable[[str], str],
) -> Selection:
    """Return a change's deployments: of the HLD, and of each repository whose components change.

    A repository is there once. If there are more than `MOST`, only the HLD and that of the event are.

    Args:
        changes: the components that change.
        old: the lock before.
        new: the lock that is published.
        event: what started the run.
        manifests: repository and branch of the manifests.
        name_of: gives `owner/name` for the address of a repository on this GitHub, else an empty text.
    """
    shares: dict[str, _Share] = {}

    def share(address: str, commit: str) -> _Share | None:
        name = name_of(address)
        if not name or not is_commit(commit):
            return None
        return shares.setdefault(name.casefold(), _Share(name, commit))

    if hld := share(new.hld.repository, new.hld.commit):
        hld.changes.update((change.path, change) for change in changes)
    origins = _Origins(old, new)
    for change in changes:
        for address, commit in origins.find(change.after) if change.after else ():
            if found := share(address, commit):
                found.changes[change.path] = change
    chosen = list(shares.values())
    if len(chosen) > MOST:
        named = {name_of(new.hld.repository).casefold(), event.origin.repository.casefold()}
        chosen = [part for part in chosen if part.repository.casefold() in named]
    return Selection(
        deployments=tuple(
            Deployment(
                repository=part.repository,
                commit=part.commit,
                environment=new.environment,
                description=summarize(new.environment, list(part.changes.values())),
                manifests=manifests,
                components=tuple(change.label for change in part.changes.values()),
            )
            for part in chosen
        ),
        left_out=len(shares) - len(chosen),
    )


def status_context(environment: str) -> str:
    """Return the context that distinguishes the statuses of an environment."""
    return f"promotion/{environment}"


def list_sources(lock: Lock) -> set[str]:
    """Return the addresses of all sources of a definition."""
    found = {part.provenance.source for part in lock.components.values()}
    found |= {
        source.url
        for subtree in lock.subtrees.values()
        for source in subtree.answers
        if isinstance(source, GitSource)
    }
    return (found | {lock.hld.repository}) - {""}


class _Origins:
    """The repositories of changed components, by the locks' subtrees."""

    def __init__(self, old: Lock, new: Lock) -> None:
        self._subtrees, self._moved = new.subtrees, list_moves(old, new)
        self._outer: dict[str, list[str]] = {}
        for digest, subtree in new.subtrees.items():
            for inner in subtree.subtrees:
                self._outer.setdefault(inner, []).append(digest)

    def find(self, part: LockedComponent) -> Iterator[tuple[str, str]]:
        """Yield address and commit of the repositories of a component, and of those above it that moved."""
        origin = part.provenance
        is_found = bool(origin.source) and is_commit(origin.revision)
        if is_found:
            yield origin.source, origin.revision
        for level in self._list_levels(part.subtree):
            answers = {
                source: answer
                for subtree in level
                for source, answer in self._subtrees[subtree].answers.items()
                if isinstance(source, GitSource)
            }
            for source, answer in answers.items():
                if source in self._moved or not is_found:
                    yield source.url, answer
            is_found = is_found or bool(answers)

    def _list_levels(self, subtree: str) -> Iterator[list[str]]:
        """Yield a subtree, then the subtrees that contain it, and so on outwards."""
        seen: set[str] = set()
        level = [subtree] if subtree in self._subtrees else []
        while level:
            yield level
            seen.update(level)
            outer = {digest: None for inner in level for digest in self._outer.get(inner, ())}
            level = [digest for digest in outer if digest not in seen]
