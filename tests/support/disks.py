"""Disks that are soon full."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MakeDisk = Callable[[Path, int], None]  # makes a folder a disk of so many KiB


@contextmanager
def mount_disks() -> Iterator[MakeDisk]:
    """Makes disks in memory; the test is skipped where nobody may."""
    mounted: list[Path] = []

    def mount(folder: Path, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        argv = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
        try:
            done = subprocess.run(argv, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("NOT TESTED HERE: there is no mount")
        if done.returncode:
            pytest.skip("NOT TESTED HERE: no disk can be mounted")
        mounted.append(folder)

    try:
        yield mount
    finally:
        for folder in mounted:
            subprocess.run(["umount", str(folder)], check=True)
