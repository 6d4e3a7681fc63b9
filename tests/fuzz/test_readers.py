"""Whatever a file holds, its reader gives a value or one of our own errors, soon.

Each input follows from its number, so a failure is seen again by `FUZZ_FIRST=<number> FUZZ_INPUTS=1`.
`make fuzz` looks longer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from support.mutations import mutate
from support.readers import ALLOWED, READERS, SEEDS, read

FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
INPUTS = int(os.environ.get("FUZZ_INPUTS", "100"))  # for each reader
SECONDS = 2.0  # of processor time that an input may take


def inputs(seeds: list[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    for number in range(FIRST, FIRST + INPUTS):
        yield number, mutate(Random(f"{name} {number}"), seeds)  # noqa: S311  it has to be the same again


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_the_files_to_start_from_are_read(reader: Callable[[bytes], None], tmp_path: Path) -> None:
    for seed in SEEDS[READERS[reader]]:
        read(reader, seed, tmp_path)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_only_our_own_errors_come_out(reader: Callable[[bytes], None], tmp_path: Path) -> None:
    seeds = SEEDS[READERS[reader]]
    refused, longest = 0, 0.0
    for number, data in inputs(seeds, reader.__name__):
        start = time.thread_time()
        try:
            read(reader, data, tmp_path)
        except ALLOWED:
            refused += 1
        except Exception as error:
            raise AssertionError(f"input {number} of {reader.__name__}: {data[:2000]!r}") from error
        spent = time.thread_time() - start
        assert spent < SECONDS, f"input {number} of {reader.__name__} takes {spent:.1f} s: {data[:2000]!r}"
        longest = max(longest, spent)
    print(f"{reader.__name__}: {INPUTS} inputs, {refused} refused, the longest took {longest:.3f} s")
