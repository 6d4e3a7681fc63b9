"""GitHub: pull requests and deployments, with lost and repeated requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promotion.common.commit_history import PastCommit
from promotion.edges.github.api_refusals import RefusedError
from promotion.edges.proposal_branches import ProposalPlace
from promotion.errors import RateLimitError, SourceError
from promotion.publishing.deployment_selection import Deployment, Status, StatusMark
from simulation.manifest_world import ManifestWorld, SimulatedGit
from simulation.scheduler import Process

REPOSITORY = "acme/manifests"
_OURS = {"repo": {"id": 1}}


@dataclass
class GitHubWorld:
    """The server's side. A pull request follows its head while it is open."""

    manifests: ManifestWorld
    pulls: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[tuple[str, Status]] = field(default_factory=list)

    def follow(self, branch: str, commit: str) -> None:
        """Note that a branch has moved; a pull request whose head goes is closed."""
        for pull in self.pulls:
            if pull["state"] == "open" and pull["head"]["ref"] == branch:
                if commit:
                    pull["head"]["sha"] = commit
                else:
                    pull["state"] = "closed"

    def failures(self, maker: str) -> set[str]:
        """Return the names of the repositories to which a run reports a failure."""
        told = [
            status.repository for who, status in self.statuses if who == maker and status.state == "failure"
        ]
        told += [
            str(deployment["about"])
            for deployment in self.deployments
            if deployment["maker"] == maker and deployment["state"] == "failure"
        ]
        return {name.rpartition("/")[2] for name in told}

    def open(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Open a pull request."""
        head, base = str(wanted["head"]), str(wanted["base"])
        refs = self.manifests.refs
        if any(pull["state"] == "open" and pull["head"]["ref"] == head for pull in self.pulls):
            raise RefusedError(f"A pull request already exists for acme:{head}.")
        if head not in refs or base not in refs or refs[head] in self.manifests.history(refs[base]):
            raise RefusedError(f"No commits between {base} and {head}")
        pull = {
            "number": len(self.pulls) + 1,
            "state": "open",
            "html_url": "",
            "body": wanted["body"],
            "auto_merge": None,
            "merged_at": None,
            "head": {"ref": head, "sha": refs[head], **_OURS},
            "base": {"ref": base, **_OURS},
        }
        self.pulls.append(pull)
        return pull


def _trouble(process: Process) -> Callable[[str], SourceError]:
    def fail(why: str) -> SourceError:
        if process.scheduler.rng.random() < 0.3:
            return RateLimitError(f"GitHub's rate limit is used up ({why})")
        return SourceError(f"GitHub's API doesn't answer ({why})")

    return fail


class SimulatedApi:
    """GitHub's REST API (`github_client.GitHubClient`), as far as pull requests need it.

    A request whose answer is lost is sent once more, as the real one does.
    """

    def __init__(self, world: GitHubWorld, process: Process) -> None:
        self._world, self._process = world, process

    def pages(
        self, path: str, need: str, parameters: Mapping[str, Any] | None = None, *, whole: bool = True
    ) -> Iterator[Any]:
        wanted = dict(parameters or {})
        if "/compare/" in path:
            raise NotImplementedError

        def find() -> list[dict[str, Any]]:
            return [
                {**pull}
                for pull in self._world.pulls
                if pull["state"] == wanted["state"] and f"acme:{pull['head']['ref']}" == wanted["head"]
            ]

        yield self._process.effect(f"list {wanted['state']} pull requests", find, _trouble(self._process))

    def write(self, verb: str, path: str, need: str, body: Mapping[str, Any]) -> Any:
        rng = self._process.scheduler.rng
        repeats = 2 if self._process.scheduler.rates.lose and rng.random() < 0.1 else 1
        if repeats == 2:
            self._process.scheduler.note(self._process.name, f"{verb} twice", "a request comes twice")

        def act() -> Any:
            answer: Any = None
            for _ in range(repeats):
                try:
                    answer = self._write(verb, path, body)
                except RefusedError as error:
                    answer = error
            return answer

        answer = self._process.effect(f"{verb} {path}", act, _trouble(self._process), is_write=True)
        if isinstance(answer, RefusedError):
            raise answer
        return answer

    def _write(self, verb: str, path: str, body: Mapping[str, Any]) -> Any:
        if verb == "POST":
            return {**self._world.open(body)}
        pull = self._world.pulls[int(path.rpartition("/")[2]) - 1]
        pull.update(body)
        return {**pull}


class SimulatedPlace(ProposalPlace):
    """The two branches of a delivery by pull request: the real rules over git and GitHub of this world."""

    def __init__(
        self, git: SimulatedGit, github: GitHubWorld, process: Process, base: str, head: str
    ) -> None:
        super().__init__(
            git,  # type: ignore[arg-type]
            SimulatedApi(github, process),  # type: ignore[arg-type]
            address=REPOSITORY,
            repository=REPOSITORY,
            base=base,
            head=head,
            sign=lambda _, commit: commit,
        )
        self._manifests, self._process = github.manifests, process

    @property
    def head(self) -> PastCommit | None:
        tip = self._head.commit
        return self._manifests.past(tip) if tip else None

    def read(self, commit: str, path: str) -> bytes | None:
        return self._manifests.commits[commit].tree.get(path)

    def new_commits(self) -> Sequence[PastCommit]:
        assert self.head is not None
        known = set(self._manifests.history(self.base.commit or ""))
        new = [commit for commit in self._manifests.history(self.head.id) if commit not in known]
        found = self._process.effect("compare", lambda: new, _trouble(self._process))
        return [self._manifests.past(commit) for commit in reversed(found)]


class SimulatedRecords:
    """Deployments and statuses (`status_records.StatusApi`)."""

    def __init__(self, world: GitHubWorld, process: Process) -> None:
        self._world, self._process = world, process

    def create(self, wanted: Sequence[Deployment]) -> Sequence[int | SourceError]:
        def make() -> list[int | SourceError]:
            numbers: list[int | SourceError] = []
            for deployment in wanted:
                self._world.deployments.append(
                    {"maker": self._process.name, "state": "created", "about": deployment.repository}
                )
                numbers.append(len(self._world.deployments) - 1)
            return numbers

        try:
            return self._process.effect("create deployments", make, _trouble(self._process), is_write=True)
        except SourceError as error:
            return [error for _ in wanted]

    def mark(self, wanted: Sequence[tuple[str, int, StatusMark]]) -> Sequence[SourceError | None]:
        def change() -> list[SourceError | None]:
            for _, number, mark in wanted:
                self._world.deployments[number]["state"] = mark.state
            return [None for _ in wanted]

        try:
            return self._process.effect("mark deployments", change, _trouble(self._process), is_write=True)
        except SourceError as error:
            return [error for _ in wanted]

    def report(self, statuses: Sequence[Status]) -> Sequence[SourceError | None]:
        def note() -> list[SourceError | None]:
            self._world.statuses += [(self._process.name, status) for status in statuses]
            return [None for _ in statuses]

        try:
            return self._process.effect("set statuses", note, _trouble(self._process), is_write=True)
        except SourceError as error:
            return [error for _ in statuses]
