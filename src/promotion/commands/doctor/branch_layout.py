"""A branch of the manifest repository, as Flux and the next run will find it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from promotion.commands.doctor.finding import DoctorFinding
from promotion.commands.doctor.kustomize_coverage import Coverage
from promotion.common.paths import join
from promotion.common.phrases import say
from promotion.common.reserved_names import KUSTOMIZATIONS
from promotion.common.text import count, list_some
from promotion.common.yaml.composer import compose_all, decode_text
from promotion.common.yaml.yaml_nodes import text_at
from promotion.errors import DefinitionError, Location, PublishError
from promotion.publishing.reported_holds import describe_hold
from promotion.rendering.lock.lock import DISTRUST, REPAIR, Lock, LockedHld, find_owner_conflict
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.manifests.plain_secrets import PlainSecret, Unreadable, find_secrets, is_allowed

_NAMED = 5  # things that one check names


@dataclass(frozen=True, kw_only=True)
class ManifestLayout:
    """A branch of the manifest repository.

    Args:
        area: what to call it.
        files: every path with `<mode> <git's id>`.
        read: a file's content.
        folder: where its manifests are, `""` for the root.
        environment, hld: what they should be of.
    """

    area: str
    files: Mapping[str, str]
    read: Callable[[str], bytes]
    folder: str
    environment: str
    hld: LockedHld
    allowed_secrets: Sequence[str] = field(default=())


def judge_branch(branch: ManifestLayout) -> Iterator[DoctorFinding]:
    """Yield all findings on a branch."""
    lock = yield from _judge_lock(branch)
    ours = {join(branch.folder, path): blob for path, blob in lock.files.items()} if lock else {}
    if lock and ours and lock.is_trusted:
        yield _judge_files(branch, ours)
    yield from _judge_coverage(branch, ours)
    yield from _judge_secrets(branch, ours)


def _judge_lock(branch: ManifestLayout) -> Generator[DoctorFinding, None, Lock | None]:
    where = locate_lock(branch.folder)
    path = where.file
    try:
        lock = read_lock(branch.read, where) if path in branch.files else None
    except PublishError as error:
        damage = say("{}: {}", str(error.where or path), error.what)
        yield DoctorFinding(area=branch.area, mark="wrong", what=damage, fix=error.fix)
        return None
    if lock is None:
        check = say("The first run writes it. If there was one, check {manifest-path}.")
        yield DoctorFinding(area=branch.area, mark="unknown", what=f"has no {path} yet", fix=check)
        return None
    if not lock.is_trusted:
        yield DoctorFinding(area=branch.area, mark="wrong", what=f"{path} {DISTRUST}", fix=REPAIR)
    wanted = Lock(environment=branch.environment, hld=branch.hld)
    if stranger := find_owner_conflict(lock, wanted):
        what = f"its manifests are those of {stranger}"
        fix = say("Give each environment and definition its own branch or {manifest-path}.")
        yield DoctorFinding(area=branch.area, mark="wrong", what=what, fix=fix)
    for name, held in lock.held.items():
        place = f"in {held.source}" if held.source else "in the definition"
        yield DoctorFinding(
            area=branch.area,
            mark="wrong",
            what=describe_hold(name, held),
            fix=f"Mend it {place}: the next run publishes it. Until then it stays as it was last published.",
        )
    if lock.pins:
        names = sorted(pin.label for pin in lock.pins.values())
        what = f"{list_some(names, _NAMED)} held back by a rollback"
        yield DoctorFinding(
            area=branch.area, mark="unknown", what=what, fix="`promotion status` shows the pins."
        )
    return lock


def _judge_files(branch: ManifestLayout, ours: Mapping[str, str]) -> DoctorFinding:
    changed = [path for path, blob in ours.items() if branch.files.get(path, "").split(" ")[-1] != blob]
    if changed:
        what = f"not as the last run left them: {list_some(changed, _NAMED)}"
        fix = "Change the definition instead: the next run undoes edits and deletions here."
        return DoctorFinding(area=branch.area, mark="wrong", what=what, fix=fix)
    what = f"{count(len(ours), 'manifest')}, as the last run left {'it' if len(ours) == 1 else 'them'}"
    return DoctorFinding(area=branch.area, mark="ok", what=what)


def _judge_coverage(branch: ManifestLayout, ours: Mapping[str, str]) -> Iterator[DoctorFinding]:
    coverage = Coverage(branch.files, branch.folder, branch.read)
    faults = [f"{path} {what}" for path, what in coverage.faults]
    faults += [fault for path in sorted(coverage.taken) if (fault := _fault(path, branch.read(path)))]
    for fault in faults[:_NAMED]:
        fix = "Mend it, move it to another branch, or name it in a `.sourceignore`."
        yield DoctorFinding(area=branch.area, mark="wrong", what=f"Flux would stop at {fault}", fix=fix)
    missed = [path for path in ours if path in branch.files and path not in coverage.taken]
    if missed:
        guilty = list_some(coverage.instructions, _NAMED) or "a kustomization file"
        yield DoctorFinding(
            area=branch.area,
            mark="wrong",
            what=f"{guilty} leaves out manifests, which Flux won't apply: {list_some(missed, _NAMED)}",
            fix="Delete it, so that Flux takes every file, or name them in it.",
        )
    elif coverage.instructions and ours:
        yield DoctorFinding(
            area=branch.area,
            mark="unknown",
            what=f"{list_some(coverage.instructions, _NAMED)} names all manifests, "
            "but none of later components",
            fix="Delete it, so that Flux takes every file, unless you keep it up to date.",
        )
    if not faults and not missed and coverage.taken:
        what = f"Flux can take its {count(len(coverage.taken), 'file')}"
        yield DoctorFinding(area=branch.area, mark="ok", what=what)


def _fault(path: str, data: bytes) -> str:
    """Return why Flux would stop at a file; empty if it wouldn't (kustomize: resource/factory.go)."""
    if path.rpartition("/")[2] in KUSTOMIZATIONS:
        return ""
    try:
        documents = compose_all(decode_text(data, Location(path)), Location(path))
    except (DefinitionError, UnicodeEncodeError) as error:
        return f"{path}, which isn't YAML: {getattr(error, 'what', 'it is no text')}"
    for document in documents:
        if isinstance(document, yaml.ScalarNode) and document.value in ("", "~", "null"):
            continue  # nothing between two `---`
        kind = text_at(document, "kind")
        has_name = text_at(document, "metadata", "name") or text_at(document, "metadata", "generateName")
        if not kind or not text_at(document, "apiVersion") or not (has_name or kind.endswith("List")):
            return f"{path}, which isn't a Kubernetes resource"
    return ""


def _judge_secrets(branch: ManifestLayout, ours: Mapping[str, str]) -> Iterator[DoctorFinding]:
    secrets = [
        (path, secret)
        for path in ours
        if path in branch.files
        for secret in find_secrets(branch.read(path))
        if isinstance(secret, Unreadable) or not is_allowed(secret, branch.allowed_secrets)
    ]
    for path, secret in secrets:
        if isinstance(secret, Unreadable):
            what = f"line {secret.line} of {path} can't be read, so a Secret may be there: {secret.problem}"
            yield DoctorFinding(area=branch.area, mark="wrong", what=what, fix="Correct what it is made of.")
    found = [secret.pattern for _, secret in secrets if isinstance(secret, PlainSecret)]
    if found:
        what = f"{count(len(found), 'Secret')} in plain text: {list_some(found, _NAMED)}"
        fix = "Put a SealedSecret, an ExternalSecret or one that SOPS encrypted there, and change the value."
        yield DoctorFinding(area=branch.area, mark="wrong", what=what, fix=fix)
