"""Read the file that names the clusters of an HLD strictly, with line and column in every error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from promotion.common.paths import normalise_folder
from promotion.common.yaml.composer import compose_first
from promotion.common.yaml.strict_reader import StrictReader, is_null, list_entries
from promotion.errors import DefinitionError, Location, UsageError

_KEYS = ("configs", "hld-path", "manifest-path", "environments")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PLACEHOLDER = "{environment}"
_WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster. `{environment}` in its texts stands for the environment; no `environments` means all.

    `configs` are Fabrikate's config names, the most important first.
    """

    name: str
    configs: tuple[str, ...] = (_PLACEHOLDER,)
    hld_path: str = "."
    manifest_path: str = ""
    environments: tuple[str, ...] = ()

    def job(self, environment: str) -> Mapping[str, str]:
        """Return its entry of the matrix: inputs of the action by name."""
        texts = {
            "hld-path": self.hld_path,
            "configs": " ".join(self.configs),
            "manifest-path": self.manifest_path or self.name,
        }
        return {
            "cluster": self.name,
            "environment": environment,
            **{key: text.replace(_PLACEHOLDER, environment) for key, text in texts.items()},
        }


def parse_clusters(data: bytes, where: Location) -> list[Cluster]:
    """Parse the clusters of a file, in its order.

    Raises:
        DefinitionError: it isn't YAML, or names no clusters as it should; with line and column.
    """
    root = compose_first(data, where)
    if not isinstance(root, yaml.MappingNode) or not root.value:
        fix = "Write a name for each: `east: {configs: [prod, east]}`."
        raise DefinitionError("it names no clusters", where=where, fix=fix)
    return _Parser(where).clusters(root)


def list_jobs(clusters: list[Cluster], environment: str, where: Location) -> list[Mapping[str, str]]:
    """Return the matrix's entries for an environment.

    Raises:
        DefinitionError: two clusters would be written to one folder.
    """
    chosen = [cluster for cluster in clusters if environment in (cluster.environments or (environment,))]
    jobs = [cluster.job(environment) for cluster in chosen]
    owners: dict[str, str] = {}
    for job in jobs:
        folder = normalise_folder(job["manifest-path"])
        if other := owners.get(folder):
            what = f"the clusters {other} and {job['cluster']} would both be written to {folder or '.'}"
            raise DefinitionError(what, where=where, fix="Give each a `manifest-path` of its own.")
        owners[folder] = job["cluster"]
    return jobs


class _Parser(StrictReader):
    def clusters(self, root: yaml.MappingNode) -> list[Cluster]:
        fields = self.fields(root, "the file")
        return [self._cluster(name, key, value) for name, (key, value) in fields.items()]

    def _cluster(self, name: str, key: yaml.Node, node: yaml.Node) -> Cluster:
        if not _NAME.fullmatch(name):
            self.fail(key, f"{name!r} is no name for a cluster", "Take letters, digits, `-`, `_` and `.`.")
        fields = {} if is_null(node) else self.fields(node, name, _KEYS)
        values = {key: value for key, (_, value) in fields.items()}
        return Cluster(
            name=name,
            configs=self._words(values["configs"], "configs") if "configs" in values else (_PLACEHOLDER,),
            hld_path=self._folder(values["hld-path"], "hld-path") if "hld-path" in values else ".",
            manifest_path=self._folder(values["manifest-path"], "manifest-path")
            if "manifest-path" in values
            else "",
            environments=self._words(values["environments"], "environments")
            if "environments" in values
            else (),
        )

    def _folder(self, node: yaml.Node, name: str) -> str:
        folder = self.scalar(node, name)
        try:
            normalise_folder(folder, option=name)
        except UsageError as error:
            self.fail(node, error.what.removeprefix("input "), error.fix)
        return folder

    def _words(self, node: yaml.Node, name: str) -> tuple[str, ...]:
        nodes = list_entries(node)
        words = tuple(self.text(entry, f"an entry of {name}") for entry in nodes)
        for word, entry in zip(words, nodes, strict=True):
            if not _WORD.fullmatch(word):
                self.fail(entry, f"{word!r} is no name", "Write a list of names without blanks or commas.")
        if not words:
            self.fail(node, "the list is empty", "Leave it out for the default.")
        return words
