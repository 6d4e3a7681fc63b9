"""Title and text of the pull request that delivers manifests.

What they quote comes from other repositories, so each name is escaped for where it stands.
"""

from __future__ import annotations

from collections.abc import Callable

from promotion.common.event import Event
from promotion.common.git_ids import abbreviate
from promotion.common.markdown import Page, code, details, fence, markdown
from promotion.common.text import truncate
from promotion.publishing.report import CHANGES_HEAD, Report, link_commit, link_or_code, list_changes
from promotion.publishing.reported_holds import HELD_HEAD, list_rows

_LONGEST = 60_000  # bytes; GitHub takes 65,536 characters
_LONGEST_DIFF = 30_000  # bytes
_LONGEST_TITLE = 250  # characters; GitHub takes 256
_OWN = (
    "_This text and the branch belong to the promotion: the next run writes them anew. Merge to deliver._\n"
)


def marker(commit: str) -> str:
    """Return the start of the text: the commit that it describes."""
    return f"<!-- promotion-delivery {commit} -->"


def write_title(message: str) -> str:
    """Return the title from the commit's message, whose names are already harmless."""
    return truncate(message.partition("\n")[0].strip(), _LONGEST_TITLE)


def write_body(report: Report, event: Event, commit: str, diff: Callable[[int], str]) -> str:
    """Return the text of the pull request.

    Args:
        commit: the one that it describes.
        diff: the difference without Secrets' values, of at most so many bytes.
    """
    page = Page(_LONGEST - len(_OWN))
    counts = ", ".join(
        f"{report.count(action)} {action}"
        for action in ("added", "changed", "removed")
        if report.count(action)
    )
    page.add(f"{marker(commit)}\n")
    page.add(f"The manifests of **{markdown(report.environment)}**: {counts or 'no resource changes'}.\n\n")
    page.add(_facts(report, event))
    if report.held:
        definition = report.hld_repository, report.hld_commit
        page.table(HELD_HEAD, list_rows(report.held, definition, link_commit), keep=_LONGEST // 2)
    if report.changes:
        page.table(
            CHANGES_HEAD,
            list_changes(report),
            keep=_LONGEST_DIFF + 1_000,  # for the difference, with what is around it
        )
    text = diff(_LONGEST_DIFF)
    if text:
        page.add(details("Difference", fence(text, "diff")))
    return page.text() + _OWN


def _facts(report: Report, event: Event) -> str:
    rows = [f"- HLD: {link_commit(report.hld_repository, report.hld_commit)} at {code(report.hld_ref)}\n"]
    trigger = f"{event.repository}@{abbreviate(event.commit)}" if event.commit else event.repository
    if trigger:
        by = f" by {code(event.actor)}" if event.actor else ""
        rows.append(f"- started by: {code(trigger)}{by}\n")
    if event.run_url:
        rows.append(f"- run: {link_or_code(event.run_url.rstrip('/').rpartition('/')[2], event.run_url)}\n")
    brought = [part for part in report.components if part.action not in ("", "removed")]
    for part in [part for part in brought if part.provenance.source][:50]:
        origin = part.provenance
        rows.append(f"- {code(part.label)}: {link_commit(origin.source, origin.revision)}\n")
    return "".join(rows) + "\n"
