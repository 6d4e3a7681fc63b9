"""The manifest repository as one on GitHub: pull requests, and commits that GitHub signs.

Importing this costs what PyGithub does, so import it where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dulwich.objects import ObjectID

from promotion.common.backoff import SIGNED_COMMIT
from promotion.common.phrases import say
from promotion.edges.git.branch_history import read_commit
from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access, parse_remote
from promotion.edges.github.commits_api import CommitsApi
from promotion.edges.proposal_branches import ProposalPlace
from promotion.edges.web.web_address import origin
from promotion.errors import SourceError, UsageError
from promotion.wiring.github_access import open_api


class GitHubRepository:
    """One repository of the run's own GitHub server.

    Args:
        address: the repository, as the input has it.
        git: reads and pushes.
        access: holds the token that writes.
        environment: has the API's address.
        warn: told of what the user should know.
        wait: lets so many seconds pass.

    Raises:
        UsageError: it is elsewhere, or there is no token.
    """

    def __init__(
        self,
        address: str,
        git: GitClient,
        access: Access,
        environment: Mapping[str, str],
        *,
        warn: Callable[[str], None],
        wait: Callable[[float], None],
    ) -> None:
        remote = parse_remote(address, server_url=access.server_url, allow_local=True)
        if remote.kind != "http" or remote.origin != origin(access.server_url) or remote.name.count("/") != 1:
            raise UsageError(
                f"{remote.name} isn't a repository of {access.server_url}, so we know of no API for it",
                fix=say("Name it as `owner/name`, or set {delivery: push} and {verified: false}."),
            )
        self._address, self._repository = address, remote.name
        self._git, self._warn, self._wait = git, warn, wait
        # Objects are the same when they are made twice, and of a pull request there is no second one.
        self._session = open_api(
            environment, access.token, access.app, home=remote.name, repeatable=("POST",)
        )
        self._commits = CommitsApi(self._session, remote.name)

    def open_place(self, base: str, head: str, *, verified: bool) -> ProposalPlace:
        """Return the branches of a pull request, as they are at this moment."""
        return ProposalPlace(
            self._git,
            self._session,
            address=self._address,
            repository=self._repository,
            base=base,
            head=head,
            sign=self.sign if verified else lambda _, commit: commit,
        )

    def push_signed(self, branch: BranchSnapshot, commit: str) -> str:
        """Have GitHub make a commit of the branch's `write` anew, and set the branch to that; gives its id.

        GitHub signs only what stands on a commit that it has, so a missing branch begins with an empty one of
        ours, without a signature.
        """
        if branch.commit is None:
            (first,) = read_commit(branch.objects, ObjectID(commit.encode())).parents
            self._git.push(branch, first)
            branch = branch.at(first)
        made = self.sign(branch, commit)
        self._git.push(branch, made)
        return made

    def sign(self, branch: BranchSnapshot, commit: str) -> str:
        """Return the id of GitHub's commit; of ours, with a warning, where GitHub signs nothing for this
        token.
        """
        made = self._commits.sign(branch.objects, read_commit(branch.objects, ObjectID(commit.encode())))
        if made.reason:
            self._warn(
                f"GitHub doesn't sign the commit ({made.reason}): `verified` takes the token of a GitHub "
                "App, or the job's own"
            )
            return commit

        def fetch() -> str | None:
            return made.id if self._git.pushes.fetch(branch, made.id) else None

        if fetched := SIGNED_COMMIT.poll(fetch, self._wait):
            return fetched
        raise SourceError(
            f"{self._repository} doesn't give the commit {made.id} that its API made", fix="Run it again."
        )
