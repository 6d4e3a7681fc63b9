"""From a push to a `repository_dispatch` in the HLD repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from promotion.commands.notify.inputs import NotifyRequest
from promotion.common.console import Console
from promotion.common.phrases import say
from promotion.errors import AccessError, SourceError
from promotion.publishing.deployment_selection import LONGEST, Status


def notify_hld(
    request: NotifyRequest,
    send: Callable[[str, Mapping[str, str]], None],
    report: Callable[[Status], SourceError | None],
    console: Console,
) -> None:
    """Notify the HLD repository, after setting the commit's status to pending.

    The status comes first, or it might come behind that of the HLD repository's workflow.

    Args:
        send: sends an event of a type with a payload to the HLD repository; PromotionError if GitHub refuses.
        report: sets a commit's status; gives what went wrong, which fails nothing.

    Raises:
        PromotionError: GitHub doesn't take the event. The commit's status says so, too.
    """
    pending = request.status
    if pending and (error := report(pending)):
        _tell(pending.repository, error, console)
        pending = None
    try:
        send(request.event_type, request.client_payload)
    except BaseException:  # a cancelled run, too, leaves nobody waiting for what doesn't come
        if pending:
            what = f"{request.hld_repository} couldn't be told; see the log"
            report(replace(pending, state="error", description=what[:LONGEST]))
        raise


def _tell(repository: str, error: SourceError, console: Console) -> None:
    what = f"No commit status is written in {repository}"
    if isinstance(error, AccessError):
        console.notice(say("{}: {status-token} may not. It needs `statuses: write` there.", what))
    else:
        console.warning(say("{}: {}", what, error.what))
