"""Reading the files of a commit, on real repositories."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from dulwich.objects import ObjectID

from promotion.edges.git import working_copy as export
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.git_snapshot import GitSnapshot
from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.object_store import Objects, OpenStores
from promotion.errors import SourceError
from promotion.rendering.model import Entry
from promotion.rendering.sources.git_source import GitSource
from support.gits import open_git
from support.repositories import Content, Link, Program, Repository, Submodule


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "source.git")


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitClient]:
    with open_git(tmp_path / "scratch", allow_local=True) as opened:
        yield opened


def snap(git: GitClient, repository: Repository, files: dict[str, Content]) -> GitSnapshot:
    return git.fetch(GitSource(url=repository.url, version=repository.commit(files)))


def test_files_and_folders(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"b.yaml": "b", "a/c.yaml": b"\xff\x00", "a.b/d": "", "B": "1"})
    assert snapshot.read("b.yaml") == b"b"
    assert snapshot.read("a/c.yaml") == b"\xff\x00"
    assert snapshot.read("a/../b.yaml") == b"b"
    assert snapshot.read("a.b/d") == b""
    assert snapshot.read("a") is None
    assert snapshot.read("nothing") is None
    assert snapshot.read("b.yaml/x") is None
    names = [Entry("B", False), Entry("a", True), Entry("a.b", True), Entry("b.yaml", False)]
    assert snapshot.list("") == names
    assert snapshot.list("a") == [Entry("c.yaml", False)]
    assert snapshot.list("b.yaml") is None
    assert snapshot.list("nothing") is None
    assert snapshot.revision == repository.tip()


def test_links_are_followed_within_the_repository(git: GitClient, repository: Repository) -> None:
    snapshot = snap(
        git,
        repository,
        {
            "shared/values.yaml": "v",
            "app/values.yaml": Link("../shared/values.yaml"),
            "app/shared": Link("../shared"),
            "app/again": Link("shared/../app/shared"),
            "app/dangling": Link("nowhere"),
            "top": Link("."),
        },
    )
    assert snapshot.read("app/values.yaml") == b"v"
    assert snapshot.read("app/shared/values.yaml") == b"v"
    assert snapshot.read("app/again/values.yaml") == b"v"
    assert snapshot.read("top/top/app/values.yaml") == b"v"
    assert snapshot.read("app/dangling") is None
    assert snapshot.list("app") == [
        Entry("again", True),
        Entry("dangling", False),
        Entry("shared", True),
        Entry("values.yaml", False),
    ]


@pytest.mark.parametrize(
    "target",
    [
        "/proc/self/environ",
        "/etc/passwd",
        "../../x",
        "../../../../../../etc/passwd",
        "inner/../../../x",
        "down/../../x",
    ],
)
def test_a_link_that_leaves_the_repository_is_named(
    git: GitClient, repository: Repository, target: str
) -> None:
    files = {
        "app/link": Link(target),
        "app/inner/x": "1",
        "app/ok": "1",
        "other/x": "1",
        "app/down": Link("../other"),
        "x": "1",
    }
    snapshot = snap(git, repository, files)
    with pytest.raises(SourceError, match=r"'app/link' leads out of the repository"):
        snapshot.read("app/link")
    with pytest.raises(SourceError, match="out of the repository"):
        snapshot.export("app")
    # the neighbours of a bad link are not at fault
    assert snapshot.read("app/ok") == b"1"
    assert Entry("link", False) in (snapshot.list("app") or [])


def test_links_in_a_circle_are_an_error(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"a": Link("b"), "b": Link("a"), "folder/up": Link("../folder")})
    with pytest.raises(SourceError, match="circle"):
        snapshot.read("a")
    with pytest.raises(SourceError, match="'folder/up' leads back"):
        snapshot.export("folder")


@pytest.mark.bombs
def test_links_that_multiply_are_stopped(git: GitClient, repository: Repository) -> None:
    files: dict[str, Content] = {"0/x": "1"}
    for level in range(1, 30):
        files |= {f"{level}/a": Link(f"../{level - 1}"), f"{level}/b": Link(f"../{level - 1}")}
    with pytest.raises(SourceError, match="too big"):
        snap(git, repository, files).export("29")


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 9), ("MOST_LINKS", 1), ("MOST_FILES", 3)])
def test_a_folder_beyond_a_limit_is_refused(
    git: GitClient, repository: Repository, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    files: dict[str, Content] = {"app/a": "12345", "app/b": Link("a"), "app/c": Link("a"), "app/d": "0"}
    assert len(list(snap(git, repository, files).export("app").iterdir())) == 4
    monkeypatch.setattr(export, limit, value)
    with pytest.raises(SourceError, match="the folder is too big"):
        git.fetch(GitSource(url=repository.url, copy="again")).export("app")


def test_a_name_that_is_taken_on_this_file_system_is_not_written_through(
    git: GitClient, repository: Repository
) -> None:
    snapshot = snap(git, repository, {"app/a": "1", "app/A": "2", "app/b/c": "3"})
    taken = snapshot.export("app/b").parent / "A"  # as if this file system took `a` for `A`
    taken.write_text("kept")
    with pytest.raises(SourceError, match="'app/A' has a twin"):
        snapshot.export("app")
    assert taken.read_text() == "kept"


def test_a_submodule_says_what_it_is(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"app/x": "1", "app/module": Submodule("a" * 40)})
    with pytest.raises(SourceError, match="'app/module' is a submodule, which is not fetched"):
        snapshot.list("app/module")
    assert snapshot.list("app") == [Entry("module", True), Entry("x", False)]
    assert list((snapshot.export("app") / "module").iterdir()) == []
    with pytest.raises(SourceError, match="submodule 'app/module'"):
        snapshot.read("app/module/component.yaml")


def test_a_digest_covers_names_modes_and_bytes(git: GitClient, repository: Repository) -> None:
    base: dict[str, Content] = {"a/x": "1", "other": "1"}
    first = snap(git, repository, base)
    same = snap(git, repository, {"other": "2"})
    assert first.digest("a") == same.digest("a")
    assert first.digest("a/x") == same.digest("a/x")
    assert first.digest("") != same.digest("")
    changes: list[dict[str, Content]] = [
        {"a/x": "2"},
        {"a/x": Program("1")},
        {"a/x": None, "a/y": "1"},
        {"a/z": ""},
    ]
    digests = [snap(git, repository, change).digest("a") for change in changes]
    assert len({first.digest("a"), *digests}) == 5
    with pytest.raises(SourceError, match="no 'nothing'"):
        first.digest("nothing")


@pytest.mark.parametrize(
    "target",
    ["../common/values.yaml", "inner/up/common/values.yaml", "a/b/chart/../common/values.yaml"],
)
def test_a_digest_covers_what_its_links_lead_to(git: GitClient, repository: Repository, target: str) -> None:
    files: dict[str, Content] = {"chart/link": Link(target), "common/values.yaml": "1"}
    if target.startswith("inner"):
        files["chart/inner/up"] = Link("../..")
    if target.startswith("a"):  # each link alone stays in the chart's folder
        files["chart/a/b/chart"] = Link("../..")
    before = snap(git, repository, files)
    after = snap(git, repository, {"common/values.yaml": "2"})
    assert before.read("chart/link") == b"1"
    assert before.digest("chart") != after.digest("chart")


def test_export_writes_the_folder_and_nothing_else(git: GitClient, repository: Repository) -> None:
    files: dict[str, Content] = {
        "charts/app/Chart.yaml": "name: app",
        "charts/app/run.sh": Program("#!/bin/sh"),
        "charts/app/values.yaml": Link("../../shared/values.yaml"),
        "charts/app/templates": Link("../base/templates"),
        "charts/base/templates/x.yaml": "x",
        "shared/values.yaml": "v: 1",
        "big/unrelated": "1",
    }
    folder = snap(git, repository, files).export("charts/app")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == [
        "Chart.yaml",
        "run.sh",
        "templates",
        "templates/x.yaml",
        "values.yaml",
    ]
    assert (folder / "values.yaml").read_text() == "v: 1"
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert (folder / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (folder / "Chart.yaml").stat().st_mode & 0o777 == 0o644
    assert not (folder.parent.parent / "big").exists()


def test_exports_lie_beside_each_other(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"charts/a/x": "1", "charts/b/y": "2", "charts/z": "3", "root": "4"})
    a, b = snapshot.export("charts/a"), snapshot.export("charts/b")
    assert (a / "../b/y").read_text() == "2"
    assert (b / "../a").resolve() == a.resolve()
    assert (snapshot.export("charts") / "z").read_text() == "3"
    whole = snapshot.export("")
    assert (whole / "root").read_text() == "4"
    assert snapshot.export(".") == whole
    assert snapshot.export("charts/a/") == a


def test_exports_at_once(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {f"charts/{n}/x": str(n) for n in range(20)})
    paths = ["charts", "", *(f"charts/{n}" for n in range(20))] * 3
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(snapshot.export, paths))
    assert all((folders[2 + n] / "x").read_text() == str(n) for n in range(20))


def test_copies_are_exported_apart(git: GitClient, repository: Repository) -> None:
    repository.commit({"a/x": "1"})
    one = git.fetch(GitSource(url=repository.url, copy="one")).export("a")
    two = git.fetch(GitSource(url=repository.url, copy="two")).export("a")
    (one / "x").write_text("changed")
    assert (two / "x").read_text() == "1"


def test_a_folder_that_is_not_there_is_an_error(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"a": "1"})
    for path in ("b", "a", "../a"):
        with pytest.raises(SourceError):
            snapshot.export(path)


def _tree(repository: Repository, *entries: tuple[str, str, str]) -> str:
    """A commit with names that git's own commands refuse; entries are mode, name, object id."""
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(one) for mode, name, one in entries)
    tree = repository.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    note = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    commit = repository.git(*note, "commit-tree", "-m", "hostile", tree)
    repository.git("update-ref", "refs/heads/main", commit)
    return commit


@pytest.mark.parametrize("name", [".git", ".GIT", "..", ".", "a/b", "../../outside"])
def test_names_that_no_honest_git_writes(git: GitClient, repository: Repository, name: str) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"evil")
    commit = _tree(repository, ("100644", name, blob))
    snapshot = git.fetch(GitSource(url=repository.url, version=commit))
    for call in (snapshot.list, snapshot.export, lambda path: snapshot.read(f"{path}x")):
        with pytest.raises(SourceError, match="forbidden name"):
            call("")


@pytest.mark.parametrize(
    "name", ["git~1", ".git.", ".g\u200cit", "a\\b", "a\x1b[31m", ".git::$INDEX_ALLOCATION"]
)
def test_names_that_are_never_exported(git: GitClient, repository: Repository, name: str) -> None:
    snapshot = snap(git, repository, {f"chart/{name}/x": "evil", "other/x": "1"})
    with pytest.raises(SourceError, match="path 'chart/"):
        snapshot.export("chart")
    assert (snapshot.export("other") / "x").exists()


def test_a_tree_too_deep_for_the_stack(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"a/" * 1500 + "x": "1"})
    with pytest.raises(SourceError, match="too big"):
        snapshot.export("")
    with pytest.raises(SourceError, match="levels deep"):
        snapshot.digest("")
    assert snapshot.read("a/" * 1500 + "x") == b"1"


def test_a_digest_of_folders_that_hold_each_other(git: GitClient, repository: Repository) -> None:
    """A million million files in a dozen objects are looked at a dozen times."""
    tree = repository.git("mktree", stdin=b"")
    for _ in range(12):
        entries = "".join(f"040000 tree {tree}\td{number}\n" for number in range(10))
        tree = repository.git("mktree", stdin=entries.encode())
    note = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    commit = repository.git(*note, "commit-tree", "-m", "nested", tree)
    repository.git("update-ref", "refs/heads/main", commit)
    snapshot = git.fetch(GitSource(url=repository.url, version=commit))
    assert snapshot.digest("d0") == snapshot.digest("d9")


def test_a_failed_export_leaves_nothing(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"chart/a": "1", "chart/z": Link("/etc/passwd"), "chart/sub/x": "1"})
    for _ in range(2):
        with pytest.raises(SourceError, match="chart/z"):
            snapshot.export("chart")
    assert (snapshot.export("chart/sub") / "x").read_text() == "1"
    assert not (snapshot.export("chart/sub").parent / "a").exists()


def test_a_damaged_pack_is_a_clear_error(git: GitClient, repository: Repository, tmp_path: Path) -> None:
    snapshot = snap(git, repository, {"a": "1" * 100_000, "b/c": "2"})
    git.close()  # so that the files are opened anew
    for pack in (tmp_path / "scratch" / "git").glob("repository-*/objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:12] + b"\0" * 200)
    with pytest.raises(SourceError, match="can't be read"):
        snapshot.read("a")


def _count_open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_many_repositories_hold_few_files_open(git: GitClient, tmp_path: Path) -> None:
    stores = OpenStores(limit=3)
    all_objects = []
    for number in range(12):
        repository = Repository(tmp_path / f"{number}.git")
        repository.commit({"file": str(number)})
        repository.git("repack", "-adq")
        all_objects.append(Objects(LazyRepository(partial(Path, repository.folder)), str(number), stores))
    before = _count_open_files()

    def read(number: int) -> bytes | None:
        commit = ObjectID(Repository(tmp_path / f"{number}.git").tip().encode())
        return GitSnapshot(all_objects[number], commit, tmp_path / f"export-{number}").read("file")

    with ThreadPoolExecutor(4) as pool:
        numbers = [number % 12 for number in range(60)]
        assert list(pool.map(read, numbers)) == [str(number).encode() for number in numbers]
    assert _count_open_files() <= before + 4 * 3
    stores.close()
    assert _count_open_files() <= before


def test_an_object_that_the_server_lacks_is_told_as_that(git: GitClient, repository: Repository) -> None:
    snapshot = snap(git, repository, {"a.yaml": "kind: A\n"})
    with pytest.raises(SourceError, match="the server didn't send object d0d0") as caught:
        snapshot._objects.read(ObjectID(b"d0" * 20))
    assert "git fsck" in caught.value.fix
