"""Repositories on this machine that are read in this process: as git reads them, or not at all."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from dulwich.objects import ObjectID

from promotion.edges.git.object_store import EMPTY_TREE
from promotion.edges.git.plain_repository import NotPlainError, PlainRepository, TooMuchError
from support.repositories import Link, Repository, Submodule

NAMES = (
    *("HEAD", "refs/heads/main", "refs/heads/dev", "refs/heads/gone"),
    *("refs/tags/v1", "refs/tags/v2", "refs/tags/gone"),
)


@pytest.fixture
def cats(tmp_path: Path) -> Repository:
    """Two branches, two tags and a folder."""
    repository = Repository(tmp_path / "cats.git")
    repository.commit({"file": "first", "hld/component.yaml": "name: cats\n"})
    repository.tag("v1")
    repository.tag("v2", annotated=True)
    repository.commit({"file": "second\n" * 1000})
    repository.commit({"file": "second\n" * 1001}, branch="dev")
    return repository


def leave(_: Repository) -> None:
    """Change nothing."""


def pack(repository: Repository) -> None:
    repository.git("repack", "-adq")
    repository.git("pack-refs", "--all")


def pack_in_part(repository: Repository) -> None:
    pack(repository)
    repository.commit({"file": "third"}, branch="dev")


def detach(repository: Repository) -> None:
    (repository.folder / "HEAD").write_text(f"{repository.tip('dev')}\n")


def lose_the_default_branch(repository: Repository) -> None:
    (repository.folder / "HEAD").write_text("ref: refs/heads/gone\n")


@pytest.mark.parametrize("shape", [leave, pack, pack_in_part, detach, lose_the_default_branch])
def test_refs_and_objects_are_those_that_git_tells_of(
    cats: Repository, shape: Callable[[Repository], None]
) -> None:
    shape(cats)
    plain = PlainRepository(cats.folder)
    found = plain.find(NAMES)
    assert found == ask_git(cats, NAMES)
    for commit in found.values():
        objects = plain.collect([commit], left_out="", most=100, room=100_000)
        listed = cats.git("rev-list", "--objects", "--no-object-names", "--no-walk", commit).split()
        assert sorted(one.decode() for one in objects) == sorted(listed)
        for object_id, (_, data) in objects.items():
            kind = cats.git("cat-file", "-t", object_id.decode())
            assert cats.git("hash-object", "-t", kind, "--stdin", stdin=data) == object_id.decode()


def test_a_working_tree_is_read_by_its_inner_folder(tmp_path: Path, cats: Repository) -> None:
    cats.git("clone", "--quiet", cats.url, str(tmp_path / "tree"))
    assert PlainRepository(tmp_path / "tree").find(["HEAD"]) == {"HEAD": cats.tip()}


def test_what_is_left_out(cats: Repository) -> None:
    plain = PlainRepository(cats.folder)
    kinds = {
        left_out: sorted(
            kind for kind, _ in plain.collect([cats.tip()], left_out=left_out, most=9, room=100_000).values()
        )
        for left_out in ("tree:0", "blob:none", "")
    }
    assert kinds == {"tree:0": [1], "blob:none": [1, 2, 2], "": [1, 2, 2, 3, 3]}


def test_links_come_along_and_submodules_and_the_empty_folder_do_not(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "odd.git")
    commit = repository.commit({"link": Link("file"), "module": Submodule("1" * 40)})
    objects = PlainRepository(repository.folder).collect([commit], left_out="", most=9, room=1000)
    assert sorted(kind for kind, _ in objects.values()) == [1, 2, 3]
    empty = repository.git(
        *("-c", "user.name=A", "-c", "user.email=a@b.c", "commit-tree", "-m", "Empty", EMPTY_TREE.decode())
    )
    objects = PlainRepository(repository.folder).collect([empty], left_out="", most=9, room=1000)
    assert list(objects) == [ObjectID(empty.encode())]


def test_no_more_is_read_than_wanted(cats: Repository) -> None:
    plain = PlainRepository(cats.folder)
    for shape in (leave, pack):
        shape(cats)
        for most, room in ((4, 100_000), (100, 2000)):
            with pytest.raises(TooMuchError):
                plain.collect([cats.tip()], left_out="", most=most, room=room)


def test_a_loose_object_does_not_unpack_to_more_than_there_is_room(cats: Repository) -> None:
    path = find_object(cats, f"{cats.tip()}:file")
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 100000000\0" + bytes(100_000_000)))
    with pytest.raises(TooMuchError):
        PlainRepository(cats.folder).collect([cats.tip()], left_out="", most=9, room=100_000)


@pytest.mark.parametrize(
    "settings",
    [
        "[uploadpack]\n\thideRefs = refs/heads/dev\n",
        "[uploadpack] hideRefs = refs/heads/dev\n",
        "[UploadPack]\n\tallowFilter\n\tpackObjectsHook = true\n",
        "[transfer]\n\thideRefs = refs/heads/dev\n",
        "[include]\n\tpath = elsewhere\n",
        '[includeIf "gitdir:/"]\n\tpath = elsewhere\n',
        "[extensions]\n\trefStorage = reftable\n",
        "[core]\n\trepositoryFormatVersion = 1\n",
        "[core] repositoryformatversion=1\n",
        '[core]\n\teditor = "a \\\n[remote]\n"\n',
    ],
)
def test_settings_with_a_say_are_left_to_git(cats: Repository, settings: str) -> None:
    with (cats.folder / "config").open("a") as file:
        file.write(settings)
    with pytest.raises(NotPlainError):
        PlainRepository(cats.folder)


def test_settings_without_a_say_are_known(cats: Repository) -> None:
    with (cats.folder / "config").open("a") as file:
        file.write(
            '# ours\n[remote "origin"]\n\turl = /x\n[branch "a.b"]\n\tmerge = refs/heads/a.b\n'
            "[uploadpack]\n\t; filters\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[user]\n"
        )
    assert PlainRepository(cats.folder).find(["HEAD"]) == {"HEAD": cats.tip()}


def borrow(repository: Repository) -> None:
    (repository.folder / "objects/info").mkdir(exist_ok=True)
    (repository.folder / "objects/info/alternates").write_text("/elsewhere/objects\n")


def share(repository: Repository) -> None:
    (repository.folder / "commondir").write_text("..\n")


def link_the_branch(repository: Repository) -> None:
    (repository.folder / "refs/heads/main").unlink()
    (repository.folder / "refs/heads/main").symlink_to("dev")


def go_round(repository: Repository) -> None:
    (repository.folder / "refs/heads/main").write_text("ref: refs/heads/main\n")


def spoil_the_branch(repository: Repository) -> None:
    (repository.folder / "refs/heads/main").write_text("nonsense\n")


def spoil_the_list(repository: Repository) -> None:
    pack(repository)
    path = repository.folder / "packed-refs"
    path.write_text(path.read_text().replace(repository.tip(), "nonsense"))


def spoil_the_commit(repository: Repository) -> None:
    find_object(repository, repository.tip()).write_bytes(b"nonsense")


def change_the_commit(repository: Repository) -> None:
    path = find_object(repository, repository.tip())
    path.write_bytes(zlib.compress(zlib.decompress(path.read_bytes()).replace(b"Change", b"Chance")))


def lose_the_commit(repository: Repository) -> None:
    find_object(repository, repository.tip()).unlink()


def tag_a_file(repository: Repository) -> None:
    blob = repository.git("rev-parse", "main:file")
    (repository.folder / "refs/heads/main").write_text(f"{blob}\n")


def spoil_a_pack(repository: Repository) -> None:
    pack(repository)
    (path,) = (repository.folder / "objects/pack").glob("*.pack")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:12] + bytes(1000))


def give_away(repository: Repository) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    shutil.chown(repository.folder, 12345, 12345)


@pytest.mark.parametrize(
    "damage",
    [
        *(borrow, share, link_the_branch, go_round, spoil_the_branch, spoil_the_list, spoil_the_commit),
        *(change_the_commit, lose_the_commit, tag_a_file, spoil_a_pack, give_away),
    ],
)
def test_what_is_not_plain_is_left_to_git(cats: Repository, damage: Callable[[Repository], None]) -> None:
    damage(cats)
    with pytest.raises(NotPlainError):
        PlainRepository(cats.folder).find(NAMES)


def test_what_is_no_repository_is_left_to_git(tmp_path: Path, cats: Repository) -> None:
    cats.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "dev")
    (tmp_path / "empty").mkdir()
    for name in ("tree", "empty", "nowhere"):
        with pytest.raises(NotPlainError):
            PlainRepository(tmp_path / name)


def ask_git(repository: Repository, names: Sequence[str]) -> dict[str, str]:
    rows = [row.split("\t") for row in repository.git("ls-remote", repository.url).splitlines()]
    told = {name: oid for oid, name in rows}
    return {name: told.get(f"{name}^{{}}", told[name]) for name in names if name in told}


def find_object(repository: Repository, name: str) -> Path:
    """Return the file of a loose object."""
    oid = repository.git("rev-parse", name)
    path = repository.folder / "objects" / oid[:2] / oid[2:]
    if not path.exists():
        for each in (repository.folder / "objects/pack").glob("*.pack"):
            data = each.read_bytes()
            each.unlink()
            repository.git("unpack-objects", "-q", stdin=data)
    path.chmod(0o644)
    return path
