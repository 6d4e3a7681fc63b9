"""Read the file that names the clusters of an HLD strictly, with line and column in every error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

import yaml

from promotion.common.paths import normalise_folder
from promotion.common.yaml.composer import compose_first, locate
from promotion.common.yaml.yaml_nodes import repeated_keys
from promotion.errors import DefinitionError, Location, UsageError

_KEYS = ("configs", "hld-path", "manifest-path", "environments")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_NULLS = ("", "~", "null", "Null", "NULL")
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


class _Parser:
    def __init__(self, where: Location) -> None:
        self._where = where

    def clusters(self, root: yaml.MappingNode) -> list[Cluster]:
        for again, _ in repeated_keys(root):
            self._fail(again, f"{again.value!r} is there twice", "Remove one of them.")
        return [self._cluster(key, value) for key, value in root.value]

    def _cluster(self, key: yaml.Node, node: yaml.Node) -> Cluster:
        name = self._text(key)
        if not _NAME.fullmatch(name):
            self._fail(key, f"{name!r} is no name for a cluster", "Take letters, digits, `-`, `_` and `.`.")
        if _is_null(node):
            return Cluster(name=name)
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{name} isn't a map", f"It may have {', '.join(_KEYS)}.")
        values = {self._key(entry): value for entry, value in node.value}
        return Cluster(
            name=name,
            configs=self._words(values["configs"]) if "configs" in values else (_PLACEHOLDER,),
            hld_path=self._folder(values["hld-path"], "hld-path") if "hld-path" in values else ".",
            manifest_path=self._folder(values["manifest-path"], "manifest-path")
            if "manifest-path" in values
            else "",
            environments=self._words(values["environments"]) if "environments" in values else (),
        )

    def _key(self, node: yaml.Node) -> str:
        key = self._text(node)
        if key not in _KEYS:
            like = get_close_matches(key, _KEYS, 1)
            self._fail(
                node,
                f"a cluster has no {key!r}",
                f"Write `{like[0]}`." if like else f"It may have {', '.join(_KEYS)}.",
            )
        return key

    def _folder(self, node: yaml.Node, name: str) -> str:
        folder = self._given_text(node)
        try:
            normalise_folder(folder, option=name)
        except UsageError as error:
            self._fail(node, error.what.removeprefix("input "), error.fix)
        return folder

    def _words(self, node: yaml.Node) -> tuple[str, ...]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        words = tuple(self._given_text(entry) for entry in nodes)
        for word, entry in zip(words, nodes, strict=True):
            if not _WORD.fullmatch(word):
                self._fail(entry, f"{word!r} is no name", "Write a list of names without blanks or commas.")
        if not words:
            self._fail(node, "the list is empty", "Leave it out for the default.")
        return words

    def _given_text(self, node: yaml.Node) -> str:
        if _is_null(node):
            self._fail(node, "there is nothing here", "Give a value, or leave it out for the default.")
        return self._text(node)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fail(node, "this isn't a text")
        return str(node.value)

    def _fail(self, node: yaml.Node, what: str, fix: str = "") -> NoReturn:
        raise DefinitionError(what, where=locate(node.start_mark, self._where), fix=fix)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS
