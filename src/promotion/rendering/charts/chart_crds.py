"""CustomResourceDefinitions in the folders `crds/` of a chart and of its subcharts.

Helm doesn't render them. `helm template --include-crds` prints them first, as they are: a chart's own in the
order of its files, then those of its subcharts (Helm: pkg/chart/v2/chart.go, `CRDObjects`;
pkg/action/action.go, `renderResources`). Which subcharts there are, their conditions decide, so a template
asks Helm: it prints the files of every chart that is left, as a hook, which is taken out of what Helm prints.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promotion.errors import RenderError

_ENDINGS = (".yaml", ".yml", ".json")
_FOLDER = "crds/"
PATH = "/".join(["templates", *["z"] * 8, "zz-crds.yaml"])
_HEAD = "metadata: {annotations: {helm.sh/hook: pre-install}}\n"
# `.Files` has what isn't a template, `.Subcharts` the subcharts that are on (pkg/engine/engine.go,
# `recAllTpls`), by their aliases (pkg/chart/v2/util/dependencies.go, `processDependencyEnabled`).
TEMPLATE = (
    _HEAD
    + """\
{{- define "promotion.crds" -}}
{{- $order := list -}}
{{- range .chart.Chart.Dependencies -}}{{- $order = append $order .Name -}}{{- end -}}
{{- $files := dict -}}
{{- range $name, $data := .chart.Files -}}
{{- if hasPrefix "crds/" $name -}}{{- $_ := set $files $name (toString $data | b64enc) -}}{{- end -}}
{{- end }}
# {{ dict "path" .path "order" $order "files" $files | toJson }}
{{- $path := .path -}}
{{- range $name, $chart := .chart.Subcharts -}}
{{- template "promotion.crds" (dict "chart" $chart "path" (printf "%s/charts/%s" $path $name)) -}}
{{- end -}}
{{- end -}}
{{- template "promotion.crds" (dict "chart" . "path" .Chart.Name) -}}
"""
)
_PRINTED = re.compile(
    rf"---\n# Source: [^/\n]+/{re.escape(PATH)}\n{re.escape(_HEAD)}(?P<lines>(?:# \{{.*\}}\n)+)", re.ASCII
)


def is_crd_file(path: str) -> bool:
    """Return whether a file of a chart, at its path in it, is in a folder `crds/`, a subchart's perhaps."""
    return _FOLDER in f"/{path}" and path.lower().endswith(_ENDINGS)


def take_out(printed: str) -> tuple[str, dict[str, bytes]]:
    """Return what Helm printed without what `TEMPLATE` printed, and the files that are in that."""
    found = _PRINTED.search(printed)
    if not found:
        return printed, {}
    return printed[: found.start()] + printed[found.end() :], read_files(found["lines"])


def read_files(printed: str) -> dict[str, bytes]:
    """Return the files that `TEMPLATE` printed, in Helm's order, by their path, as `shop/crds/cats.yaml`.

    Subcharts that no Chart.yaml lists come first, as with Helm, and by name: Helm's order of those changes.
    """
    charts = [json.loads(line[2:]) for line in printed.splitlines() if line.startswith("# {")]
    by_path = {chart["path"]: chart for chart in charts}
    return dict(_walk(charts[0], by_path)) if charts else {}


def print_files(files: Mapping[str, bytes]) -> str:
    """Return the files as `helm template --include-crds` prints them.

    Raises:
        RenderError: one isn't UTF-8.
    """
    texts = []
    for path, data in files.items():
        try:
            texts.append(f"---\n# Source: {path}\n{data.decode()}\n")
        except UnicodeDecodeError:
            raise RenderError(f"{path} isn't UTF-8", fix="Save it as UTF-8.") from None
    return "".join(texts)


def show_files(files: Mapping[str, bytes]) -> str:
    """Return the files as `print_files` does, without those that aren't UTF-8."""
    texts = {path: data.decode("utf-8", "replace") for path, data in files.items()}
    return print_files({path: text.encode() for path, text in texts.items() if "\ufffd" not in text})


def _walk(chart: Mapping[str, Any], by_path: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    path = chart["path"]
    for name in sorted(chart["files"], key=lambda name: name.split("/")):
        if name.lower().endswith(_ENDINGS):
            yield f"{path}/{name}", b64decode(chart["files"][name])
    for child in _list_children(path, chart["order"], by_path):
        yield from _walk(by_path[child], by_path)


def _list_children(path: str, order: Iterable[str], by_path: Mapping[str, object]) -> list[str]:
    below = f"{path}/charts/"
    children = [other for other in by_path if other.startswith(below) and "/" not in other[len(below) :]]
    ranks = {f"{below}{name}": rank for rank, name in enumerate(order)}
    return sorted(children, key=lambda child: (ranks.get(child, -1), child))
