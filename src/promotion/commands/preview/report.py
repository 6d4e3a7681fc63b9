"""Show a preview as outputs, job summary, comment and text.

Names and manifests come from other repositories, so each is escaped for where it stands. Whatever doesn't fit
is left out by whole resources, and counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from promotion.commands.preview.hold_comparison import HoldComparison
from promotion.commands.preview.risks import Risk
from promotion.common.markdown import Page, code, details, fence, html, markdown, prose
from promotion.common.text import count, line, list_some
from promotion.errors import PromotionError
from promotion.publishing.report import CHANGE_SIGNS, CHANGES_HEAD, SUMMARY_LIMIT, change_row, link_commit
from promotion.rendering.manifests.resource_changes import ManifestDifference

COMMENT_LIMIT = 65_000  # bytes; GitHub takes 65,536 characters
_MOST_SOURCES = 8  # in a line
_LONGEST = 200  # characters of a name
_CAUSED = (
    "#### ⛔ Merging this would be held back\n\n"
    "These parts fail with it, and would stay as they were last published:\n\n"
)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The effect of merging. Addresses are without credentials.

    `repository` changes from `before` to `after`, which are commits. `files` counts the manifests that
    differ; `diff` is their whole difference. `is_used` says that the definition takes something of the
    branch, `sources` are all repositories that it takes something of, with their refs. `broken` is why the
    environment can't be made as it is, so that there is nothing to compare with. `holds` are the parts that
    fail, which aren't compared.
    """

    environment: str
    repository: str
    branch: str
    before: str
    after: str
    hld_repository: str
    hld_ref: str
    differences: tuple[ManifestDifference, ...] = ()
    risks: tuple[Risk, ...] = ()
    warnings: tuple[str, ...] = ()
    files: int = 0
    diff: str = field(default="", repr=False)
    is_used: bool = True
    sources: tuple[str, ...] = ()
    broken: PromotionError | None = None
    holds: HoldComparison = field(default_factory=HoldComparison)

    @property
    def changed(self) -> bool:
        """Whether any manifest differs."""
        return bool(self.files)

    @property
    def is_worth_telling(self) -> bool:
        """Whether there is anything to say on the pull request."""
        return self.changed or self.broken is not None or bool(self.holds.caused or self.holds.healed)

    def count(self, action: str) -> int:
        """Return how many resources would be added, changed or removed."""
        return sum(difference.change.action == action for difference in self.differences)

    def outputs(self) -> dict[str, str]:
        """Return the action's outputs except `comment` and `diff`."""
        return {
            "changed": "true" if self.changed else "false",
            "environment": self.environment,
            "added": str(self.count("added")),
            "changed-resources": str(self.count("changed")),
            "removed": str(self.count("removed")),
            "risks": str(len(self.risks)),
            "held": json.dumps([each.part for each in self.holds.caused]) if self.holds.caused else "",
        }

    def headline(self) -> str:
        """Return one sentence of plain text that says what would change."""
        if self.broken is not None:
            return f"{self.environment} can't be materialised as it is; with this change it can"
        if not self.is_used:
            return (
                f"{self.environment} takes nothing from the branch {self.branch} of {self.repository}, "
                "so merging changes nothing there"
            )
        if not self.changed:
            return f"merging changes no manifest of {self.environment}"
        if not self.differences:
            return f"merging changes comments, order or white space only in {self.environment}"
        counts = ", ".join(f"{self.count(action)} {action}" for action in CHANGE_SIGNS)
        return f"merging changes {count(len(self.differences), 'resource')} in {self.environment}: {counts}"


def write_comment(preview: Preview, marker: str, run_url: str) -> str:
    """Return the comment, at most `COMMENT_LIMIT` bytes long; empty if there is nothing to say."""
    if not preview.is_worth_telling:
        return ""
    return f"{marker}\n" + _write(preview, COMMENT_LIMIT - len(marker) - 1, run_url)


def summarize(preview: Preview, limit: int = SUMMARY_LIMIT) -> str:
    """Return the job summary, at most `limit` bytes long."""
    return _write(preview, limit, "")


def write_failure(error: PromotionError, marker: str, run_url: str) -> str:
    """Return the comment on a change that breaks the environment."""
    where = f" ({code(_short(str(error.where)))})" if error.where else ""
    component = f"component {code(_short(error.component))}: " if error.component else ""
    parts = [
        f"{marker}\n### ❌ Preview: with this change the environment can't be materialised\n\n",
        f"{component}{prose(_short(error.what, 2000))}{where}\n\n",
        f"{prose(_short(error.fix, 2000))}\n\n" if error.fix else "",
        f"[Run]({run_url})\n" if run_url else "",
    ]
    return "".join(parts)


def as_text(preview: Preview) -> str:
    """Return the preview as lines for a log or terminal, without the diff."""
    rows = [f"{preview.environment}: {preview.headline()}"]
    if not preview.is_used and preview.sources:
        shown = list_some([line(source) for source in preview.sources], _MOST_SOURCES)
        rows.append(f"  its definition takes from {shown}")
    rows += [f"  {text}" for text in _list_others(preview.holds)]
    rows += [f"  look twice: {risk}" for risk in preview.risks]
    rows += [
        f"  {difference.change.action:8} {difference.change.resource}" for difference in preview.differences
    ]
    return "\n".join(rows)


def _write(preview: Preview, limit: int, run_url: str) -> str:
    foot = _foot(preview, run_url)
    page = Page(limit - len(foot.encode()) - 300)  # 300: for the line that counts what is left out
    headline = preview.headline()
    page.add(f"### 🔍 Preview of {markdown(_short(preview.environment))}\n\n")
    page.add(f"{markdown(_short(f'{headline[:1].upper()}{headline[1:]}', 2000))}.\n\n")
    if preview.holds.caused:
        rows = [
            f"- {code(_short(each.part))}: {prose(_short(each.reason, 2000))}\n"
            for each in preview.holds.caused
        ]
        page.table(_CAUSED, rows, keep=limit // 2)
    if preview.broken is not None:
        page.add(f"> ⚠️ As it is: {prose(_short(str(preview.broken), 2000))}\n\n")
    for text in _list_others(preview.holds):
        page.add(f"> ⚠️ {prose(_short(text, 2000))}\n\n")
    if preview.risks:
        page.table("#### ⚠️ Look twice\n\n", [_risk_row(risk) for risk in preview.risks], keep=limit * 3 // 4)
    for warning in preview.warnings:
        page.add(f"> ⚠️ {prose(_short(warning, 1000))}\n\n")
    shown = _sort(preview)
    if shown:
        rows = [_row(difference) for difference in shown]
        page.table(CHANGES_HEAD, rows, keep=limit // 3)
    left = sum(not page.add(_block(difference)) for difference in shown if difference.diff)
    more = f"… and {count(left, 'difference')} more, too long to show here.\n\n" if left else ""
    return page.text() + more + foot


def _list_others(holds: HoldComparison) -> list[str]:
    """Return a sentence on each part that was held back before, too."""
    others = (
        f"{each.part} is held back in any case, also without this: {each.reason}" for each in holds.others
    )
    return [*others, *(f"{name} is held back as it is; with this change it isn't" for name in holds.healed)]


def _foot(preview: Preview, run_url: str) -> str:
    repository = _short(preview.repository)
    before, after = (link_commit(repository, commit) for commit in (preview.before, preview.after))
    place = f"{code(_short(preview.hld_repository))} at {code(_short(preview.hld_ref))}"
    whole = f" · [the run with the whole difference]({run_url})" if run_url else ""
    return f"{before} → {after} · {place}{whole}\n"


def _sort(preview: Preview) -> Sequence[ManifestDifference]:
    """Return those with new images first, then the risky ones."""
    risky = {risk.resource for risk in preview.risks}
    return sorted(
        preview.differences, key=lambda each: (not each.change.images, each.change.resource not in risky)
    )


def _risk_row(risk: Risk) -> str:
    owner = f" in {code(_short(risk.component))}" if risk.component else ""
    return f"- {code(_short(str(risk.resource)))}{owner} {risk.what}\n"


def _row(difference: ManifestDifference) -> str:
    change = difference.change
    images = [_short(str(image)) for image in change.images[:20]]
    return change_row(change.action, _short(str(change.resource)), _short(change.component), images)


def _block(difference: ManifestDifference) -> str:
    change = difference.change
    images = ", ".join(_mono(str(image)) for image in change.images[:3])
    title = f"{CHANGE_SIGNS[change.action]} {_mono(str(change.resource))}" + (f": {images}" if images else "")
    return details(title, fence(difference.diff, "diff"))


def _mono(text: str) -> str:
    return f"<code>{html(_short(text))}</code>"


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
