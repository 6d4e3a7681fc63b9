"""Report a run as a job summary in Markdown, as JSON and as outputs.

Names come from other repositories, so each is escaped for where it stands. GitHub refuses a summary over
1 MiB; it is cut at a whole row, with a count of what is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

from promotion.common.git_ids import abbreviate, commit_url, is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.markdown import Page, code, details, fence, is_linkable, link, markdown, prose
from promotion.common.phrases import Spell, spell_for_workflow
from promotion.errors import PromotionError
from promotion.publishing.commit_message import list_names
from promotion.publishing.component_graph import draw_components
from promotion.publishing.reported_holds import HELD_HEAD, ReportedHold, list_rows
from promotion.rendering.model import Provenance

SUMMARY_LIMIT = 1_000_000  # bytes; below GitHub's 1 MiB, with room for what other steps' tools add
CHANGE_SIGNS = {"added": "➕", "changed": "✏️", "removed": "➖"}
CHANGES_HEAD = "| | resource | component | images |\n|---|---|---|---|\n"


@dataclass(frozen=True, kw_only=True)
class ReportedComponent:
    """A row of the table of components.

    `action` is `added`, `changed`, `removed`, `pinned` or empty.
    """

    label: str
    kind: str
    provenance: Provenance
    resources: int
    action: str


@dataclass(frozen=True, kw_only=True)
class ReportedChange:
    """One resource that was `added`, `changed` or `removed`."""

    action: str
    kind: str
    namespace: str
    name: str
    component: str
    images: tuple[str, ...] = ()

    @property
    def resource(self) -> str:
        """`Deployment cats/cat-application`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class ReportedPull:
    """The pull request that delivers the manifests.

    `state` is what became of it: `opened`, `updated`, `unchanged`, `closed`, or `declined` if somebody closed
    it and there is nothing new to propose.
    """

    number: int
    url: str
    state: str

    @property
    def is_open(self) -> bool:
        """Whether it can be merged."""
        return self.state in ("opened", "updated", "unchanged")


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that a run reports. Addresses are without credentials."""

    environment: str
    changed: bool
    dry_run: bool
    hld_repository: str
    hld_ref: str
    hld_commit: str
    manifest_repository: str
    branch: str
    commit: str
    components: tuple[ReportedComponent, ...]
    changes: tuple[ReportedChange, ...]
    warnings: tuple[str, ...] = ()
    diff: str = ""
    notes: tuple[str, ...] = ()
    title: str = "Promotion"
    pull_request: ReportedPull | None = None
    lifted: tuple[str, ...] = ()
    held: tuple[ReportedHold, ...] = ()

    @property
    def is_withdrawn(self) -> bool:
        """Whether the pull request was closed."""
        return self.pull_request is not None and self.pull_request.state == "closed"

    def count(self, action: str) -> int:
        """Return how many resources were added, changed or removed."""
        return sum(change.action == action for change in self.changes)

    def outputs(self) -> dict[str, str]:
        """Return the action's outputs except `result`, which is a path."""
        pull = self.pull_request
        return {
            "changed": "true" if self.changed else "false",
            "environment": self.environment,
            "commit": self.commit,
            "branch": self.branch,
            "pull-request": str(pull.number) if pull and pull.is_open else "",
            "components": str(sum(part.action != "removed" for part in self.components)),
            "added": str(self.count("added")),
            "changed-resources": str(self.count("changed")),
            "removed": str(self.count("removed")),
            "held": json.dumps([each.part for each in self.held]) if self.held else "",
        }

    def headline(self) -> str:
        """Return one line of plain text on the outcome."""
        names = [each.part for each in self.held]
        return self._tell_outcome() + (f"; held back: {list_names(names)}" if names else "")

    def _tell_outcome(self) -> str:
        counts = self._tell_changes()
        place = f"{self.manifest_repository} branch {self.branch}"
        if self.pull_request:
            return f"{self.environment}: {_tell_pull(self.pull_request, counts)}, for {place}"
        if not self.changed:
            return f"{self.environment}: nothing changed in {place}"
        if self.dry_run:
            return f"{self.environment}: {place} would change ({counts}); nothing was pushed"
        return f"{self.environment}: {place} is at {abbreviate(self.commit)} ({counts})"

    def _tell_changes(self) -> str:
        if self.lifted:
            what, them = ("pin", "it") if len(self.lifted) == 1 else ("pins", "them")
            return (
                f"lifted the {what} of {list_names(self.lifted)}: the next `materialize` of "
                f"{self.environment} brings {them} up to date"
            )
        return (
            f"{self.count('added')} added, {self.count('changed')} changed, {self.count('removed')} removed"
        )


def _tell_pull(pull: ReportedPull, counts: str) -> str:
    end = {
        "opened": f"is opened ({counts})",
        "updated": f"is updated ({counts})",
        "unchanged": f"holds these manifests already ({counts})",
        "closed": "is closed, since there is nothing to deliver any more",
        "declined": "with these manifests was closed, and isn't opened again",
    }[pull.state]
    return f"pull request #{pull.number} {end}"


def to_json(report: Report, show: Callable[[str], str] = str) -> str:
    """Return the report for other programs.

    Args:
        show: hides secrets in sentences and in the difference. Names and numbers stay what they are, whatever
            words a secret is made of, and so does the JSON.
    """
    content = asdict(replace(report, held=()))
    for part in content["components"]:
        origin = part.pop("provenance")
        part |= {name: origin[name] for name in ("source", "ref", "revision")}
    content |= {name: [show(text) for text in content[name]] for name in ("warnings", "notes")}
    content["held"] = [
        asdict(replace(each, error=None)) | {"reason": show(each.reason)} for each in report.held
    ]
    for each in content["held"]:
        del each["error"]
    content["diff"] = show(report.diff)
    content["counts"] = {action: report.count(action) for action in ("added", "changed", "removed")}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def summarize(report: Report, limit: int = SUMMARY_LIMIT) -> str:
    """Return the job summary, at most `limit` bytes long."""
    page = Page(limit)
    heading = f"## {_sign(report)} {report.title}: {markdown(report.environment)}"
    page.add(f"{heading}\n\n{markdown(report.headline())}\n\n")
    page.add(_facts(report))
    if report.held:
        page.table(HELD_HEAD, list_rows(report.held, (report.hld_repository, report.hld_commit), link_commit))
    for warning in report.warnings:
        page.add(f"> ⚠️ {prose(warning)}\n\n")
    for note in report.notes:
        page.add(f"> 📌 {prose(note)}\n\n")
    if report.changes:
        page.table(
            f"### Resources\n\n{CHANGES_HEAD}",
            list_changes(report),
            keep=limit // 2,  # so that the components, the tree and a difference stay
        )
    page.table(
        "### Components\n\n| component | source | revision | resources | |\n|---|---|---|---:|---|\n",
        [_component_row(part) for part in report.components],
    )
    there = {
        part.label: part.action not in ("", "pinned")
        for part in report.components
        if part.action != "removed"
    }
    page.add(draw_components(report.environment, there))
    if report.dry_run and report.diff:
        page.add(details("Difference", fence(report.diff, "diff")))
    return page.text()


def list_changes(report: Report) -> list[str]:
    """Return the rows below `CHANGES_HEAD`."""
    return [change_row(each.action, each.resource, each.component, each.images) for each in report.changes]


def summarize_failure(error: PromotionError, command: str, spell: Spell = spell_for_workflow) -> str:
    """Return the job summary of a failed command, with the same text as the annotation."""
    rows = [f"## ❌ {markdown(command)} failed\n\n{prose(spell(error.what))}\n\n"]
    if error.component:
        rows.append(f"- component: {code(error.component)}\n")
    if error.where:
        rows.append(f"- place: {code(str(error.where))}\n")
    if error.fix:
        rows.append(f"- what to do: {prose(spell(error.fix))}\n")
    if command == "materialize":
        rows.append("\nThe manifest branch is as it was before.\n")
    return "".join(rows)


def _sign(report: Report) -> str:
    if report.held:
        return "⚠️"
    if not report.changed:
        return "✅"
    return "🔍" if report.dry_run else "🚀"


def _facts(report: Report) -> str:
    hld = f"{link_commit(report.hld_repository, report.hld_commit)} at {code(report.hld_ref)}"
    commit = link_commit(report.manifest_repository, report.commit) if report.commit else "no commit"
    facts = f"- HLD: {hld}\n- manifests: branch {code(report.branch)}, {commit}\n"
    if pull := report.pull_request:
        facts += f"- pull request: {link_or_code(f'#{pull.number}', pull.url)}, {pull.state}\n"
    return f"{facts}\n"


def link_or_code(text: str, address: str) -> str:
    """Return a Markdown link to a plain web address; for any other address the text as code."""
    return link(markdown(text), address) if is_linkable(address) else code(text)


def link_commit(repository: str, commit: str) -> str:
    """Return a commit as Markdown, with a link if the repository has a web page."""
    page = repository.rstrip("/")
    shown = "/".join(page.removesuffix(".git").split("/")[-2:])
    if not commit:
        return code(shown)
    return link_or_code(f"{shown}@{abbreviate(commit)}", commit_url(page, commit))


def change_row(action: str, resource: str, component: str, images: Iterable[str]) -> str:
    """Return a row of the table of resources."""
    shown = "<br>".join(map(code, images))
    return f"| {CHANGE_SIGNS[action]} {action} | {code(resource)} | {code(component)} | {shown} |\n"


def _component_row(part: ReportedComponent) -> str:
    origin = part.provenance
    source = code(origin.source) if origin.source else "the HLD"
    ref = f" at {code(origin.ref)}" if origin.ref else ""
    is_linked = origin.source and is_commit(origin.revision)
    revision = link_commit(origin.source, origin.revision) if is_linked else code(origin.revision[:60])
    return f"| {code(part.label)} | {source}{ref} | {revision} | {part.resources} | {part.action} |\n"
