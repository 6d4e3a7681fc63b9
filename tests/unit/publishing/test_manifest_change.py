from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.event import Event
from promotion.errors import BranchMovedError, Location, PublishError, UsageError
from promotion.publishing.manifest_change import ManifestChange, PublishOptions, commit_change, plan_rendering
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import Lock, LockedHld, lock_components
from promotion.rendering.lock.lock_file import parse_lock
from promotion.rendering.model import Provenance, RenderedComponent
from support.memory_branch import MemoryBranch

HLD = "a" * 40
LOCK = Lock(
    environment="dev",
    hld=LockedHld(repository="https://github.com/acme/hld", path=".", ref="dev", commit=HLD),
    configs=("dev",),
    engine="1.0.0",
    helm="4.2.3",
)


def deployment(name: str, tag: str = "1.0.0") -> bytes:
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: pets\n"
        "spec:\n  template:\n    spec:\n      containers:\n"
        f"        - name: app\n          image: ghcr.io/acme/{name}:{tag}\n"
    ).encode()


def component(
    name: str, manifest: bytes | None = None, *, revision: str = "b" * 40, **fields: Any
) -> RenderedComponent:
    given_fields = {
        "label": name,
        "path": f"{name}/{name}.yaml",
        "kind": "helm",
        "provenance": Provenance(f"https://github.com/acme/{name}", "dev", revision),
        "input_digest": "sha256:0",
    }
    return RenderedComponent(manifest=manifest or deployment(name), **(given_fields | fields))


def run(
    branch: MemoryBranch, *components: RenderedComponent, lock: Lock = LOCK, **options: object
) -> ManifestChange:
    asked = PublishOptions(**{"allow_empty": True, **options})  # type: ignore[arg-type]
    lock = replace(lock, components=lock_components(components))
    change = plan_rendering(components, lock, branch, asked)
    return commit_change(change, branch, asked, push=branch.push, timestamp=1_700_000_000)


def test_first_run_writes_manifests_and_lock_and_keeps_other_files() -> None:
    branch = MemoryBranch({"README.md": b"hello\n", ".github/CODEOWNERS": b"* @acme\n"})

    publication = run(branch, component("cat"), component("dog"))

    assert publication.changed
    assert branch.pushed == [publication.commit]
    assert sorted(branch.tree) == [
        ".github/CODEOWNERS",
        "README.md",
        "cat/cat.yaml",
        "dog/dog.yaml",
        "promotion.lock",
    ]
    assert branch.tree["cat/cat.yaml"] == deployment("cat")
    assert [(change.action, str(change.resource)) for change in publication.resources] == [
        ("added", "Deployment pets/cat"),
        ("added", "Deployment pets/dog"),
    ]


def test_commit_carries_message_author_and_the_time_it_was_given() -> None:
    branch = MemoryBranch()
    commit = run(branch, component("cat"), commit_author="Release Bot <bot@acme.example>").commit
    written = branch.written[commit]
    assert written.message.startswith("dev: cat added\n")
    assert (written.author, written.email, written.timestamp) == (
        "Release Bot",
        "bot@acme.example",
        1_700_000_000,
    )


def test_lock_says_where_everything_came_from() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    lock = parse_lock(branch.tree["promotion.lock"], Location("promotion.lock"))
    assert lock.hld == LOCK.hld
    cat = lock.components["cat/cat.yaml"]
    assert (cat.label, cat.kind) == ("cat", "helm")
    assert cat.provenance == Provenance("https://github.com/acme/cat", "dev", "b" * 40)
    assert cat.files == {"cat/cat.yaml": blob_id(deployment("cat"))}


def test_second_run_changes_nothing_and_reads_no_manifest() -> None:
    branch = MemoryBranch()
    first = run(branch, component("cat"))
    branch.reads.clear()

    publication = run(branch, component("cat"))

    assert not publication.changed
    assert publication.commit == ""
    assert branch.pushed == [first.commit]
    assert branch.reads == ["promotion.lock"]


def test_a_lock_that_was_read_is_not_read_again() -> None:
    branch = MemoryBranch()
    first = run(branch, component("cat"))
    branch.reads.clear()
    lock = replace(LOCK, components=lock_components([component("cat")]))

    change = plan_rendering([component("cat")], lock, branch, PublishOptions(), before=first.lock)

    assert (change.changed, change.old_lock, branch.reads) == (False, first.lock, [])


def test_source_that_moved_without_changing_a_manifest_makes_no_commit() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    before = dict(branch.tree)

    publication = run(branch, component("cat", revision="c" * 40, input_digest="sha256:1"))

    assert not publication.changed
    assert branch.tree == before
    assert publication.lock.components["cat/cat.yaml"].provenance.revision == "b" * 40


def test_only_changed_files_are_read() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"), component("dog"))
    branch.reads.clear()
    run(branch, component("cat", deployment("cat", "1.1.0")), component("dog"))
    assert branch.reads == ["promotion.lock", "cat/cat.yaml"]
    assert branch.prefetched == ["cat/cat.yaml"]


def test_component_that_left_the_tree_is_deleted() -> None:
    branch = MemoryBranch({"dog/README.md": b"ours? no\n"})
    run(branch, component("cat"), component("dog"))

    publication = run(branch, component("cat"))

    assert sorted(branch.tree) == ["cat/cat.yaml", "dog/README.md", "promotion.lock"]
    assert [(part.action, part.label) for part in publication.components] == [("removed", "dog")]
    assert [str(part.resource) for part in publication.resources] == ["Deployment pets/dog"]


def test_last_component_that_leaves_takes_its_entry_in_the_lock_with_it() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    assert run(branch).changed
    assert parse_lock(branch.tree["promotion.lock"], Location("promotion.lock")).components == {}
    assert not run(branch).changed


def test_cluster_without_manifests_writes_nothing() -> None:
    branch = MemoryBranch()
    assert not run(branch).changed
    assert branch.tree == {}


def test_dry_run_tells_all_and_writes_nothing() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    branch.written.clear()

    publication = run(branch, component("cat", deployment("cat", "1.1.0")), dry_run=True)

    assert publication.changed
    assert publication.commit == ""
    assert branch.written == {}
    assert len(branch.pushed) == 1
    assert "+          image: ghcr.io/acme/cat:1.1.0" in publication.diff()
    assert publication.message.startswith("dev: cat 1.0.0 → 1.1.0\n")


def test_lost_race_leaves_the_branch_and_is_told() -> None:
    branch = MemoryBranch()

    def refuse(commit: str) -> None:
        raise BranchMovedError("the branch moved")

    lock = replace(LOCK, components=lock_components([component("cat")]))
    change = plan_rendering([component("cat")], lock, branch, PublishOptions())
    with pytest.raises(BranchMovedError):
        commit_change(change, branch, PublishOptions(), push=refuse, timestamp=0)
    assert branch.tree == {}


def test_foreign_file_in_the_way_is_an_error_that_names_it() -> None:
    branch = MemoryBranch({"cat/cat.yaml": b"mine\n", "cat/other.yaml": b"other\n"})
    with pytest.raises(PublishError, match=r"^cat/cat\.yaml is in the manifest repository, in our way"):
        run(branch, component("cat"))
    assert branch.written == {}


def test_adopt_takes_over_just_the_file_in_the_way() -> None:
    branch = MemoryBranch({"cat/cat.yaml": b"mine\n", "cat/other.yaml": b"other\n"})

    publication = run(branch, component("cat"), adopt=True)

    assert publication.operations.adopted == ("cat/cat.yaml",)
    assert branch.tree["cat/cat.yaml"] == deployment("cat")
    assert branch.tree["cat/other.yaml"] == b"other\n"
    assert not run(branch, component("cat")).changed


def test_adopting_equal_files_only_writes_the_lock() -> None:
    branch = MemoryBranch({"cat/cat.yaml": deployment("cat")})
    publication = run(branch, component("cat"), adopt=True)
    assert publication.changed
    assert publication.message.startswith("dev: take over existing manifests\n")
    assert not run(branch, component("cat")).changed


def test_lost_lock_is_rebuilt_by_adopting() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    whole = dict(branch.tree)
    del branch.tree["promotion.lock"]
    with pytest.raises(PublishError, match="adopt: true"):
        run(branch, component("cat"))
    run(branch, component("cat"), adopt=True)
    assert branch.tree == whole


def test_damaged_lock_is_an_error_until_it_is_rebuilt() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    whole = dict(branch.tree)
    branch.tree["promotion.lock"] = b"<<<<<<< HEAD\n"
    with pytest.raises(PublishError, match=r"promotion\.lock.*damaged.*adopt: true"):
        run(branch, component("cat"))
    run(branch, component("cat"), adopt=True)
    assert branch.tree == whole


def test_rebuilt_lock_is_written_even_if_no_manifest_changes() -> None:
    branch = MemoryBranch({"promotion.lock": b""})
    assert run(branch, adopt=True).changed
    assert parse_lock(branch.tree["promotion.lock"], Location("x")) == LOCK


@pytest.mark.parametrize("change", [{"checksum": "sha256:0"}, {"format": 2}])
def test_edited_or_older_lock_is_written_anew_once(change: dict[str, object]) -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    whole = dict(branch.tree)
    branch.tree["promotion.lock"] = json.dumps(json.loads(whole["promotion.lock"]) | change).encode()
    publication = run(branch, component("cat"))
    assert publication.changed
    assert publication.message.startswith("dev: write promotion.lock anew\n")
    assert branch.tree == whole
    assert not run(branch, component("cat")).changed


def test_lock_of_a_newer_version_is_never_rebuilt() -> None:
    branch = MemoryBranch({"promotion.lock": b'{"format": 99}\n'})
    with pytest.raises(PublishError, match="format 99"):
        run(branch, component("cat"), adopt=True)


def test_lock_of_another_environment_stops_the_run() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    stage = dataclasses.replace(LOCK, environment="stage")
    with pytest.raises(PublishError, match="environment 'dev', not 'stage'"):
        run(branch, component("dog"), lock=stage)
    run(branch, component("dog"), lock=stage, adopt=True)
    assert sorted(branch.tree) == ["dog/dog.yaml", "promotion.lock"]


def test_taken_over_environment_is_in_the_lock_even_if_no_manifest_changes() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    stage = dataclasses.replace(LOCK, environment="stage")
    assert run(branch, component("cat"), lock=stage, adopt=True).changed
    assert not run(branch, component("cat"), lock=stage).changed


def test_lock_that_claims_files_outside_its_folder_is_refused() -> None:
    for path in ("../README.md", "/etc/passwd.yaml", "README.md", ".git/config.yaml", "promotion.lock"):
        content = {"format": 1, "environment": "dev", "components": {"x": {"files": {path: "sha256:0"}}}}
        branch = MemoryBranch({"west/promotion.lock": json.dumps(content).encode(), "README.md": b"keep\n"})
        with pytest.raises(PublishError, match="claims the file"):
            run(branch, component("cat"), manifest_path="west")


def test_edit_by_hand_is_overwritten_and_reported() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"), component("dog"), component("owl"))
    whole = dict(branch.tree)
    branch.tree["cat/cat.yaml"] += b"# by hand\n"
    branch.modes["owl/owl.yaml"] = "100755"
    del branch.tree["dog/dog.yaml"]

    publication = run(branch, component("cat"), component("dog"), component("owl"))

    assert publication.foreign_edits == ("cat/cat.yaml", "dog/dog.yaml", "owl/owl.yaml")
    assert branch.tree == whole
    assert branch.modes == {}


def test_deleted_file_that_was_edited_by_hand_is_reported_too() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    branch.tree["cat/cat.yaml"] += b"# by hand\n"
    assert run(branch).foreign_edits == ("cat/cat.yaml",)


def test_own_change_is_no_foreign_edit() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    assert run(branch, component("cat", deployment("cat", "2"))).foreign_edits == ()


def test_submodule_in_place_of_our_file_is_an_error_and_is_removed_with_its_component() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    branch.modes["cat/cat.yaml"] = "160000"
    for adopt in (False, True):
        with pytest.raises(PublishError, match=r"cat/cat\.yaml is in our way as a submodule"):
            run(branch, component("cat"), adopt=adopt)
    assert run(branch).foreign_edits == ("cat/cat.yaml",)
    assert sorted(branch.tree) == ["promotion.lock"]


def test_clusters_in_one_repository_do_not_disturb_each_other() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"), manifest_path="clusters/west")
    run(branch, component("cat"), component("dog"), manifest_path="./clusters/east/")
    run(branch, manifest_path="clusters/west")
    assert sorted(branch.tree) == [
        "clusters/east/cat/cat.yaml",
        "clusters/east/dog/dog.yaml",
        "clusters/east/promotion.lock",
        "clusters/west/promotion.lock",
    ]


@pytest.mark.parametrize("path", ["/abs", "a/../b", "..", ".git", "a/.GIT/b", "a\\b", "x\ny"])
def test_manifest_path_stays_in_the_repository(path: str) -> None:
    with pytest.raises(UsageError, match="manifest-path"):
        run(MemoryBranch(), component("cat"), manifest_path=path)


def test_two_components_with_one_file_are_both_named() -> None:
    with pytest.raises(PublishError, match=r"components cat and twin both write cat/cat\.yaml"):
        run(MemoryBranch(), component("cat"), component("twin", path="cat/cat.yaml"))


@pytest.mark.parametrize("path", ["../cat.yaml", "/cat.yaml", "a//cat.yaml", ".git/x.yaml", "cat.txt", ""])
def test_component_stays_in_its_folder(path: str) -> None:
    with pytest.raises(PublishError, match="component cat: the manifest's path"):
        run(MemoryBranch(), component("cat", path=path))


@pytest.mark.parametrize(
    ("existing", "path"),
    [
        ("a.yaml/b", "a.yaml"),
        ("a", "a/b.yaml"),
        ("A.yaml", "a.yaml"),
        ("A", "a/b.yaml"),
        ("promotion.lock/x", "a.yaml"),
        ("caf\u00e9.yaml", "cafe\u0301.yaml"),
    ],
)
def test_file_and_folder_and_case_collisions_are_errors(existing: str, path: str) -> None:
    branch = MemoryBranch({existing: b"foreign\n"})
    for adopt in (False, True):
        with pytest.raises(PublishError, match=r"would have to be|ignore case"):
            run(branch, component("cat", path=path), adopt=adopt)


def test_components_that_collide_with_each_other_are_an_error() -> None:
    with pytest.raises(PublishError, match=r"a\.yaml would have to be a file"):
        run(MemoryBranch(), component("a", path="a.yaml"), component("b", path="a.yaml/b.yaml"))
    with pytest.raises(PublishError, match="ignore case"):
        run(MemoryBranch(), component("a", path="a.yaml"), component("b", path="A.yaml"))


def test_own_file_may_give_way_to_a_folder_or_another_case() -> None:
    branch = MemoryBranch()
    run(branch, component("a", path="a.yaml"))
    run(branch, component("a", path="a.yaml/b.yaml"))
    run(branch, component("a", path="A.yaml"))
    assert sorted(branch.tree) == ["A.yaml", "promotion.lock"]


def test_foreign_files_may_collide_among_themselves() -> None:
    branch = MemoryBranch({"docs/a": b"1", "docs/A": b"2"})
    assert run(branch, component("cat")).changed


def test_manifest_that_github_refuses_is_an_error() -> None:
    with pytest.raises(PublishError, match="component cat: the manifest has 100 MiB"):
        run(MemoryBranch(), component("cat", b"#" * (100 * 1024 * 1024 + 1)))


def test_bad_template_fails_before_anything_is_written() -> None:
    branch = MemoryBranch()
    with pytest.raises(UsageError, match="placeholder"):
        run(branch, component("cat"), commit_message="{nonsense}")
    assert branch.written == {}


def test_bad_template_fails_even_when_nothing_changed() -> None:
    with pytest.raises(UsageError, match="placeholder"):
        run(MemoryBranch(), commit_message="{nonsense}")


def test_changed_components_are_told_from_the_others() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"), component("dog"))
    publication = run(branch, component("cat", deployment("cat", "2")), component("dog"))
    assert publication.action("cat/cat.yaml") == "changed"
    assert publication.action("dog/dog.yaml") == ""


def test_a_definition_without_manifests_does_not_remove_everything() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    with pytest.raises(PublishError, match="the 1 manifest here would go"):
        run(branch, allow_empty=False)
    assert run(branch, allow_empty=True).changed


def test_another_definition_in_the_same_place_is_an_error_until_it_is_adopted() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    other = replace(LOCK, hld=replace(LOCK.hld, repository="https://github.com/acme/other"))
    with pytest.raises(PublishError, match=r"those of the definition .*, not https://github\.com/acme/other"):
        run(branch, component("dog"), lock=other)
    assert run(branch, component("dog"), lock=other, adopt=True).changed


def test_the_same_definition_by_another_spelling_of_its_address_is_the_same() -> None:
    branch = MemoryBranch()
    run(branch, component("cat"))
    same = replace(LOCK, hld=replace(LOCK.hld, repository=LOCK.hld.repository.upper() + ".git"))
    assert not run(branch, component("cat"), lock=same).changed


def test_trigger_is_in_the_message() -> None:
    branch = MemoryBranch()
    event = Event(repository="acme/cat", commit="d" * 40, actor="mona", run_url="https://github.com/r/1")
    message = branch.written[run(branch, component("cat"), event=event).commit].message
    assert f"Triggered-By: acme/cat@{'d' * 40} by mona https://github.com/r/1" in message


def test_200_unchanged_components_are_compared_in_no_time() -> None:
    branch = MemoryBranch()
    components = [component(f"app-{number}", deployment(f"app-{number}") * 20) for number in range(200)]
    run(branch, *components)
    start = time.process_time()
    assert not run(branch, *components).changed
    assert time.process_time() - start < 0.5  # about 0.03 s; the rest is for slow machines


names = st.sampled_from(["a", "b", "c", "d", "e"])
trees = st.dictionaries(names, st.binary(max_size=3).map(lambda data: b"# " + data.hex().encode() + b"\n"))
foreign_trees = st.dictionaries(
    st.sampled_from(["README.md", "a/README.md", "kustomization.yaml", "z/z.yaml"]), st.binary(max_size=3)
)


def rendered(tree: dict[str, bytes]) -> list[RenderedComponent]:
    return [component(name, manifest) for name, manifest in tree.items()]


@given(
    foreign=foreign_trees,
    history=st.lists(trees, min_size=1, max_size=4),
    folder=st.sampled_from([".", "x/y"]),
)
def test_branch_always_holds_the_manifests_the_lock_and_the_foreign_files(
    foreign: dict[str, bytes], history: list[dict[str, bytes]], folder: str
) -> None:
    branch = MemoryBranch(dict(foreign))
    prefix = "" if folder == "." else f"{folder}/"
    for tree in history:
        run(branch, *rendered(tree), manifest_path=folder)
        expected = {f"{prefix}{name}/{name}.yaml": manifest for name, manifest in tree.items()}
        lock = branch.tree.get(f"{prefix}promotion.lock")
        assert branch.tree == foreign | expected | ({f"{prefix}promotion.lock": lock} if lock else {})
        assert (
            parse_lock(lock, Location("x")).files.keys() == {f"{name}/{name}.yaml" for name in tree}
            if lock
            else not tree
        )
        assert not run(branch, *rendered(tree), manifest_path=folder).changed


@given(before=trees, edits=st.dictionaries(names, st.none() | st.binary(max_size=3)), after=trees)
def test_edits_by_hand_never_survive_and_never_matter(
    before: dict[str, bytes], edits: dict[str, bytes | None], after: dict[str, bytes]
) -> None:
    touched, clean = MemoryBranch(), MemoryBranch()
    run(touched, *rendered(before))
    run(clean, *rendered(before))
    for name, data in edits.items():
        if data is None:
            touched.tree.pop(f"{name}/{name}.yaml", None)
        elif name in before:
            touched.tree[f"{name}/{name}.yaml"] = data
    run(touched, *rendered(after))
    run(clean, *rendered(after))
    manifests = [
        {path: data for path, data in branch.tree.items() if path != "promotion.lock"}
        for branch in (touched, clean)
    ]
    assert manifests[0] == manifests[1]


@given(foreign=st.dictionaries(names, st.binary(max_size=3), min_size=1), tree=trees)
def test_without_adopt_a_foreign_manifest_is_never_written_or_deleted(
    foreign: dict[str, bytes], tree: dict[str, bytes]
) -> None:
    owned = {f"{name}/{name}.yaml": data for name, data in foreign.items()}
    branch = MemoryBranch(dict(owned))
    try:
        run(branch, *rendered(tree))
    except PublishError:
        assert foreign.keys() & tree.keys()
    assert {path: branch.tree[path] for path in owned} == owned
    run(branch, *rendered(tree), adopt=True)
    assert {path: branch.tree[path] for path in owned if path.split("/")[0] not in tree} == {
        path: data for path, data in owned.items() if path.split("/")[0] not in tree
    }
