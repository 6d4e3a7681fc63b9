"""Which components come from a repository."""

from __future__ import annotations

import pytest

from promotion.commands.promote.manifest_comparison import find_own
from promotion.rendering.lock.lock import Lock, LockedComponent, LockedHld, LockedSubtree
from promotion.rendering.model import Provenance
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source

SERVER = "https://github.com"
CAT, DOG, HLD = (f"https://github.com/acme/{name}" for name in ("cat", "dog", "hld"))


def subtree(*sources: Source, subtrees: tuple[str, ...] = ()) -> LockedSubtree:
    return LockedSubtree(answers=dict.fromkeys(sources, "0" * 40), subtrees=subtrees)


LOCK = Lock(
    hld=LockedHld(repository=HLD),
    components={
        "cat/cat.yaml": LockedComponent(label="cat", provenance=Provenance(source=CAT), subtree="cat"),
        "cat/redis/redis.yaml": LockedComponent(
            label="cat/redis", provenance=Provenance(source="https://charts.test"), subtree="redis"
        ),
        "dog/dog.yaml": LockedComponent(label="dog", provenance=Provenance(source=DOG), subtree="dog"),
        "logging/logging.yaml": LockedComponent(label="logging", subtree="root"),
        "metrics/metrics.yaml": LockedComponent(
            label="metrics", provenance=Provenance(source="https://charts.test"), subtree="metrics"
        ),
        "tools/tools.yaml": LockedComponent(
            label="tools", provenance=Provenance(source="https://github.com/acme/tools"), subtree="tools"
        ),
    },
    subtrees={
        "root": subtree(GitSource(url="acme/hld", branch="dev"), subtrees=("cat", "dog", "metrics", "tools")),
        "cat": subtree(GitSource(url=f"{CAT}.git", branch="dev"), subtrees=("redis",)),
        "redis": subtree(ChartSource(repository="https://charts.test", chart="redis")),
        "dog": subtree(GitSource(url=DOG, branch="dev")),
        "metrics": subtree(ChartSource(repository="https://charts.test", chart="metrics")),
        "tools": subtree(GitSource(url="https://github.com/acme/tools", version="v1")),
    },
)


def test_an_applications_components_and_the_charts_that_it_names() -> None:
    assert find_own(LOCK, "acme/cat", SERVER) == {"cat/cat.yaml", "cat/redis/redis.yaml"}


def test_the_hlds_are_all_but_those_of_other_branches() -> None:
    own = {"logging/logging.yaml", "metrics/metrics.yaml", "tools/tools.yaml"}
    assert find_own(LOCK, "Acme/HLD", SERVER) == own


def test_without_units_the_sources_tell() -> None:
    edited = Lock(hld=LOCK.hld, components=LOCK.components)
    assert find_own(edited, "acme/cat", SERVER) == {"cat/cat.yaml"}
    assert find_own(edited, "acme/hld", SERVER) == {"logging/logging.yaml"}


def test_another_repository_has_none() -> None:
    assert not find_own(LOCK, "acme/bird", SERVER)
    assert not find_own(Lock(), "acme/cat", SERVER)


@pytest.mark.parametrize(
    "address",
    [
        "acme/cat",
        "https://github.com/acme/cat",
        "https://github.com/Acme/Cat.git/",
        "https://user@github.com/acme/cat.git",
        "git@github.com:acme/cat.git",
        "ssh://git@github.com/acme/cat",
    ],
)
def test_one_repository_has_many_addresses(address: str) -> None:
    assert find_own(of(address), "acme/cat", SERVER) == {"cat.yaml"}


@pytest.mark.parametrize(
    "address", ["https://github.test/acme/cat", "acme/cat2", "https://github.com/acme/cat/x", "../cat"]
)
def test_another_address_is_another_repository(address: str) -> None:
    assert not find_own(of(address), "acme/cat", SERVER)


def of(address: str) -> Lock:
    return Lock(components={"cat.yaml": LockedComponent(label="cat", provenance=Provenance(source=address))})
