"""What a race is made of: sources that keep moving, and the history that must not go backwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, pairwise

from support.estate import SOURCES, Estate
from support.repositories import Content, Repository

LOCK = "promotion.lock"


def _release(application: str) -> Callable[[str, int], Mapping[str, Content]]:
    image = f"repository: ghcr.io/acme/{application}"
    return lambda _, number: {
        "hld/config/common.yaml": f"config: {{image: {{{image}, tag: 2.{number}.0}}}}\n",
    }


# How a source moves: each commit leaves its number in the manifests.
_MOVES: Mapping[str, Callable[[str, int], Mapping[str, Content]]] = {
    "cat-application": _release("cat-application"),
    "cloud-native": lambda _, number: {
        "hld/metrics/config/common.yaml": f"config: {{retention: {number}d}}\n",
    },
    "dog-application": _release("dog-application"),
    "cluster-hld": lambda branch, number: {
        f"config/{branch}.yaml": f"subcomponents: {{cat-application: {{config: {{replicas: {number}}}}}}}\n",
    },
}


@contextmanager
def moving_sources(estate: Estate, *branches: str, pause: float) -> Iterator[None]:
    """Inside the block another thread commits to the sources, one after the other, every `pause` seconds."""
    end = threading.Event()

    def move() -> None:
        for number in count(1):
            for name, make in _MOVES.items():
                for branch in branches:
                    if end.wait(pause):
                        return
                    estate.repository(name).commit(make(branch, number), branch=branch)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def find_steps_back(estate: Estate, branch: str, *, folder: str = "") -> list[str]:
    """Each commit of a manifest branch by which a source went back to an older commit, in words.

    The sources' branches are of the same name, and have never been rewritten.
    """
    ages = {
        commit: age
        for name in SOURCES
        for age, commit in enumerate(reversed(estate.repository(name).history(branch)))
    }
    locks = [
        (commit, {source: ages[revision] for source, revision in _read_sources(text).items()})
        for commit in reversed(estate.manifests.history(branch))
        if (text := _read_file(estate.manifests, commit, f"{folder}{LOCK}"))
    ]
    return [
        f"{commit}: {source} went back by {before[source] - age} commits"
        for (_, before), (commit, after) in pairwise(locks)
        for source, age in after.items()
        if age < before.get(source, 0)
    ]


def _read_sources(text: str) -> dict[str, str]:
    """The commits that a lock names, by component."""
    lock = json.loads(text)
    parts = {path: part["revision"] for path, part in lock["components"].items()}
    return {**parts, "the definition": lock["hld"]["commit"]}


def _read_file(repository: Repository, commit: str, path: str) -> str:
    found = repository.git("ls-tree", "-r", commit, "--", path)
    return repository.git("cat-file", "blob", f"{commit}:{path}") if found else ""


def find_merges(repository: Repository, branch: str) -> Sequence[str]:
    """The commits of a branch that haven't one parent, but for its first."""
    lines = [
        line.split() for line in repository.git("rev-list", "--parents", repository.tip(branch)).splitlines()
    ]
    return [words[0] for words in lines[:-1] if len(words) != 2]


def read_state(manifests: Repository, branch: str) -> dict[str, str]:
    """Every path with its blob, and every lock's text, but for where values are written.

    Places stay those of the commit at which a component was last made from other inputs, so a branch with a
    history has other ones than a fresh one.
    """
    state = manifests.files(branch)
    for path in state:
        if path.endswith(LOCK):
            lock = json.loads(manifests.read(path, branch))
            del lock["checksum"]
            for part in lock["components"].values():
                part.pop("origins", None)
            state[path] = json.dumps(lock)
    return state
