"""Talking to remote repositories by the git program: retries, redirects and clear errors."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from promotion.common.backoff import GIT_PROGRAM
from promotion.common.exhaustion import read_exhaustion
from promotion.edges.child_process import CommandTimeoutError, ProcessRunner, read_text
from promotion.edges.git.git_call import GitCall, GitEnd
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.git.git_failures import (
    Failure,
    classify,
    explain_access,
    explain_push,
    explain_transport,
    last_words,
)
from promotion.edges.git.git_version import OLDEST, PINNING, check_git_version
from promotion.edges.git.harmless_settings import HarmlessSettings
from promotion.edges.git.redirects import follow
from promotion.edges.git.remotes import Access, Remote, authorization, is_same_place, is_same_server
from promotion.edges.single_flight import SingleFlight
from promotion.edges.web.host_policy import HostPolicy
from promotion.errors import SourceError, UnreachableError
from promotion.rendering.sources.credential_reach import Reach

_ANSWERS = (Failure.MISSING_REF, Failure.MISSING_COMMIT, Failure.REFUSED_COMMIT)
# `https://TOKEN@host/x` holds a credential and `https://organisation@host/x` none: we ask without it first.
_REFUSALS = (Failure.UNAUTHENTICATED, Failure.NOT_FOUND)
# A server that is just packing its objects anew may miss one for a moment.
_PASSING = (Failure.NETWORK, Failure.DAMAGED)
_MOST_REDIRECTS = 3
_FETCH_OPTIONS = (
    *("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    *("--no-auto-maintenance", "--update-shallow"),
)
_PUSH_OPTIONS = ("--porcelain", "--no-progress", "--no-verify", "--no-signed", "--recurse-submodules=no")


class GitTransport:
    """Runs `git fetch` and `git push` in bare repositories of ours.

    Args:
        commands: starts git.
        access: the credentials of the run.
        settings: the environment of each call.
        warn: told when a repository has moved.
        sleep: waits so many seconds.
        timeout: seconds that one call of git may take.
        host_policy: judges which hosts may be asked.
    """

    def __init__(
        self,
        commands: ProcessRunner,
        access: Access,
        settings: GitEnvironment,
        *,
        warn: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 600.0,
        host_policy: HostPolicy,
    ) -> None:
        self._commands = commands
        self._access = access
        self._settings = settings
        self._warn = warn
        self._sleep = sleep
        self._timeout = timeout
        self._host_policy = host_policy
        self._lock = Lock()
        self._moved: dict[Remote, Remote] = {}
        self._addresses: dict[Remote, Sequence[str]] = {}
        self._version: SingleFlight[tuple[int, int], None] = SingleFlight()
        self._harmless = HarmlessSettings(commands, settings)

    def fetch(
        self,
        repository: Path,
        remote: Remote,
        refspecs: Sequence[str],
        *,
        options: Sequence[str] = (),
        token: str = "",
        write: bool = False,
        tried: int = 0,
        reach: Reach = Reach.OWN,
    ) -> Failure | None:
        """Fetch into a bare repository.

        Args:
            token: for this very remote, before those of the run.
            write: use the credential that writes.
            tried: how often it was tried elsewhere, and the network failed.
            reach: whether credentials may go there.

        Returns:
            None, or why the server doesn't have what was asked: a missing ref, a missing or refused commit.

        Raises:
            AccessError: the server doesn't let us in.
            SourceError: the server can't be reached, or git fails otherwise.
            ExhaustedError: this machine's disk is full, or the like.
        """
        argv = ["fetch", *_FETCH_OPTIONS, *options, "--end-of-options"]
        end = self._call(
            GitCall(repository, remote, argv, refspecs, token=token, write=write, tried=tried, reach=reach)
        )
        if end.failure is None or end.failure in _ANSWERS:
            return end.failure
        raise self._explain(end, write=write, reach=reach) or SourceError(
            f"{end.remote.name} can't be fetched: {self._say(end)}"
        )

    def list(
        self,
        remote: Remote,
        names: Sequence[str],
        *,
        token: str = "",
        write: bool = False,
        tried: int = 0,
        reach: Reach = Reach.OWN,
    ) -> dict[str, str]:
        """Return what refs point at, through annotated tags; those missing are left out.

        Args:
            names: of refs, in full, or HEAD; one that ends in `/*` stands for all that begin so.
            token, write, tried, reach: as for `fetch`.

        Raises:
            AccessError: the server doesn't let us in.
            SourceError: the server can't be reached, or git fails otherwise.
        """
        patterns = [pattern for name in names for pattern in (name, f"{name}^{{}}")]
        argv = ["ls-remote", "--quiet", "--end-of-options"]
        end = self._call(
            GitCall(
                Path(os.devnull), remote, argv, patterns, token=token, write=write, tried=tried, reach=reach
            )
        )
        if end.failure is not None:
            raise self._explain(end, write=write, reach=reach) or SourceError(
                f"{end.remote.name} can't be read: {self._say(end)}"
            )
        lines = [line.partition("\t") for line in end.output.decode("utf-8", "surrogateescape").splitlines()]
        oids = {name: oid for oid, _, name in lines}
        stems = tuple(name[:-1] for name in names if name.endswith("/*"))
        wanted = [*names, *(name for name in oids if name.startswith(stems) and not name.endswith("^{}"))]
        return {name: oids.get(f"{name}^{{}}", oids[name]) for name in wanted if name in oids}

    def has_moved(self, remote: Remote) -> bool:
        """Return whether the server has sent us elsewhere for this repository."""
        return remote in self._moved

    def push(
        self,
        repository: Path,
        remote: Remote,
        branch: str,
        *,
        commit: str,
        expected: str,
        dry_run: bool = False,
    ) -> None:
        """Set a branch to a commit if it is where we left it.

        Args:
            commit: empty to delete the branch.
            expected: the commit that the branch must be at; empty if it must not exist.
            dry_run: end where something would be sent.

        Raises:
            BranchMovedError: it is elsewhere.
            AccessError: the server doesn't let us write.
            PublishError: a rule of the server refuses it, or git fails otherwise.
            SourceError: the server can't be reached.
            ExhaustedError: this machine's disk is full, or the like.
        """
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        rehearsal = ["--dry-run"] if dry_run else []
        argv = ["push", *_PUSH_OPTIONS, *rehearsal, lease, "--end-of-options"]
        end = self._call(
            GitCall(repository, remote, argv, [f"{commit}:refs/heads/{branch}"], write=True, push=True)
        )
        if end.failure is not None:
            refused = partial(explain_push, end.failure, end.remote, branch, end.words, self._commands.show)
            raise self._explain(end, write=True) or refused()

    def _call(self, call: GitCall) -> GitEnd:
        """Run git, also where the repository has moved to."""
        self.check_version()
        target = self._moved.get(call.remote, call.remote)
        for _ in range(_MOST_REDIRECTS):
            header, token, reach = "", call.token, call.reach
            is_near = is_same_server if reach is Reach.OWN else is_same_place
            if is_near(call.remote, target):
                header = authorization(target, self._access, token=token, write=call.write, reach=reach)
            end = self._try(call, target, header)
            if end.failure in _REFUSALS and not header and target.username and reach is not Reach.PUBLIC:
                header = authorization(target, self._access, token=f"{target.username}:")
                end = self._try(call, target, header)
            if end.failure is not Failure.REDIRECT:
                return end
            target = self._follow(call, target, header)
        raise SourceError(f"{call.remote.name} redirects again and again")

    def _try(self, call: GitCall, remote: Remote, header: str) -> GitEnd:
        """Run git until it succeeds, fails for good or has failed often enough."""
        argv = ["git", f"--git-dir={call.repository}", *call.argv, remote.url, *call.refspecs]
        variables = self._prepare(remote, header, call.reach)
        for attempt in range(
            min(call.tried, GIT_PROGRAM.attempts - 1), 1 if remote.kind == "file" else GIT_PROGRAM.attempts
        ):
            if attempt:
                self._sleep(GIT_PROGRAM.pause_after(attempt, random.random()))  # noqa: S311
            try:
                done = self._commands.run(argv, timeout=self._timeout, env=variables)
            except CommandTimeoutError as error:
                what = f"{remote.name}: {error.what}"
                raise UnreachableError(what, fix="Check that its server answers.") from None
            if done.code == 0:
                return GitEnd(remote, authorized=bool(header), output=done.stdout)
            words = f"{done.stderr}\n{read_text(done.stdout)}"
            if done.code < 0:
                words += f"\nfatal: git was ended by signal {-done.code}"
            # the address might hold any of the words that we look for
            named = words.replace(remote.url, "the address")
            if exhaustion := read_exhaustion(named):
                raise exhaustion
            failure = classify(named, push=call.push)
            # not all of GitHub may know an App's new token for some seconds (octokit/auth-app.js#65)
            is_new = bool(header) and not call.token and self._access.is_by_app(remote, write=call.write)
            if failure not in _PASSING and not (failure is Failure.UNAUTHENTICATED and is_new):
                break
        return GitEnd(remote, authorized=bool(header), failure=failure, words=words)

    def _prepare(self, remote: Remote, header: str, reach: Reach) -> dict[str, str]:
        """Return the environment of git, with the judged addresses if it may not look for itself."""
        pinned = self._host_policy.pin(remote.url) if remote.kind == "http" else None
        if pinned:
            self.check_version(PINNING)
        known, inherited = self._addresses.get(remote, ()), self._harmless.choose(reach)
        addresses, is_direct = (known, False) if pinned is None else (pinned, True)
        return self._settings.variables(remote, header, addresses, is_direct=is_direct, inherited=inherited)

    def _follow(self, call: GitCall, target: Remote, header: str) -> Remote:
        """Return the remote that the server of `target` redirects to."""
        service = "git-receive-pack" if call.push else "git-upload-pack"
        environment, nearest = self._settings.environment, self._host_policy.limit(target.url)
        new = follow(target, service, header, environment, nearest=nearest)
        if self._commands.show(new.url) != new.url:  # it would stand in a command line
            raise SourceError(
                f"{call.remote.name} redirects to an address that holds a credential of this run",
                fix="Ask who runs its server.",
            )
        addresses = self._host_policy.locate(new.url, led_by=call.remote.url)
        with self._lock:
            self._addresses[new] = addresses
            is_known = call.remote in self._moved
            self._moved[call.remote] = new
        if not is_known:
            self._warn(f"{call.remote.name} has moved to {new.name}: use the new address")
        return new

    def _explain(self, end: GitEnd, *, write: bool, reach: Reach = Reach.OWN) -> SourceError | None:
        failure, remote = end.failure or Failure.OTHER, end.remote
        return explain_access(
            failure,
            remote,
            words=end.words,
            show=self._commands.show,
            authorized=end.authorized,
            at_home=self._access.is_home(remote),
            write=write,
            by_app=self._access.is_by_app(remote, write=write),
            is_public=reach is Reach.PUBLIC,
        ) or explain_transport(failure, remote, self._say(end), attempts=GIT_PROGRAM.attempts)

    def _say(self, end: GitEnd) -> str:
        return last_words(end.words, self._commands.show)

    def check_version(self, oldest: tuple[int, int] = OLDEST) -> None:
        """Refuse a git that is too old for us.

        Raises:
            PromotionError
        """
        self._version.get(oldest, lambda: check_git_version(self._commands, oldest))
