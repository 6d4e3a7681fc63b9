"""The message of a commit in the manifest repository: the changes and their origin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from promotion.common.addresses import without_credentials
from promotion.common.event import Event, PushOrigin
from promotion.common.git_ids import abbreviate, is_commit
from promotion.common.markdown import unlinked
from promotion.common.phrases import say
from promotion.common.text import count, line, list_first, list_some, truncate
from promotion.errors import UsageError
from promotion.rendering.lock.lock import LOCK_NAME, LockedComponent, LockedHld
from promotion.rendering.manifests.file_owners import ComponentChange
from promotion.rendering.manifests.resource_changes import Action

DEFAULT_AUTHOR = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
DEFAULT_TEMPLATE = "{summary}"
PLACEHOLDERS = {
    "summary": "`dev: cat-application 1.1.0 → 1.2.0`, or how many components changed",
    "environment": "the environment",
    "components": "the names of the components that changed",
    "changes": "a list of what changed in each component, several lines long",
    "hld-repository": "the HLD's repository",
    "hld-ref": "the branch, tag or commit that was asked for",
    "hld-commit": "the HLD's commit",
    "repository": "the repository whose change started the run",
    "commit": "the commit of that change",
    "actor": "who made it",
    "run-url": "the address of the run",
}
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{")
_TRAILER = re.compile(r"[A-Za-z0-9-]+: .*")
_LONGEST = 200  # characters of one name in a message
_LISTED = 50  # components in the list of changes
_NAMED = 10  # components in one line


def build_message(
    template: str,
    *,
    environment: str,
    changes: Sequence[ComponentChange],
    hld: LockedHld,
    event: Event,
    released: Sequence[str] = (),
    held: Sequence[str] = (),
    healed: Sequence[str] = (),
    is_repair: bool = False,
) -> str:
    """Return the whole message: the template's text, the list of changes, and the trailers.

    Names come from other repositories: each is one harmless line, so none can pose as a trailer or
    tell GitHub to skip workflows. `released` are the components whose pins end with this commit; `held` are
    the parts that are newly held back, `healed` those that no longer are. `is_repair`:
    without changes, it is about the lock alone.

    Raises:
        UsageError: the template has an unknown placeholder or an open brace.
    """
    listed, origin = _describe_all(changes, released, held, healed), event.origin
    values = {
        "summary": _summarize(environment, changes, released, held, healed, is_repair=is_repair),
        "environment": _safe(environment),
        "components": list_names([change.label for change in changes]),
        "changes": listed,
        "hld-repository": _address(hld.repository),
        "hld-ref": _safe(hld.ref),
        "hld-commit": _safe(hld.commit),
        "repository": _safe(origin.repository),
        "commit": _safe(origin.commit),
        "actor": _safe(origin.actor),
        "run-url": _safe(event.run_url),
    }
    template = template.strip().replace("\r\n", "\n") or DEFAULT_TEMPLATE
    text = _fill(template, values).strip() or values["summary"]
    if "\n" not in template and listed:
        text = f"{text}\n\n{listed}"
    trailers = "\n".join(
        [*_trailers(changes, hld, event), *(f"Unpinned: {_safe(label)}" for label in released)]
    )
    # git takes only the last paragraph for trailers, so a template's own ones stand together with ours.
    joint = "\n" if ends_in_trailers(template) else "\n\n"
    return f"{text}{joint}{trailers}\n" if trailers else f"{text}\n"


def check_template(template: str) -> None:
    """Check a template before any work is done.

    Raises:
        UsageError: the template has an unknown placeholder or an open brace.
    """
    _fill(template, dict.fromkeys(PLACEHOLDERS, ""))


def parse_author(text: str) -> tuple[str, str]:
    """Parse `Name <address>` to both parts; an empty text is GitHub's bot.

    Raises:
        UsageError: it has another form.
    """
    match = re.fullmatch(
        r"([^<>\x00-\x1f\x7f]*[^<>\s\x00-\x1f\x7f])\s*<([^<>\s\x00-\x1f\x7f]+)>", text.strip()
    )
    if not text.strip():
        return parse_author(DEFAULT_AUTHOR)
    if not match:
        raise UsageError(say("{commit-author} is {}", repr(text)), fix="Write `Name <address>`.")
    return match[1], match[2]


def _summarize(
    environment: str,
    changes: Sequence[ComponentChange],
    released: Sequence[str],
    held: Sequence[str],
    healed: Sequence[str],
    *,
    is_repair: bool,
) -> str:
    if not changes and not released and held:
        return f"{_safe(environment)}: {list_names(held)} held back"
    if not changes and not released and healed:
        return f"{_safe(environment)}: {list_names(healed)} no longer held back"
    return summarize(environment, changes, released, is_repair=is_repair)


def summarize(
    environment: str,
    changes: Sequence[ComponentChange],
    released: Sequence[str] = (),
    *,
    is_repair: bool = False,
) -> str:
    """Return the change in one line, with the version if one component changes."""
    if not changes and released:
        return f"{_safe(environment)}: {list_names(released)} no longer pinned"
    if not changes and is_repair:
        return f"{_safe(environment)}: write {LOCK_NAME} anew"
    if not changes:
        return f"{_safe(environment)}: take over existing manifests"
    if len(changes) > 1:
        counts = {action: sum(change.action == action for change in changes) for action in _ORDER}
        (first, number), *others = [(action, found) for action, found in counts.items() if found]
        more = "".join(f", {found} {action}" for action, found in others)
        return f"{_safe(environment)}: {count(number, 'component')} {first}{more}"
    change = changes[0]
    versions = _versions(change)
    what = f"{_safe(versions[0])} → {_safe(versions[1])}" if versions else change.action
    return f"{_safe(environment)}: {_safe(change.label)} {what}"


_ORDER: tuple[Action, ...] = ("changed", "added", "removed")


def _versions(change: ComponentChange) -> tuple[str, str] | None:
    """Return old and new version: the only image tag that changed, else the chart's version, else the ref."""
    if not change.before or not change.after:
        return None
    tags = {(image.before, image.after) for part in change.resources for image in part.images}
    if len(tags) == 1:
        return tags.pop()
    for before, after in (
        (_chart_version(change.before), _chart_version(change.after)),
        (_short(change.before.provenance.ref), _short(change.after.provenance.ref)),
    ):
        if before and after and before != after:
            return before, after
    return None


def _chart_version(part: LockedComponent) -> str:
    version = part.provenance.revision.partition(" ")[0]
    return "" if is_commit(version) or version.startswith("sha256:") else version


def _short(ref: str) -> str:
    return abbreviate(ref) if is_commit(ref) else ref


def _describe_all(
    changes: Sequence[ComponentChange],
    released: Sequence[str],
    held: Sequence[str],
    healed: Sequence[str],
) -> str:
    rows = list_first(changes, _LISTED, _describe, "- and {} more")
    if released:
        rows.append(f"- no longer pinned by a rollback, for their sources moved: {list_names(released)}")
    if held:
        rows.append(f"- held back as last published, for they fail: {list_names(held)}")
    if healed:
        rows.append(f"- no longer held back: {list_names(healed)}")
    return "\n".join(rows)


def _describe(change: ComponentChange) -> str:
    counts = {action: sum(part.action == action for part in change.resources) for action in _ORDER}
    details = [f"{count(found, 'resource')} {action}" for action, found in counts.items() if found]
    images = dict.fromkeys(_safe(str(image)) for part in change.resources for image in part.images)
    shown = "; ".join([", ".join(details), *images] if details else images)
    return f"- {_safe(change.label)} {change.action}" + (f": {shown}" if shown else "")


def _trailers(changes: Sequence[ComponentChange], hld: LockedHld, event: Event) -> list[str]:
    rows = [f"HLD-Commit: {_address(hld.repository)}@{_safe(hld.commit)}"] if hld.commit else []
    for change in changes:
        part = change.after
        if not part:
            continue
        label, origin = _safe(part.label), part.provenance
        if not origin.source and hld.commit:
            rows.append(f"Source-Commit: {label} {_address(hld.repository)}@{_safe(hld.commit)}")
        elif is_commit(origin.revision):
            rows.append(f"Source-Commit: {label} {_address(origin.source)}@{origin.revision}")
        elif origin.source and origin.revision:
            rows.append(f"Source-Version: {label} {_address(origin.source)} {_safe(origin.revision)}")
    rows += _trailer("Triggered-By", event.origin)
    if event.dispatched:
        own = PushOrigin(repository=event.repository, actor=event.actor, run_url=event.run_url)
        rows += _trailer("Handled-By", own)
    return rows


def _trailer(name: str, origin: PushOrigin) -> list[str]:
    place = (
        f"{_safe(origin.repository)}@{_safe(origin.commit)}" if origin.commit else _safe(origin.repository)
    )
    actor = f"by {_safe(origin.actor)}" if origin.actor else ""
    text = " ".join(part for part in (place, actor, _safe(origin.run_url)) if part)
    return [f"{name}: {text}"] if text else []


def ends_in_trailers(template: str) -> bool:
    """Return whether the last paragraph, unless it is the first, consists of trailers."""
    _, separator, last = template.rpartition("\n\n")
    return bool(separator) and all(_TRAILER.fullmatch(row) for row in last.split("\n"))


def _fill(template: str, values: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        token, name = match[0], match[1]
        if token in ("{{", "}}"):
            return token[0]
        if name is None:
            raise UsageError(say("{commit-message} has an open brace"), fix="Write `{{` for a brace.")
        if name.strip() not in values:
            known = ", ".join(f"{{{known}}}" for known in values)
            raise UsageError(
                say("{commit-message} has the unknown placeholder {{}}", line(name)),
                fix=f"Known are {known}; write `{{{{` for a brace.",
            )
        return values[name.strip()]

    return _TOKEN.sub(replace, template)


def list_names(labels: Sequence[str]) -> str:
    """Return names from elsewhere in one harmless line."""
    return list_some([_safe(label) for label in labels], _NAMED)


def _address(text: str) -> str:
    return _safe(without_credentials(text))


def _safe(text: str) -> str:
    """Return a name from elsewhere as one line.

    Drop brackets, as `[skip ci]` would stop the manifests' workflows.
    """
    plain = line(text.encode("utf-8", "replace").decode()).translate({ord("["): "(", ord("]"): ")"})
    return unlinked(truncate(plain, _LONGEST))
