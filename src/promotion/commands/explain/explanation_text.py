"""An answer for people to read. All its parts come from others, so each is one harmless line."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.commands.explain.explanation import Explanation, ValuePlace, find_text, list_values
from promotion.commands.explain.origin_places import Place, find_file, find_template
from promotion.common.ages import age, moment
from promotion.common.commit_history import PastCommit
from promotion.common.text import line, list_first
from promotion.publishing.reported_holds import describe_hold
from promotion.rendering.lock.commit_trailers import read_trailers
from promotion.rendering.lock.lock import DISTRUST, LOCK_NAME, REPAIR

_MOST_VALUES = 8  # of one file, where nobody asked for values
_MOST_LINES = 20


def as_text(answer: Explanation, *, now: int, wanted: str = "") -> str:
    """Return the answer for people.

    Args:
        now: seconds since 1970.
        wanted: the value that was asked for; empty if none was.
    """
    rows = [*_describe_component(answer)]
    for place in answer.places:
        rows += ["", *_describe_place(answer, place)]
    rows += ["", *(_describe_wanted(answer, wanted) if wanted else _describe_values(answer))]
    rows += ["", *_describe_changes(answer, now)]
    return "\n".join(rows)


def _describe_component(answer: Explanation) -> Iterator[str]:
    part = answer.found.component
    yield f"Component {line(part.label)} in {line(answer.environment)}"
    yield _row("kind", part.kind)
    yield _row("from", _from(answer))
    if part.provenance.path:
        yield _row("folder", part.provenance.path)
    if part.provenance.source:
        yield _row("named by", f"{_at(answer.hld.repository, answer.hld.commit)} ({answer.hld.ref})")
    yield _row("manifest", f"{answer.file} of {answer.repository}@{answer.commit} ({answer.branch})")
    if answer.pin:
        yield _row("pinned", f"by a rollback to {answer.pin.to}")
    if answer.held:
        yield _row("held back", describe_hold(*answer.held))
    if not answer.is_trusted:
        yield _row("beware", f"{LOCK_NAME} of this branch {DISTRUST}. {REPAIR}")


def _from(answer: Explanation) -> str:
    origin = answer.provenance
    ref = f" ({origin.ref})" if origin.ref else ""
    version, _, digest = origin.revision.partition(" ")
    return f"{_at(origin.source, version)}{ref}{f', {digest}' if digest else ''}"


def _at(repository: str, version: str) -> str:
    """Return an address with a commit or version. A rollback may not know the commit."""
    return f"{repository}@{version}" if version else f"{repository}, an earlier commit"


def _describe_place(answer: Explanation, place: Place) -> Iterator[str]:
    part = answer.found.component
    yield line(str(place.resource))
    yield _row("line", f"{answer.file}:{place.line}")
    if place.template:
        path = find_template(part, place.template)
        yield _row("template", f"{place.template}{f', which is {path} of its repository' if path else ''}")
    elif found := find_file(part, place.line):
        origin, number = found
        yield _row(
            "written in",
            _place(origin.file, number, origin.repository or answer.hld.repository, origin.commit),
        )
    for image in place.images:
        yield _row("image", image)


def _describe_values(answer: Explanation) -> Iterator[str]:
    values = list_values(answer)
    if not values:
        yield from _no_values(answer)
        return
    yield "Config files that give its values"
    files: dict[tuple[str, str, str], list[ValuePlace]] = {}
    for value in values:
        files.setdefault((value.repository, value.file, value.commit), []).append(value)
    for (repository, file, commit), parts in files.items():
        yield f"  {line(_place(file, 0, repository, commit))}"
        shown = [f"{part.path}{f' (line {part.line})' if part.line else ''}" for part in parts]
        more = "    and {} more: ask for one with --value"
        yield from list_first(shown, _MOST_VALUES, lambda each: f"    {line(each)}", more)


def _no_values(answer: Explanation) -> Iterator[str]:
    if answer.found.component.kind == "static":
        yield "Its manifests are static: no config file gives them values."
    else:
        yield "No config file gives it a value; those of its chart's values.yaml hold."


def _describe_wanted(answer: Explanation, wanted: str) -> Iterator[str]:
    if values := list_values(answer, wanted):
        yield f"Values like {line(wanted)}"
        rows = [f"  {line(part.path)}: {line(_written(part))}" for part in values]
        yield from list_first(rows, _MOST_LINES, str, "  and {} more")
        return
    found = find_text(answer, wanted)
    if not found:
        yield f"No config file gives a value like {line(wanted)}, and no line of the manifest has this text."
        yield from _no_values(answer) if not list_values(answer) else ()
        return
    yield f"No config file gives a value of the name {line(wanted)}. Lines of the manifest with this text"
    for part in found[:_MOST_LINES]:
        yield f"  {line(f'{answer.file}:{part.line}')}: {line(part.text)}"
        if part.place.template:
            yield f"    printed by {line(part.place.template)}"
        elif origin := find_file(answer.found.component, part.line):
            repository = origin[0].repository or answer.hld.repository
            yield f"    {line(_place(origin[0].file, origin[1], repository, origin[0].commit))}"
        yield from (f"    perhaps {line(value.path)}: {line(_written(value))}" for value in part.values)


def _written(value: ValuePlace) -> str:
    return _place(value.file, value.line, value.repository, value.commit)


def _place(file: str, number: int, repository: str, commit: str) -> str:
    if "://" in file:
        return file
    return f"{file}{f':{number}' if number else ''} of {repository}{f'@{commit}' if commit else ''}"


def _describe_changes(answer: Explanation, now: int) -> Iterator[str]:
    commits = answer.changes.commits
    what = "these resources" if answer.found.resources else "this component"
    if not commits:
        yield f"Among the commits that were looked at none changed {what}."
        return
    yield f"Commits that changed {what}, the last one first"
    for commit in commits:
        yield from _describe_change(answer, commit, now)
    if not answer.changes.is_complete:
        yield "  and older ones: see more with --history"


def _describe_change(answer: Explanation, commit: PastCommit, now: int) -> Iterator[str]:
    trailers = read_trailers(commit.message)
    trigger = trailers.trigger
    who = trigger.actor or commit.author.partition(" <")[0]
    yield f"  {moment(commit.time)} ({age(now - commit.time)} ago) by {line(who)}: {line(commit.subject)}"
    yield f"    commit {commit.id}"
    if source := trailers.sources.get(line(answer.found.component.label)):
        yield f"    source {line(source)}"
    if trigger.repository:
        yield f"    event of {line(trigger.repository)}{f'@{trigger.commit}' if trigger.commit else ''}"
    if trigger.url:
        yield f"    run {line(trigger.url)}"


def _row(name: str, text: str) -> str:
    return f"  {name:<11}{line(text)}"
