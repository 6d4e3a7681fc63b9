"""Talking to remote repositories by the git program: retries, redirects and clear errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from urllib.parse import urljoin

from promotion.edges.command import Commands, CommandTimeoutError
from promotion.edges.git_environment import GitEnvironment
from promotion.edges.git_failures import (
    Failure,
    classify,
    explain_access,
    explain_push,
    explain_transport,
    last_words,
)
from promotion.edges.remotes import Access, Remote, authorization, redirected
from promotion.errors import AccessError, SourceError

_ANSWERS = (Failure.MISSING_REF, Failure.MISSING_COMMIT, Failure.REFUSED_COMMIT)
_MOST_REDIRECTS = 3
_FETCH_OPTIONS = (
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--update-shallow",
)
_PUSH_OPTIONS = ("--porcelain", "--no-progress", "--no-verify", "--no-signed", "--recurse-submodules=no")


class Transport:
    """Runs `git fetch` and `git push` in bare repositories of ours.

    Args:
        commands: starts git.
        access: the credentials of the run.
        settings: the environment of each call.
        warn: told when a repository has moved.
        sleep: waits so many seconds.
        timeout: seconds that one call of git may take.
        attempts: how often a call is tried when the network fails.
    """

    def __init__(
        self,
        commands: Commands,
        access: Access,
        settings: GitEnvironment,
        *,
        warn: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 600.0,
        attempts: int = 4,
    ) -> None:
        self._commands = commands
        self._access = access
        self._settings = settings
        self._warn = warn
        self._sleep = sleep
        self._timeout = timeout
        self._attempts = attempts
        self._lock = Lock()
        self._moved: dict[Remote, Remote] = {}

    def fetch(
        self,
        repository: Path,
        remote: Remote,
        refspecs: Sequence[str],
        *,
        options: Sequence[str] = (),
        token: str = "",
        write: bool = False,
    ) -> Failure | None:
        """Fetch into a bare repository.

        Args:
            token: for this very remote, before those of the run.
            write: use the credential that writes.

        Returns:
            None, or why the server doesn't have what was asked: a missing ref, a missing or refused commit.

        Raises:
            AccessError: the server doesn't let us in.
            SourceError: the server can't be reached, or git fails otherwise.
        """
        argv = ["fetch", *_FETCH_OPTIONS, *options, "--end-of-options"]
        failure, words, target = self._call(repository, remote, argv, refspecs, token=token, write=write)
        if failure is None or failure in _ANSWERS:
            return failure
        raise self._explain(failure, target, words, token=token, write=write) or SourceError(
            f"{target.name} can't be fetched: {last_words(words)}"
        )

    def push(self, repository: Path, remote: Remote, branch: str, *, commit: str, expected: str) -> None:
        """Set a branch to a commit if it is where we left it.

        Args:
            expected: the commit that the branch must be at; empty if it must not exist.

        Raises:
            BranchMovedError: it is elsewhere.
            AccessError: the server doesn't let us write.
            PublishError: a rule of the server refuses it, or git fails otherwise.
            SourceError: the server can't be reached.
        """
        argv = [
            "push",
            *_PUSH_OPTIONS,
            f"--force-with-lease=refs/heads/{branch}:{expected}",
            "--end-of-options",
        ]
        refspecs = [f"{commit}:refs/heads/{branch}"]
        failure, words, target = self._call(
            repository, remote, argv, refspecs, token="", write=True, push=True
        )
        if failure is not None:
            raise self._explain(failure, target, words, token="", write=True) or explain_push(
                failure, target, branch, words
            )

    def _call(
        self,
        repository: Path,
        remote: Remote,
        argv: Sequence[str],
        refspecs: Sequence[str],
        *,
        token: str,
        write: bool,
        push: bool = False,
    ) -> tuple[Failure | None, str, Remote]:
        """Run git, also where the repository has moved to; gives failure, git's words and the last remote."""
        target = self._moved.get(remote, remote)
        for _ in range(_MOST_REDIRECTS):
            own = token if target.kind == "http" and target.origin == remote.origin else ""
            header = authorization(target, self._access, token=own, write=write)
            words = [*argv, target.url, *refspecs]
            failure, said = self._try(
                repository, target, words, self._settings.variables(target, header), push=push
            )
            if failure is not Failure.REDIRECT:
                return failure, said, target
            target = self._follow(remote, target, header, push=push)
        raise SourceError(f"{remote.name} redirects again and again")

    def _try(
        self,
        repository: Path,
        remote: Remote,
        argv: Sequence[str],
        variables: Mapping[str, str],
        *,
        push: bool,
    ) -> tuple[Failure | None, str]:
        """Run git until it succeeds, fails for good or has failed often enough."""
        attempts = 1 if remote.kind == "file" else self._attempts
        for attempt in range(attempts):
            if attempt:
                self._sleep(2.0 ** (attempt - 1) * (0.5 + random.random()))  # noqa: S311
            try:
                done = self._commands.run(
                    ["git", f"--git-dir={repository}", *argv], timeout=self._timeout, env=variables
                )
            except CommandTimeoutError as error:
                raise SourceError(
                    f"{remote.name}: {error.what}", fix="Check that its server answers."
                ) from None
            if done.code == 0:
                return None, ""
            words = f"{done.stderr}\n{done.stdout.decode('utf-8', 'replace')}"
            failure = classify(words, push=push)
            if failure is not Failure.NETWORK:
                break
        return failure, words

    def _follow(self, remote: Remote, target: Remote, header: str, *, push: bool) -> Remote:
        """The remote that the server of `target` redirects to."""
        service = "git-receive-pack" if push else "git-upload-pack"
        question = f"{target.url}/info/refs?service={service}"
        location = _ask_location(question, header)
        url, found, _ = urljoin(question, location).partition("/info/refs")
        if not location or not found:
            raise AccessError(
                f"{target.name} sends us to a page that is no repository",
                fix="Check the address; a server may do so when the token is missing or wrong.",
            )
        new = redirected(target, url)
        with self._lock:
            known = remote in self._moved
            self._moved[remote] = new
        if not known:
            self._warn(f"{remote.name} has moved to {new.name}: use the new address")
        return new

    def _explain(
        self, failure: Failure, remote: Remote, words: str, *, token: str, write: bool
    ) -> SourceError | None:
        authorized = bool(authorization(remote, self._access, token=token, write=write))
        return explain_access(failure, remote, authorized=authorized, write=write) or explain_transport(
            failure, remote, words, attempts=self._attempts
        )


def _ask_location(url: str, header: str) -> str:
    """The Location that a server answers a GET with; empty if it gives none."""
    import requests  # slow to import, and rarely needed

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if header:
            request.headers["Authorization"] = header
        return request

    try:
        # with `auth` given, requests leaves ~/.netrc alone
        with requests.get(
            url,
            auth=authorize,
            allow_redirects=False,
            timeout=(30, 60),
            stream=True,
            headers={"User-Agent": "git/2"},
        ) as answer:
            return answer.headers.get("Location", "")
    except requests.RequestException as error:
        raise SourceError(f"the server's redirect can't be followed: {type(error).__name__}") from None
