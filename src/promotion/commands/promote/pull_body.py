"""The title of a promotion's pull request, and our section of its text, between two markers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from promotion.commands.promote.promotion_bundle import Bundle, BundledCommit, VersionChange, describe_version
from promotion.common.git_ids import short_sha
from promotion.common.markdown import Page, code, details, fence, link, markdown, prose
from promotion.common.text import count, list_some, truncate
from promotion.rendering.manifests.resource_changes import render_diff

LIMIT = 65_000  # bytes; GitHub takes 65,536 characters, and no character has less than one byte
_BEGIN, _END = "<!-- promotion-promote -->", "<!-- /promotion-promote -->"
_OPENED = "<!-- promotion-promote: opened -->"  # in place of `_BEGIN` where the pull request is ours
_CLOSED = "<!-- promotion-promote: closed -->"  # in our section while a run of ours has closed it
_SECTION = re.compile(r"<!-- promotion-promote(: opened)? -->.*?(<!-- /promotion-promote -->|\Z)", re.DOTALL)
_MARKER = re.compile(r"<!--(?= /?promotion-promote)")
_MOST_COMMITS = 100
_MOST_VERSIONS = 100
_MOST_AUTHORS = 10
_LONGEST = 120  # characters of a commit's title
_NOTE = "What differs by the environments' own config is in it, too.\n\n"


def is_ours(body: str) -> bool:
    """Return whether a run opened the pull request with this text."""
    return _OPENED in body


def is_closed_by_us(body: str) -> bool:
    """Return whether a run closed the pull request with this text, as nothing was left to promote."""
    return _CLOSED in body


def build_title(bundle: Bundle) -> str:
    """Return the title of a new pull request, with the version if it has one component."""
    title = _own_title(bundle.source, bundle.target)
    versions = {
        (describe_version(part.before), describe_version(part.after)) for part in bundle.manifests.versions
    }
    tags = {(image.before, image.after) for part in bundle.manifests.resources for image in part.images}
    found = tags if len(tags) == 1 else versions
    before, after = next(iter(found)) if len(found) == 1 else ("", "")
    if not before or not after or before == after:
        return title
    return f"{title}: {before} → {after}"[:200]


def update_title(title: str, bundle: Bundle) -> str:
    """Return the new title of an open pull request. A title that people wrote stays."""
    own = _own_title(bundle.source, bundle.target)
    return build_title(bundle) if title == own or title.startswith(f"{own}: ") else title


def _own_title(source: str, target: str) -> str:
    return f"Promote {source} to {target}"


def update_body(body: str, bundle: Bundle, *, opened: bool = False) -> str:
    """Return a pull request's text with our section updated. The text around it stays.

    Args:
        body: the text as it is.
        opened: whether we open it just now.
    """
    found = _SECTION.search(body)
    before, after = (body[: found.start()], body[found.end() :]) if found else (body, "")
    begin = _OPENED if opened or (found and found[1]) else _BEGIN
    gap = "\n\n" if before.strip() and not found else ""
    limit = LIMIT - len(f"{before}{gap}{begin}\n{_END}{after}".encode())
    return f"{before}{gap}{begin}\n{_build_section(bundle, limit)}{_END}{after}"


def close_body(body: str, reason: str) -> str:
    """Return the text of a closed pull request, with the reason in place of its content."""
    text = f"{_OPENED}\n{_CLOSED}\n{prose(reason)}\n{_END}"
    return _SECTION.sub(lambda _: text, body, count=1)


def _build_section(bundle: Bundle, limit: int) -> str:
    page = _Section(limit, notes=0)
    page.add(_lead(bundle))
    if bundle.manifests.missing:
        page.add(f"> ⚠️ {prose(bundle.manifests.missing)}\n\n")
    for doubt in bundle.manifests.doubts:
        page.add(f"> ⚠️ {prose(doubt)}\n\n")
    source, target = (markdown(name) for name in bundle.environments)
    if bundle.manifests.versions:
        head = f"### Versions\n\n| component | {target} | {source} | images |\n|---|---|---|---|\n"
        page.list_most(head, [_version_row(part) for part in bundle.manifests.versions], _MOST_VERSIONS)
    rows = [_commit_row(commit) for commit in reversed(bundle.commits.shown)]
    head = "### Commits\n\n| commit | | author |\n|---|---|---|\n"
    page.list_most(head, rows, _MOST_COMMITS, total=bundle.commits.count, keep=limit // 3)
    if not bundle.manifests.missing:
        title = f"### Manifests, from {target} to {source}\n\n"
        page.add(_difference(bundle, title, page.left))
    return page.text()


def _lead(bundle: Bundle) -> str:
    method = bundle.merge_method or "merge"
    how = (
        "Merge it with a merge commit: squashed or rebased, the branches would drift apart."
        if method == "merge"
        else f"Merge it by `{method}`, as the promotion rules ask."
    )
    pair = f"{code(bundle.source)} to {code(bundle.target)}"
    lead = f"Promotes {pair}: {count(bundle.commits.count, 'commit')}{_authors(bundle)}. {how}\n\n"
    return lead + (f"> ⏳ **Not yet:** {prose(bundle.waiting)}\n\n" if bundle.waiting else "")


def _authors(bundle: Bundle) -> str:
    names = [name for name, _ in Counter(commit.author for commit in bundle.commits.shown).most_common()]
    shown = list_some([markdown(name[:_LONGEST]) for name in names], _MOST_AUTHORS)
    return f" by {shown}" if shown else ""


def _version_row(part: VersionChange) -> str:
    before, after = (code(describe_version(side)) if side else "–" for side in (part.before, part.after))
    images = "<br>".join(code(image[:300]) for image in part.images)
    return f"| {code(part.label[:200])} | {before} | {after} | {images} |\n"


def _commit_row(commit: BundledCommit) -> str:
    short = code(short_sha(commit.sha))
    title = markdown(truncate(commit.title, _LONGEST))
    return f"| {link(short, commit.url)} | {title} | {markdown(commit.author[:_LONGEST])} |\n"


def _difference(bundle: Bundle, title: str, left: int) -> str:
    """Return the difference, cut at whole resources, so that every fence is closed."""
    if not bundle.manifests.files:
        return f"{title}They don't differ.\n\n"
    counts = Counter(change.action for change in bundle.manifests.resources)
    said = [f"{counts[action]} {action}" for action in ("added", "changed", "removed") if counts[action]]
    summary = f"Resources: {', '.join(said)}" if said else "Text alone"
    head = f"{title}{_NOTE}"
    room = left - len((head + details(summary, "")).encode()) - 200  # 200: the fence's marks
    diff = render_diff(bundle.manifests.files, room) if room > 0 else ""
    body = _unmark(fence(diff, "diff"))
    if not diff or len(body.encode()) > room + 200:
        return f"{title}It is too long to be shown here.\n\n"
    return head + details(summary, body)


def _unmark(text: str) -> str:
    """Return the text without our markers, so that a quotation neither ends our section nor starts one."""
    return _MARKER.sub("<!--\u200b", text)


class _Section(Page):
    """A page that holds none of our markers."""

    def add(self, text: str) -> bool:
        return super().add(_unmark(text))

    def list_most(self, head: str, rows: Sequence[str], most: int, *, total: int = 0, keep: int = 0) -> None:
        """Add the first rows that fit, and count the others. Leave `keep` bytes for what follows."""
        more = 100  # for the line that counts
        self.left -= keep + more
        shown = 0
        if rows and self.add(head):
            shown = sum(1 for _ in takewhile(self.add, rows[:most]))
        self.left += keep + more
        if shown:
            hidden = max(total, len(rows)) - shown
            self.add(f"\n… and {hidden} more.\n\n" if hidden else "\n")
