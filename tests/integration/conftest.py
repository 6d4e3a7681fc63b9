"""Fixtures that need servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.disks import MakeDisk, mount_disks
from support.github_server import FakeGitHub
from support.guard_world import World, make_world


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A fake GitHub; the test fails if anything that went over the wire isn't as GitHub describes it."""
    with FakeGitHub() as server:
        yield server
    assert not server.violations


@pytest.fixture
def world(github: FakeGitHub) -> World:
    """A repository with `dev`, `stage` and `prod` on it."""
    return make_world(github)


@pytest.fixture
def small_disk() -> Iterator[MakeDisk]:
    """Makes a folder a small disk."""
    with mount_disks() as make:
        yield make
