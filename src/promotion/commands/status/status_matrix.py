"""The components of each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import pairwise

from promotion.common.commit_history import PastCommit
from promotion.common.git_ids import is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.errors import PublishError
from promotion.rendering.lock.lock import HeldPart, LockedComponent, LockedHld
from promotion.rendering.manifests.resources import Image
from promotion.rendering.model import Provenance


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A component in one environment.

    `images` are those that it runs, `since` is the commit of the manifest repository that brought it as it
    is; None if that is older than what was looked at. `hld` is the definition that it was made from; of what
    a rollback holds, that of then, whose commit is empty if unknown. `pinned` is the commit whose state
    a rollback holds, empty if none does; `held` is the part that it belongs to, if that is held back.
    """

    part: LockedComponent
    hld: LockedHld
    images: tuple[Image, ...] = ()
    since: PastCommit | None = None
    pinned: str = ""
    held: str = ""

    @property
    def provenance(self) -> Provenance:
        """Where it came from."""
        return self.part.trace(self.hld)

    @property
    def place(self) -> tuple[str, ...]:
        """The address of its source; for a component of the definition's own repository, with its folder."""
        origin = self.provenance
        return (origin.source,) if self.part.provenance.source else (origin.source, origin.path)

    @property
    def revision(self) -> str:
        """The revision of its source: a commit, or a chart's version and digest; empty if unknown."""
        return self.provenance.revision

    @property
    def commit(self) -> str:
        """The commit of its source; empty for a chart of a chart repository and a file from the web."""
        return self.revision if is_commit(self.revision) else ""

    @property
    def version(self) -> str:
        """The version for people: its chart's version, its image's tag, or the branch or tag asked for."""
        return self._chart_version or self._tag or self.provenance.ref

    @property
    def _chart_version(self) -> str:
        version, _, digest = self.part.provenance.revision.partition(" ")
        return version if digest else ""

    @property
    def _tag(self) -> str:
        """The tag of the image that has its name, or of all images."""
        name = self.part.label.rpartition("/")[2]
        own = {image.tag for image in self.images if image.name.rpartition("/")[2] == name}
        tags = own or {image.tag for image in self.images}
        return tags.pop() if len(tags) == 1 else ""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment. `commit` is the tip of its branch; empty if there is no branch with manifests of ours.
    `has_branch` says whether there is a branch at all, `is_trusted` that nobody has changed its lock since a
    run wrote it.

    `cells` are by output path; `absent` are the names of components that a rollback holds back from being
    there, by output path, too. `past` are the revisions that each component, by its label, has had according
    to the messages of the commits, the newest first. `held` are the parts that are held back. `damage` is why
    its lock can't be read, so that nothing else is known.
    """

    name: str
    branch: str
    has_branch: bool = False
    commit: str = ""
    time: int = 0
    cells: Mapping[str, Cell] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held: Mapping[str, HeldPart] = field(default_factory=dict)
    is_trusted: bool = True
    damage: PublishError | None = None

    @property
    def is_missing(self) -> bool:
        """Whether there is nothing of ours."""
        return not self.commit


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All environments, each before the next one, and the manifest repository.

    `folder` is the normalised `manifest-path`.
    """

    repository: str
    environments: tuple[Environment, ...]
    folder: str = ""

    @property
    def paths(self) -> list[str]:
        """The output paths of all components, in order of their names."""
        labels = self._labels
        return sorted(labels, key=lambda path: (labels[path], path))

    def label(self, path: str) -> str:
        """Return the name of a component."""
        return self._labels[path]

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        absent = {path: label for one in self.environments for path, label in one.absent.items()}
        present = [
            (path, cell.part.label) for one in self.environments[::-1] for path, cell in one.cells.items()
        ]
        return absent | dict(present)

    def pairs(self) -> list[tuple[Environment, Environment]]:
        """Return each existing environment with the next existing one, if both can be read."""
        there = [one for one in self.environments if not one.is_missing]
        return [pair for pair in pairwise(there) if not any(one.damage for one in pair)]
