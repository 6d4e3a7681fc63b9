"""What a packed object takes to unpack, told before it is unpacked."""

from __future__ import annotations

from pathlib import Path

import pytest
from dulwich.object_format import SHA1
from dulwich.objects import ObjectID
from dulwich.pack import Pack as Packed

from promotion.edges.git.tree_sizes import Weight, weigh
from support.repositories import Repository


def lines(count: int) -> str:
    return "".join(f"line {number} of a file that is long enough for a delta\n" for number in range(count))


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Repository, Packed]:
    """Two versions of a file in one pack, the smaller one a delta of the larger."""
    repository = Repository(tmp_path / "repository")
    repository.commit({"a": lines(2000)})
    repository.commit({"a": lines(1000)})
    repository.git("repack", "-a", "-d", "-f", "-q")
    (index,) = repository.folder.glob("objects/pack/*.idx")
    return repository, Packed(str(index.with_suffix("")), object_format=SHA1)


def test_a_delta_weighs_as_much_as_the_largest_object_on_the_way_to_it(
    packed: tuple[Repository, Packed],
) -> None:
    repository, pack = packed
    ids = {
        count: ObjectID(repository.git("hash-object", "--stdin", stdin=lines(count).encode()).encode())
        for count in (1000, 2000)
    }
    weights = {count: weigh(pack, object_id) for count, object_id in ids.items()}
    sizes = {count: len(lines(count)) for count in ids}
    assert weights[2000] == Weight(largest=sizes[2000], deltas=0, work=sizes[2000])
    assert weights[1000].largest == sizes[2000], "the larger one is unpacked on the way"
    assert weights[1000].deltas > 0
    assert weights[1000].work == sizes[1000] + sizes[2000] + weights[1000].deltas
