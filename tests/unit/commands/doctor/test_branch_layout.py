"""A branch of the manifest repository, as Flux and the next run find it."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.commands.doctor.branch_layout import ManifestLayout, judge_branch
from promotion.commands.doctor.finding import DoctorFinding
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent, LockedHld, Pin
from promotion.rendering.lock.lock_file import dumps

HLD = LockedHld(repository="https://github.com/acme/cluster-hld", path="", ref="dev", commit="1" * 40)
CAT = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cat}\n"
SECRET = b"apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: pets}\nstringData: {password: x}\n"


def judge(
    files: dict[str, bytes],
    *,
    locked: dict[str, bytes] | None = None,
    folder: str = "",
    environment: str = "dev",
    allowed: Sequence[str] = (),
    pins: Sequence[str] = (),
) -> list[DoctorFinding]:
    """The checks of a branch whose lock is about `locked`, else about all files."""
    ours = files if locked is None else locked
    components = {
        path: LockedComponent(label=path, files={path: blob_id(data)}) for path, data in ours.items()
    }
    lock = Lock(
        environment="dev",
        hld=HLD,
        components=components,
        pins={path: Pin(label=path, to="a" * 40, base="b" * 40) for path in pins},
    )
    prefix = f"{folder}/" if folder else ""
    there = {f"{prefix}{path}": data for path, data in files.items()}
    there[f"{prefix}promotion.lock"] = dumps(lock)
    return look(there, folder=folder, environment=environment, allowed=allowed)


def look(
    files: dict[str, bytes], *, folder: str = "", environment: str = "dev", allowed: Sequence[str] = ()
) -> list[DoctorFinding]:
    branch = ManifestLayout(
        area="dev",
        files={path: f"100644 {blob_id(data)}" for path, data in files.items()},
        read=files.__getitem__,
        folder=folder,
        environment=environment,
        hld=HLD,
        allowed_secrets=allowed,
    )
    return list(judge_branch(branch))


def said(checks: list[DoctorFinding], mark: str) -> list[str]:
    return [check.what for check in checks if check.mark == mark]


def test_a_branch_as_a_run_left_it_is_fine_in_any_folder() -> None:
    for folder in ("", "clusters/east"):
        checks = judge({"cat.yaml": CAT}, folder=folder)
        assert said(checks, "ok") == [
            "1 manifest, as the last run left it",
            "Flux can take its 1 file",
        ]
        assert len(checks) == 2


def test_a_lock_that_was_edited_is_wrong() -> None:
    cat = LockedComponent(label="cat", files={"cat.yaml": blob_id(CAT)})
    lock = Lock(environment="dev", hld=HLD, components={"cat.yaml": cat})
    edited = dumps(lock).replace(b'"label": "cat"', b'"label": "dog"')
    checks = look({"promotion.lock": edited, "cat.yaml": CAT})
    assert not any("as the last run left" in what for what in said(checks, "ok"))
    wrong = said(checks, "wrong")
    assert [what.startswith("promotion.lock has a wrong checksum") for what in wrong] == [True]


def test_manifests_of_another_environment_or_edited_or_deleted_are_told() -> None:
    assert "its manifests are those of environment 'dev', not 'prod'" in said(
        judge({"cat.yaml": CAT}, environment="prod"), "wrong"
    )
    locked = {"cat.yaml": CAT, "dog.yaml": CAT}
    (what,) = said(judge({"cat.yaml": CAT + b"data: {a: b}\n"}, locked=locked), "wrong")
    assert what == "not as the last run left them: cat.yaml, dog.yaml"


def test_a_damaged_lock_is_told_and_the_rest_looked_at() -> None:
    checks = look({"promotion.lock": b"<<<<<<< HEAD\n", "notes.yaml": b"just: notes\n"})
    lock, notes = said(checks, "wrong")
    assert lock.startswith("promotion.lock:1: ")
    assert notes == "Flux would stop at notes.yaml, which isn't a Kubernetes resource"


def test_a_part_that_is_held_back_is_wrong_with_its_reason_and_what_to_do() -> None:
    held = {"cat": HeldPart(reason="no cats", source="https://git.test/cat")}
    lock = Lock(environment="dev", hld=HLD, held=held)
    (finding,) = (check for check in look({"promotion.lock": dumps(lock)}) if check.mark == "wrong")
    assert finding.what == "cat is held back: no cats"
    assert finding.fix.startswith("Mend it in https://git.test/cat: the next run publishes it.")


def test_a_branch_without_a_lock_is_to_know() -> None:
    assert said(look({"README.md": b""}), "unknown") == ["has no promotion.lock yet"]


def test_what_isnt_yaml_stops_flux() -> None:
    (what,) = said(judge({"cat.yaml": CAT, "bad.yaml": b"a: [\n"}, locked={"cat.yaml": CAT}), "wrong")
    assert what.startswith("Flux would stop at bad.yaml, which isn't YAML: ")


def test_lists_need_no_name() -> None:
    everything = b"---\n---\napiVersion: v1\nkind: List\nitems: []\n---\n# nothing\n"
    assert not said(judge({"all.yaml": everything}), "wrong")


def test_a_kustomization_that_names_all_is_to_know_for_later_components() -> None:
    files = {"cat.yaml": CAT, "kustomization.yaml": b"resources: [cat.yaml]\n"}
    checks = judge(files, locked={"cat.yaml": CAT})
    assert not said(checks, "wrong")
    (what,) = said(checks, "unknown")
    assert what == "kustomization.yaml names all manifests, but none of later components"


def test_secrets_in_plain_text_are_counted_unless_allowed() -> None:
    assert said(judge({"db.yaml": SECRET}), "wrong") == ["1 Secret in plain text: pets/db"]
    assert not said(judge({"db.yaml": SECRET}, allowed=["pets/*"]), "wrong")


def test_pins_are_to_know() -> None:
    checks = judge({"cat.yaml": CAT}, pins=["cat.yaml"])
    assert said(checks, "unknown") == ["cat.yaml held back by a rollback"]
