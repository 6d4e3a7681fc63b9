"""A manifest branch that lives in memory and is as strict as git about files and folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from promotion.rendering.lock.input_digest import blob_id


@dataclass(frozen=True)
class Written:
    """A commit that was made, pushed or not."""

    tree: Mapping[str, bytes]
    modes: Mapping[str, str]
    message: str
    author: str
    email: str
    timestamp: int


@dataclass
class MemoryBranch:
    """Follows the protocol ManifestBranch. `modes` are those that aren't 100644; `reads` is what was read."""

    tree: dict[str, bytes] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    reads: list[str] = field(default_factory=list)
    prefetched: list[str] = field(default_factory=list)
    written: dict[str, Written] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)

    def files(self) -> dict[str, str]:
        return {path: f"{self.modes.get(path, '100644')} {blob_id(data)}" for path, data in self.tree.items()}

    def read(self, path: str) -> bytes | None:
        assert self.modes.get(path) != "160000", f"{path} is a submodule and has no content here"
        self.reads.append(path)
        return self.tree.get(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self.prefetched += paths

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        tree = dict(self.tree)
        for path, data in changes.items():
            if data is None:
                del tree[path]
            else:
                tree[path] = data
        for path in tree:
            parts = path.split("/")
            folders = {"/".join(parts[:end]) for end in range(1, len(parts))}
            assert not folders & tree.keys(), f"{path} lies in a file"
        modes = {path: mode for path, mode in self.modes.items() if path not in changes}
        commit = f"{len(self.written) + 1:040x}"
        self.written[commit] = Written(tree, modes, message, author, email, timestamp)
        return commit

    def push(self, commit: str) -> str:
        written = self.written[commit]
        self.tree, self.modes, self.commit = dict(written.tree), dict(written.modes), commit
        self.pushed.append(commit)
        return commit
