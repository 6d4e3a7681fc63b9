"""Rolling back on a branch in memory: races, and locks that somebody has damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promotion.common.backoff import PUBLISH
from promotion.errors import BranchMovedError, PublishError, UsageError
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import LOCK_NAME, Lock, LockedComponent
from promotion.rendering.lock.lock_file import dumps
from support.memory_branch import MemoryBranch
from support.rollbacks import Tools, read_lock, request, roll_back_branch


def commit(branch: MemoryBranch, **files: str) -> str:
    """A commit of ours with these components and no others."""
    contents = {f"{name}.yaml": text.encode() for name, text in files.items()}
    components = {
        path: LockedComponent(label=path.removesuffix(".yaml"), files={path: blob_id(data)})
        for path, data in contents.items()
    }
    gone = read_lock(branch).files.keys() - contents.keys()
    lock = dumps(Lock(environment="dev", components=components))
    changes = {**dict.fromkeys(gone), **contents, LOCK_NAME: lock}
    made = branch.write(changes, message="Change", author="A", email="a@b", timestamp=0)
    return branch.push(made)


@pytest.fixture
def branch() -> MemoryBranch:
    branch = MemoryBranch(tree={"README.md": b"of somebody else"})
    commit(branch, cat="kind: Old\n", bird="kind: Bird\n")
    commit(branch, cat="kind: New\n", fish="kind: Fish\n")
    return branch


def test_the_state_is_restored_and_nothing_else(branch: MemoryBranch) -> None:
    first, second = branch.pushed
    outcome = roll_back_branch(branch, request(to=first))
    assert branch.tree.keys() == {"README.md", "cat.yaml", "bird.yaml", LOCK_NAME}
    assert branch.tree["cat.yaml"] == b"kind: Old\n"
    assert outcome.pinned == ("bird", "cat", "fish")
    assert {pin.base for pin in read_lock(branch).pins.values()} == {second}
    assert outcome.report.commit == branch.commit


def test_a_branch_that_moves_is_opened_again_for_the_same_commit(branch: MemoryBranch) -> None:
    first = branch.pushed[0]

    def refuse(made: str) -> str:
        commit(branch, cat="kind: Newest\n", fish="kind: Fish\n", dog="kind: Dog\n")
        raise BranchMovedError("moved")

    asked = request(to=first, components=("cat",))
    roll_back_branch(branch, asked, Tools(branch, refuse), Tools(branch))
    assert branch.tree["cat.yaml"] == b"kind: Old\n"
    assert branch.tree["dog.yaml"] == b"kind: Dog\n"
    held_back = read_lock(branch).pins["cat.yaml"].held_back
    assert held_back
    assert held_back.files == {"cat.yaml": blob_id(b"kind: Newest\n")}


def test_it_gives_up_after_some_attempts(branch: MemoryBranch) -> None:
    before, tried = dict(branch.tree), []

    def refuse(made: str) -> str:
        tried.append(made)
        raise BranchMovedError("moved")

    with pytest.raises(BranchMovedError):
        roll_back_branch(branch, request(to=branch.pushed[0]), *(Tools(branch, refuse) for _ in range(20)))
    assert len(tried) == PUBLISH.attempts
    assert branch.tree == before


def test_a_dry_run_writes_nothing(branch: MemoryBranch) -> None:
    before = len(branch.written)
    outcome = roll_back_branch(branch, request(to=branch.pushed[0], dry_run=True))
    assert len(branch.written) == before
    assert outcome.report.changed
    assert "+kind: Old" in outcome.report.diff


def forge(branch: MemoryBranch, path: str) -> None:
    """The lock of the tip claims a file of somebody else."""
    content = json.loads(branch.tree[LOCK_NAME])
    content["components"]["cat.yaml"]["files"] = {path: "0" * 40}
    branch.tree[LOCK_NAME] = json.dumps(content).encode()


@pytest.mark.parametrize("path", ["README.md", ".github/workflows/ci.yaml", "../cat.yaml", "other.yaml"])
def test_a_forged_lock_deletes_no_file_of_others(branch: MemoryBranch, path: str) -> None:
    branch.tree["other.yaml"] = b"kind: Other\n"
    forge(branch, path)
    before = dict(branch.tree)
    with pytest.raises(PublishError, match="damaged"):
        roll_back_branch(branch, request(to=branch.pushed[0]))
    assert branch.tree == before


@pytest.mark.parametrize(
    "lock", [b"", b"{}", b"<<<<<<<", b'{"format": 99}', b'{"format": 3, "pins": {"a": {}}}']
)
@pytest.mark.parametrize("where", ["now", "then"])
def test_a_damaged_lock_is_one_clear_error(branch: MemoryBranch, lock: bytes, where: str) -> None:
    first = branch.pushed[0]
    if where == "now":
        branch.tree[LOCK_NAME] = lock
    else:
        branch.written[first].tree[LOCK_NAME] = lock  # type: ignore[index]
    before = dict(branch.tree)
    with pytest.raises(PublishError):
        roll_back_branch(branch, request(to=first))
    assert branch.tree == before


def edit(lock: bytes) -> bytes:
    """The lock with another revision; its checksum is the old one."""
    return lock.replace(b'"revision": ""', b'"revision": "2.0.0 sha256:2"')


def test_an_edited_lock_is_told_and_stays_one(branch: MemoryBranch) -> None:
    first, second = branch.pushed
    branch.tree[LOCK_NAME] = edit(branch.tree[LOCK_NAME])
    report = roll_back_branch(branch, request(to=first)).report
    assert branch.tree["cat.yaml"] == b"kind: Old\n"
    assert [f"at {second[:12]} it has a wrong checksum" in text for text in report.warnings] == [True]
    assert not read_lock(branch).is_trusted, "a good checksum would make it believed"


def test_a_state_whose_lock_was_edited_is_told(branch: MemoryBranch) -> None:
    first = branch.pushed[0]
    tree: Any = branch.written[first].tree
    tree[LOCK_NAME] = edit(tree[LOCK_NAME])
    report = roll_back_branch(branch, request(to=first)).report
    assert [f"at {first[:12]} it has a wrong checksum" in text for text in report.warnings] == [True]
    assert read_lock(branch).is_trusted


def test_another_environment_is_refused(branch: MemoryBranch) -> None:
    with pytest.raises(PublishError, match="those of environment 'dev', not 'prod'"):
        roll_back_branch(branch, request(environment="prod", to=branch.pushed[0]))


def test_what_is_not_pinned_cannot_be_lifted(branch: MemoryBranch) -> None:
    with pytest.raises(UsageError, match="'cat' isn't pinned"):
        roll_back_branch(branch, request(lift=("cat",)))
    assert not roll_back_branch(branch, request(lift=("all",))).report.changed


@pytest.mark.parametrize(
    ("to", "words"), [("yesterday", "input to is 'yesterday'"), ("2999-01-01", "to come")]
)
def test_a_target_that_cannot_be_is_refused_before_anything_is_read(to: str, words: str) -> None:
    unreadable: Any = None
    with pytest.raises(UsageError, match=words):
        roll_back_branch(MemoryBranch(), request(to=to), unreadable)
