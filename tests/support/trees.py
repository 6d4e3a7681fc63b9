"""Definitions as data: a model to be changed by tests, written as files and rendered in memory."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.errors import PromotionError
from promotion.rendering.component_rendering import render_components
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.model import Folder, RenderedComponent, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.local_source import LocalSource
from support.charts import write_files
from support.definitions import MemoryFetcher, MemorySnapshot

Data = dict[str, Any]

OWN = ""  # the definition's own repository
CHART_REPOSITORY = "https://charts.test"
WEB = "https://web.test"
MANIFESTS = {
    "accounts": {
        "one.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: one}\n",
        "two.json": '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "two"}}',
        "README.md": "not a manifest",
    },
    "quota": {"quota.yml": "kind: ResourceQuota\nmetadata:\n  name: quota\n---\nkind: LimitRange\n"},
    "nothing": {"README.md": "no manifests, so no file"},
}
CHARTS = {
    # Shows all that it was given.
    "echo": {
        "values.yaml": "replicas: 1\nimage: {name: echo, tag: '1.0'}\nlabels: {team: none, tier: web}\n"
        "tags: [default]\nflag: false\n",
        "templates/echo.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
        "data:\n  values: {{ toJson .Values | quote }}\n  namespace: {{ .Release.Namespace }}\n",
    },
    # Several documents in Helm's order, one for the cluster, one with a namespace of its own, and a subchart.
    "shop": {
        "values.yaml": "image: {name: shop, tag: latest}\nflag: true\ncache: {labels: {tier: cache}}\n",
        "templates/all.yaml": "kind: Deployment\nmetadata: {name: shop}\n"
        'image: "{{ .Values.image.name }}:{{ .Values.image.tag }}"\nmode: 0644\n---\n'
        "kind: ClusterRole\nmetadata: {name: shop}\n---\n{{ if .Values.flag }}\n"
        "kind: Service\nmetadata: {name: shop, namespace: elsewhere}\n{{ end }}\n---\n# nothing\n",
        "charts/cache/Chart.yaml": "{apiVersion: v2, name: cache, version: 1.0.0}",
        "charts/cache/values.yaml": "replicas: 2\n",
        "charts/cache/templates/cache.yaml": "kind: Secret\nmetadata:\n  name: cache\n"
        "values: {{ toJson .Values }}\n",
    },
    # Prints nothing unless it is told to.
    "quiet": {
        "templates/quiet.yaml": "{{ if .Values.flag }}\nkind: Job\nmetadata: {name: quiet}\n{{ end }}\n"
    },
}

_PLAIN = re.compile(r"[a-z][a-z0-9/.-]*[a-z]")
_WORDS = ("yes", "no", "on", "off", "true", "false", "null")


@dataclass(frozen=True, kw_only=True)
class Part:
    """An entry of `subcomponents`, or what a component file says of its own component.

    A part with a `home` is by reference. Else it is a chart or manifests, named by `content`, in a
    `repository` (`CHART_REPOSITORY` for a chart there, `WEB` for a manifest there); or, in a component file
    only, neither.
    """

    name: str
    home: str = ""
    content: str = ""
    repository: str = OWN
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Home:
    """A component folder: where it is, its component file and its config files by layer."""

    repository: str = OWN
    path: str
    part: Part
    layers: Mapping[str, Data] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A whole definition. `homes` has the root first; `layers` are asked for; `json` says which files are.

    A file is named by its home and its stem: `("root", "config/prod")`.
    """

    homes: Mapping[str, Home]
    layers: tuple[str, ...] = ()
    json: frozenset[tuple[str, str]] = frozenset()

    def with_home(self, key: str, home: Home) -> Tree:
        return replace(self, homes={**self.homes, key: home})

    @property
    def stems(self) -> list[tuple[str, str]]:
        """All files."""
        return [
            (key, stem)
            for key, home in self.homes.items()
            for stem in ("component", *(f"config/{layer}" for layer in home.layers))
        ]


def write(tree: Tree) -> dict[str, dict[str, str]]:
    """The files of each repository by path; that of the definition is `OWN`."""
    repositories = {home.repository for home in tree.homes.values()}
    repositories |= {part.repository for home in tree.homes.values() for part in _all_parts(home.part)}
    files = {repository: dict(_CONTENTS) for repository in {OWN, *repositories} - {CHART_REPOSITORY, WEB}}
    for key, home in tree.homes.items():
        for stem, data in _describe_home(home, tree.homes).items():
            as_json = (key, stem) in tree.json
            text = json.dumps(data) if as_json else yaml.dump(data, Dumper=_Dumper, sort_keys=False)
            files[home.repository][_join(home.path, f"{stem}.{'json' if as_json else 'yaml'}")] = text
    return files


@dataclass(frozen=True, kw_only=True)
class Kitchen:
    """Renders trees with Helm's own code and the charts of `CHARTS` in a folder."""

    charts: Path
    helm: EmbeddedHelm

    @classmethod
    def open(cls, folder: Path) -> Kitchen:
        """A kitchen in an empty folder."""
        for name, files in CHARTS.items():
            write_files(folder / name, {**files, "Chart.yaml": _chart_yaml(name)})
        return cls(charts=folder, helm=EmbeddedHelm(commands=ProcessRunner({}, str, folder), scratch=folder))

    def render(self, tree: Tree, *, workers: int = 1) -> list[RenderedComponent] | None:
        """What the definition comes to; None if it is refused."""
        files = write(tree)
        fetcher = _Fetcher(files, self.charts)
        root = Folder(LocalSource(), tree.homes["root"].path)
        try:
            plan = resolve_definition(
                root,
                MemorySnapshot(files[OWN]),
                tree.layers,
                fetcher=fetcher,
                environment={},
                workers=workers,
            )
            return render_components(plan, self.helm, workers=workers)
        except PromotionError:
            return None

    def write_out(self, tree: Tree, folder: Path) -> None:
        """Write the definition's own files with real charts; what lies in repositories is left out."""
        write_files(folder, write(tree)[OWN])
        shutil.copytree(self.charts, folder / "charts", dirs_exist_ok=True)

    def manifests(self, tree: Tree) -> dict[str, str] | None:
        """Path → manifest; None if it is refused."""
        rendered = self.render(tree)
        return None if rendered is None else {part.path: part.manifest.decode() for part in rendered}


class _Fetcher(MemoryFetcher):
    """Charts are real folders; they are told apart by the folder's name."""

    def __init__(self, files: Mapping[str, Mapping[str, str]], charts: Path) -> None:
        super().__init__(git={name: texts for name, texts in files.items() if name != OWN})
        self._folder = charts

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        return ResolvedChart(path=self._folder / source.chart, version="1.0.0", digest=source.chart)

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        name = posixpath.basename(path)
        return ResolvedChart(path=self._folder / name, version="1.0.0", digest=name)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes every text that could be taken for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text not in _WORDS
    style = None if plain else "|" if text.endswith("\n") else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # type: ignore[no-any-return]


_Dumper.add_representer(str, _represent_text)


def _chart_yaml(name: str) -> str:
    return f"{{apiVersion: v2, name: {name}, version: 1.0.0}}"


_CONTENTS = {
    **{f"charts/{name}/Chart.yaml": _chart_yaml(name) for name in CHARTS},
    **{f"manifests/{name}/{file}": text for name, files in MANIFESTS.items() for file, text in files.items()},
}


def _all_parts(part: Part) -> list[Part]:
    return [part, *(found for below in part.parts for found in _all_parts(below))]


def _describe_home(home: Home, homes: Mapping[str, Home]) -> dict[str, Data]:
    return {
        "component": _describe(home.part, home, homes),
        **{f"config/{layer}": dict(config) for layer, config in home.layers.items()},
    }


def _describe(part: Part, within: Home, homes: Mapping[str, Home]) -> Data:
    """An entry as the folder `within` writes it."""
    data: Data = {"name": part.name}
    if part.home:
        home = homes[part.home]
        if home.repository == within.repository:
            data["source"] = posixpath.relpath(home.path or ".", within.path or ".")
        else:
            data |= {"method": "git", "source": home.repository, "path": home.path}
    elif part.content:
        # Both words for the same thing (fab: core/component.go:79).
        data["generator" if part.parts else "type"] = "helm" if part.content in CHARTS else "static"
        path = f"{'charts' if part.content in CHARTS else 'manifests'}/{part.content}"
        if part.repository == CHART_REPOSITORY:
            data |= {"method": "helm", "source": CHART_REPOSITORY, "path": part.content, "version": "1.x"}
        elif part.repository == WEB:
            data |= {"method": "http", "source": f"{WEB}/{part.content}.yaml"}
        elif part.repository == within.repository:
            data["path"] = posixpath.relpath(path, within.path or ".")
        else:
            data |= {"method": "git", "source": part.repository, "path": path}
    if part.parts:
        data["subcomponents"] = [_describe(below, within, homes) for below in part.parts]
    return data


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file
