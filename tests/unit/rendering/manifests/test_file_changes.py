from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import PublishError
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.manifests.file_changes import Operations, collect_manifests, plan_operations
from promotion.rendering.model import Provenance, RenderedComponent


def component(path: str, manifest: bytes = b"a: 1\n", label: str = "") -> RenderedComponent:
    return RenderedComponent(
        label=label or path,
        path=path,
        kind="static",
        provenance=Provenance(),
        input_digest="",
        manifest=manifest,
    )


def lock(*paths: str) -> Lock:
    return Lock(components={path: LockedComponent(label=path, files={path: "sha256:0"}) for path in paths})


def tree(**files: bytes) -> dict[str, str]:
    return {f"{name}.yaml": f"100644 {blob_id(data)}" for name, data in files.items()}


def plan(
    old: dict[str, str], owned: Lock, new: dict[str, bytes], *, folder: str = "", adopt: bool = False
) -> Operations:
    return plan_operations(old, owned, new, folder=folder, adopt=adopt)


def test_blob_id_is_gits() -> None:
    content = "grüße\n".encode()
    git = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    assert blob_id(content) == git.stdout.decode().strip()
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_writes_deletes_and_leaves_alone() -> None:
    operations = plan(
        tree(same=b"1", edit=b"1", gone=b"1", foreign=b"1"),
        lock("same.yaml", "edit.yaml", "gone.yaml", "never-was.yaml"),
        {"same.yaml": b"1", "edit.yaml": b"2", "new.yaml": b"3"},
    )
    assert operations == Operations(
        writes={"edit.yaml": b"2", "new.yaml": b"3"}, deletes=("gone.yaml",), unchanged=("same.yaml",)
    )
    assert next(iter(operations.changes.items())) == ("gone.yaml", None)


def test_another_mode_is_a_change() -> None:
    old = {"a.yaml": f"100755 {blob_id(b'1')}"}
    assert plan(old, lock("a.yaml"), {"a.yaml": b"1"}).writes == {"a.yaml": b"1"}


def test_paths_are_below_the_folder() -> None:
    old = {"x/gone.yaml": "100644 1", "gone.yaml": "100644 1"}
    operations = plan(old, lock("gone.yaml"), {"a.yaml": b"1"}, folder="x")
    assert operations.changes == {"x/gone.yaml": None, "x/a.yaml": b"1"}


def test_every_file_in_the_way_is_named_up_to_ten() -> None:
    new = {f"f{number:02}.yaml": b"" for number in range(12)}
    with pytest.raises(PublishError, match=r"^f00\.yaml, .*, f09\.yaml and 2 more are in the manifest repos"):
        plan(dict.fromkeys(new, "100644 1"), Lock(), new)


def test_equal_file_that_is_not_ours_is_in_the_way_too() -> None:
    with pytest.raises(PublishError, match="not written by us"):
        plan(tree(a=b"1"), Lock(), {"a.yaml": b"1"})
    operations = plan(tree(a=b"1"), Lock(), {"a.yaml": b"1"}, adopt=True)
    assert (operations.changes, operations.adopted) == ({}, ("a.yaml",))


def test_folder_of_ours_may_become_a_file_and_the_reverse() -> None:
    assert plan({"a.yaml": "100644 1"}, lock("a.yaml"), {"a.yaml/b.yaml": b"1"}).changes == {
        "a.yaml": None,
        "a.yaml/b.yaml": b"1",
    }
    assert plan({"a.yaml/b.yaml": "100644 1"}, lock("a.yaml/b.yaml"), {"a.yaml": b"1"}).deletes


def test_collision_names_both_and_adopting_does_not_help() -> None:
    with pytest.raises(PublishError, match=r"a would have to be a file and, for a/b\.yaml, a folder"):
        plan({"a": "120000 1"}, Lock(), {"a/b.yaml": b""}, adopt=True)
    with pytest.raises(PublishError, match=r"a\.yaml and A\.yaml are one path for file systems that ignore"):
        plan({"A.yaml": "100644 1"}, Lock(), {"a.yaml": b""}, adopt=True)
    with pytest.raises(PublishError, match=r"x would have to be a file and, for x/promotion\.lock, a folder"):
        plan({"x": "100644 1"}, Lock(), {}, folder="x")


def test_manifests_are_collected_in_order() -> None:
    assert list(collect_manifests([component("b.yaml"), component("a/c.yaml")])) == ["a/c.yaml", "b.yaml"]


def test_two_components_that_write_one_file_are_both_named() -> None:
    with pytest.raises(PublishError, match=r"components cat and dog both write a\.yaml.*another name"):
        collect_manifests([component("a.yaml", label="cat"), component("a.yaml", label="dog")])


@pytest.mark.parametrize(
    "path", ["../a.yaml", "/a.yaml", "", "a/../b.yaml", ".git/a.yaml", "a.yml", "a\n.yaml"]
)
def test_manifest_that_leaves_the_output_folder_is_refused(path: str) -> None:
    with pytest.raises(PublishError, match="component cat: the manifest's path"):
        collect_manifests([component(path, label="cat")])


contents = st.sampled_from([b"1", b"2", b"3"])
trees = st.dictionaries(st.sampled_from(["a.yaml", "b/c.yaml", "b/d.yaml", "e.yaml/f.yaml"]), contents)


@given(old=trees, ours=st.sets(st.sampled_from(["a.yaml", "b/c.yaml", "b/d.yaml", "gone.yaml"])), new=trees)
def test_operations_turn_the_old_tree_into_the_manifests_and_the_foreign_files(
    old: dict[str, bytes], ours: set[str], new: dict[str, bytes]
) -> None:
    ids = {path: f"100644 {blob_id(data)}" for path, data in old.items()}
    operations = plan(ids, lock(*ours), new, adopt=True)
    result = dict(old)
    for path, data in operations.changes.items():
        if data is None:
            del result[path]
        else:
            result[path] = data
    foreign = {path: data for path, data in old.items() if path not in ours}
    assert result == foreign | new
    assert not operations.deletes or set(operations.deletes) <= ours - new.keys()
    assert all(old.get(path) != data for path, data in operations.writes.items())

    again = {path: f"100644 {blob_id(data)}" for path, data in result.items()}
    assert plan(again, lock(*new), new).changes == {}
