"""The lock as text: stable JSON, read with distrust, for who writes to the branch may have edited it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from promotion.common.addresses import without_credentials
from promotion.common.paths import claim_flaw, join, normalise_folder
from promotion.errors import Location, PublishError
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.lock.lock import (
    LOCK_NAME,
    HeldPart,
    Lock,
    LockedComponent,
    LockedHld,
    LockedSubtree,
    Pin,
)
from promotion.rendering.lock.lock_damage import damaged, explain_damage
from promotion.rendering.lock.lock_section import Section, unique
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.model import Provenance
from promotion.rendering.sources.source_kinds import dump_source, load_source

FORMAT = 3


class NewerLockError(PublishError):
    """The lock file was written by a newer version of this program."""


def dumps(lock: Lock) -> bytes:
    """Return the lock as stable JSON text: sorted, indented, ASCII, one line feed at the end."""
    hld = lock.hld
    content = {
        "format": FORMAT,
        "environment": lock.environment,
        "hld": {
            "repository": without_credentials(hld.repository),
            "path": hld.path,
            "ref": hld.ref,
            "commit": hld.commit,
        },
        "configs": list(lock.configs),
        "versions": {"promotion": lock.engine, "helm": lock.helm},
        **({"ownership": lock.ownership} if lock.ownership else {}),
        "request": lock.request,
        "components": {path: _dump_component(part) for path, part in lock.components.items()},
        "units": {digest: _dump_subtree(subtree) for digest, subtree in lock.subtrees.items()},
        "pins": {path: _dump_pin(pin) for path, pin in lock.pins.items()},
    }
    if lock.held:
        content["held"] = {name: _dump_held(part) for name, part in lock.held.items()}
    # What is written on the ground of an edited lock is no better than that one.
    content["checksum"] = _checksum(content) if lock.is_trusted else ""
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("ascii")


def _checksum(content: dict[str, Any]) -> str:
    """Return the checksum of all but itself, which shows that somebody edited the lock, or git merged it."""
    return digest_fields({"lock": {key: value for key, value in content.items() if key != "checksum"}})


def _dump_component(part: LockedComponent) -> dict[str, Any]:
    return {
        "label": part.label,
        "kind": part.kind,
        "source": without_credentials(part.provenance.source),
        "ref": part.provenance.ref,
        "revision": part.provenance.revision,
        "path": part.provenance.path,
        "inputs": part.input_digest,
        "files": dict(part.files),
        "resources": list(part.resources),
        "unit": part.subtree,
        "origins": [_dump_origin(origin) for origin in part.origins],
        "basis": part.source_digest,
        "part": part.part,
    }


def _dump_pin(pin: Pin) -> dict[str, Any]:
    held_back = _dump_component(pin.held_back) if pin.held_back else None
    return {"label": pin.label, "to": pin.to, "base": pin.base, "held-back": held_back}


def _dump_held(part: HeldPart) -> dict[str, Any]:
    fields = asdict(part)
    return fields if part.inputs else {key: value for key, value in fields.items() if key != "inputs"}


def _dump_origin(origin: FileOrigin) -> dict[str, Any]:
    fields = {
        "repository": without_credentials(origin.repository),
        "commit": origin.commit,
        "file": without_credentials(origin.file),
        "values": dict(origin.values),
        "begins": origin.begins,
    }
    return {key: value for key, value in fields.items() if value}


def _dump_subtree(subtree: LockedSubtree) -> dict[str, Any]:
    questions = [{**dump_source(source), "answer": answer} for source, answer in subtree.answers.items()]
    return {
        "sources": sorted(questions, key=lambda question: sorted(question.items())),
        "units": sorted(subtree.subtrees),
    }


def locate_lock(folder: str, repository: str = "") -> Location:
    """Return where the lock is in a manifest repository.

    Args:
        folder: the `manifest-path`, as the user wrote it or normalised.
        repository: its address without credentials, for messages.
    """
    return Location(join(normalise_folder(folder), LOCK_NAME), repository=repository)


def read_lock(read: Callable[[str], bytes | None], where: Location) -> Lock | None:
    """Return the lock of a branch; None if there is none. What that means is the caller's to say.

    Args:
        read: gives a file of the branch by its path, None if there is no such file.
        where: as of `locate_lock`.

    Raises:
        PublishError: as `parse_lock`.
    """
    data = read(where.file)
    return None if data is None else parse_lock(data, where)


def parse_lock(data: bytes, where: Location) -> Lock:
    """Read a lock file; keys that it doesn't know are ignored. One of an older format, and one whose checksum
    is wrong, lets nothing be kept; the older ones have no pins.

    Raises:
        NewerLockError: a newer version of this program wrote it.
        PublishError: it is damaged, or claims files that we can't have written.
    """
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise explain_damage(data, error, where) from None
    top = Section(content, "", where)
    written = top.content.get("format")
    if type(written) is not int or written < 1:
        raise damaged("it names no format", where)
    if written > FORMAT:
        raise NewerLockError(
            f"the lock file has format {written}, and this version knows formats up to {FORMAT}",
            where=where,
            fix="A newer version wrote it: use that version of the action here too.",
        )
    hld, versions = top.section("hld"), top.section("versions")
    lock = Lock(
        environment=top.text("environment"),
        hld=LockedHld(
            repository=hld.text("repository"),
            path=hld.text("path"),
            ref=hld.text("ref"),
            commit=hld.text("commit"),
        ),
        configs=top.texts("configs"),
        engine=versions.text("promotion"),
        helm=versions.text("helm"),
        request=top.text("request"),
        ownership=top.text("ownership"),
        components={
            path: _component(part) for path, part in sorted(top.section("components").sections().items())
        },
        subtrees={digest: _subtree(part) for digest, part in sorted(top.section("units").sections().items())},
        held={name: _held(part) for name, part in sorted(top.section("held").sections().items())},
        pins={path: _pin(part) for path, part in sorted(top.section("pins").sections().items())},
    )
    _check_claims(lock, where)
    is_whole = written == FORMAT and top.text("checksum") == _checksum(content)
    return lock if is_whole else replace(_forget_inputs(lock), is_trusted=written < FORMAT)


def _forget_inputs(lock: Lock) -> Lock:
    """Return what an edited or older lock is good for: it says what is ours and what is pinned, but not what
    that was made from.
    """
    components = {path: _without_inputs(part) for path, part in lock.components.items()}
    pins = {
        path: replace(pin, held_back=pin.held_back and _without_inputs(pin.held_back))
        for path, pin in lock.pins.items()
    }
    return replace(lock, request="", components=components, subtrees={}, pins=pins, held={})


def _without_inputs(part: LockedComponent) -> LockedComponent:
    return replace(part, input_digest="", subtree="")


def _component(part: Section) -> LockedComponent:
    files = part.section("files")
    return LockedComponent(
        label=part.text("label"),
        kind=part.text("kind"),
        provenance=Provenance(*map(part.text, ("source", "ref", "revision", "path"))),
        input_digest=part.text("inputs"),
        files={path: files.text(path) for path in sorted(files.content)},
        resources=part.texts("resources"),
        subtree=part.text("unit"),
        origins=tuple(map(_origin, part.items("origins"))),
        source_digest=part.text("basis"),
        part=part.text("part"),
    )


def _origin(part: Section) -> FileOrigin:
    return FileOrigin(
        repository=part.text("repository"),
        commit=part.text("commit"),
        file=part.text("file"),
        values=part.section("values").numbers(),
        begins=part.number("begins"),
    )


def _pin(part: Section) -> Pin:
    is_absent = part.content.get("held-back") is None
    return Pin(
        label=part.text("label"),
        to=part.text("to"),
        base=part.text("base"),
        held_back=None if is_absent else _component(part.section("held-back")),
    )


def _held(part: Section) -> HeldPart:
    return HeldPart(
        reason=part.text("reason"),
        source=part.text("source"),
        revision=part.text("revision"),
        since=part.text("since"),
        inputs=part.text("inputs"),
    )


def _subtree(part: Section) -> LockedSubtree:
    return LockedSubtree(
        answers={load_source(question.text): question.text("answer") for question in part.items("sources")},
        subtrees=part.texts("units"),
    )


def _check_claims(lock: Lock, where: Location) -> None:
    """Refuse a path that we never write, so that whoever edits the lock can't make us delete it."""
    owners: dict[str, str] = {}
    for owner, part in lock.components.items():
        for path in part.files:
            problem = claim_flaw(path) or ("" if path.endswith(".yaml") else "is no manifest of ours")
            if problem:
                raise damaged(f"it claims the file {path!r}, which {problem}", where)
            if path in owners:
                raise damaged(f"{owners[path]!r} and {owner!r} both claim the file {path!r}", where)
            owners[path] = owner
    for path, pin in lock.pins.items():
        if claim_flaw(path) or not path.endswith(".yaml"):
            raise damaged(f"it pins the file {path!r}, which is no manifest of ours", where)
        if pin.held_back and pin.held_back.files.keys() != {path}:
            raise damaged(f"the pin of {path!r} is about other files", where)
