"""`promotion preview`: the effect of merging a pull request on the cluster, for GitHub or a terminal."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from promotion import __version__
from promotion.commands.preview.inputs import PREVIEW, PREVIEW_OUTPUTS, make_marker, read_preview_request
from promotion.commands.preview.pull_change import PullChange, PullEvent, read_pull
from promotion.commands.preview.report import Preview, as_text, summarize, write_comment, write_failure
from promotion.commands.preview.side_comparison import SideComparison
from promotion.common.addresses import is_local
from promotion.common.event import Event, NothingToDo
from promotion.common.github_json import parse_pull
from promotion.common.markdown import prose
from promotion.common.phrases import ask_for_right
from promotion.common.settings import Settings
from promotion.common.shared_inputs import APP
from promotion.common.sticky_comment import update_sticky_comment
from promotion.edges.actions_runner import read_event
from promotion.edges.git.remotes import Access
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import AccessError, PrivateAddressError, PromotionError, UsageError
from promotion.publishing.request_checks import check_address
from promotion.rendering.materialize_request import Request
from promotion.rendering.sources.git_source import GitSource
from promotion.wiring.access_inputs import read_access
from promotion.wiring.github_access import check_repository, open_github
from promotion.wiring.result_output import check_result_file, write_result_file
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code."""
    settings = read_inputs(arguments, PREVIEW, runtime)
    if arguments.head:
        return preview_branch(settings, runtime, arguments.repository, arguments.base, arguments.head)
    if arguments.repository or arguments.base:
        raise UsageError(
            "--repository and --base are for --head", fix="Give the branch to preview by --head."
        )
    return preview_pull(settings, runtime)


def preview_branch(settings: Settings, runtime: Runtime, repository: str, base: str, head: str) -> int:
    """Show on a terminal what a branch would change; return 1 if it would be held back.

    Args:
        repository: that of the branch; empty for the HLD's.
        base: the branch that it would be merged into; empty for the environment's.
        head: the branch, or a commit.

    Raises:
        PromotionError: why it can't be shown.
    """
    branch = base or settings.text("environment")
    request = read_preview_request(settings, Event(), branch, repository or settings.text("hld-repository"))
    if isinstance(request, NothingToDo):
        raise UsageError(request.reason, fix="Give the environment by --environment.")
    change = PullChange(
        repository=repository or request.hld_repository, branch=branch, before=branch, after=head
    )
    access = read_access(settings, runtime)
    preview = _compare(request, change, access, runtime, is_asked=True)
    runtime.console.info(as_text(preview))
    if preview.diff:
        with runtime.console.group("Difference"):
            runtime.console.diff(preview.diff)
    return _tell_held(preview, runtime)


def preview_pull(settings: Settings, runtime: Runtime) -> int:
    """Show what the event's pull request would change, as summary, comment and outputs; return 1 if it would
    be held back.

    Raises:
        PromotionError: why it can't be shown.
    """
    check_result_file(runtime)
    event = read_event(runtime.environment)
    seen = read_pull(event)
    request = read_preview_request(settings, event, seen.pull.base.branch, event.repository)
    if isinstance(request, NothingToDo):
        _say_nothing(request.reason, runtime)
    elif seen.pull.is_fork and seen.is_target:
        why = (
            "pull requests of forks aren't previewed on `pull_request_target`, whose token may write: start "
            "the preview on `pull_request`"
        )
        _say_nothing(why, runtime)
    else:
        if seen.pull.is_fork:  # it has no secrets, so no key to an App
            settings = settings.without(entry.name for entry in APP)
        return _Run(settings, runtime, event, seen, request).execute()
    return 0


@dataclass(frozen=True)
class _Run:
    """One preview of a pull request."""

    settings: Settings
    runtime: Runtime
    event: Event
    seen: PullEvent
    request: Request

    def execute(self) -> int:
        """Make the preview and show it; return the exit code."""
        pull = self.seen.pull
        github = RepositoryApi(
            open_github(self.settings, self.runtime), check_repository(self.event.repository)
        )
        recent = parse_pull(github.pull(pull.number))
        if (recent.head.commit, recent.base.branch) != (pull.head.commit, pull.base.branch):
            why = f"{pull.label} has changed since this run began: look at the newer one"
            _say_nothing(why, self.runtime)
            return 0
        tip = github.tip(pull.base.branch)
        if tip is None:
            raise AccessError(
                f"the branch {pull.base.branch} can't be read", fix=ask_for_right("contents: read")
            )
        change = PullChange(
            repository=self.event.repository,
            branch=pull.base.branch,
            before=github.merge_base(tip, pull.head.commit),
            after=pull.head.commit,
            is_default=pull.base.branch == self.seen.default_branch,
        )
        try:
            preview = self._compare(change)
        except (AccessError, PrivateAddressError) as error:
            if not pull.is_fork:
                raise
            lack = " without credentials" if isinstance(error, AccessError) else ""
            _say_nothing(f"the pull request of a fork can't be previewed{lack}: {error}", self.runtime)
            return 0
        except PromotionError as error:
            self._stick(write_failure(error, self._marker, self.event.run_url), github)
            raise
        else:
            url = self._stick(write_comment(preview, self._marker, self.event.run_url), github)
            _tell(preview, url, self.runtime)
            return _tell_held(preview, self.runtime)

    def _compare(self, change: PullChange) -> Preview:
        access = read_access(self.settings, self.runtime)
        if not self.seen.pull.is_fork:
            return _compare(self.request, change, access, self.runtime)
        if self.request.hooks_allowed:
            self.runtime.console.notice("hooks aren't run for the pull request of a fork")
        request = replace(self.request, hooks_allowed=False)
        anonymous = Access(server_url=access.server_url, ssh_known_hosts=access.ssh_known_hosts)
        return _compare(request, change, anonymous, self.runtime, token=access.token, is_trusted=False)

    def _stick(self, body: str, github: RepositoryApi) -> str:
        """Put the comment on the pull request, and return its address; empty if there is none."""
        if not self.settings.flag("comment") or self.seen.pull.is_fork:
            return ""
        marker, text = self._marker, self.runtime.redact(body.removeprefix(self._marker))
        left = update_sticky_comment(self.seen.pull.number, marker, f"{marker}{text}" if body else "", github)
        if left.problem:
            self.runtime.console.notice(left.problem)
        return left.url

    @property
    def _marker(self) -> str:
        return make_marker(self.settings)


def _compare(
    request: Request,
    change: PullChange,
    access: Access,
    runtime: Runtime,
    *,
    token: str = "",
    is_trusted: bool = True,
    is_asked: bool = False,
) -> Preview:
    """Make the preview. With `is_asked` somebody named the change, so check first that it exists."""
    context = RunContext(
        runtime,
        access,
        allow_local=is_trusted and is_local(request.hld_repository),
        helm=request.helm,
        engine=request.engine,
        is_trusted=is_trusted,
        part_timeout=request.part_timeout,
    )
    with open_session(context) as session:
        check_address("hld-repository", request.hld_repository, session.address)
        for version in (change.after, change.before) if is_asked else ():
            named = GitSource(url=change.repository, version=version)
            if not session.fetcher.ask(named, token=token):
                session.fetcher.fetch(named, token=token)  # it may be the beginning of a commit's id
        return SideComparison(
            request=request,
            change=change,
            tools=session,
            console=runtime.console,
            environment=runtime.environment if is_trusted else {},
            workers=runtime.workers,
            engine=__version__,
            token=token,
            is_trusted=is_trusted,
        ).make()


def _tell(preview: Preview, comment: str, runtime: Runtime) -> None:
    console = runtime.console
    console.info(as_text(preview))
    if not preview.is_used:
        console.notice(preview.headline())
    for risk in preview.risks[:10]:
        console.warning(f"look twice: {risk}")
    console.summary(summarize(preview))
    diff = runtime.redact(preview.diff)
    file = write_result_file(diff, runtime, name="preview", ending="diff") if diff else ""
    _set_outputs({**preview.outputs(), "comment": comment, "diff": file}, runtime)


def _tell_held(preview: Preview, runtime: Runtime) -> int:
    """Say which parts merging would have held back; return the exit code."""
    for each in preview.holds.caused:
        runtime.console.error(each.make_error(f"merging this would be held back: {each.part}"))
    return PromotionError.exit_code if preview.holds.caused else 0


def _say_nothing(why: str, runtime: Runtime) -> None:
    runtime.console.notice(why)
    runtime.console.summary(f"### 🔍 No preview\n\n{prose(why)}.\n")
    _set_outputs({}, runtime)


def _set_outputs(outputs: dict[str, str], runtime: Runtime) -> None:
    runtime.set_outputs({output.name: outputs.get(output.name, "") for output in PREVIEW_OUTPUTS})
