"""The charts that are measured: a small one, and one as large as those that bring many custom resources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.estates import list_application

_CRDS, _PAIRS = 87, 100  # 287 documents, 3.4 MB
_DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.example.com
spec:
  group: example.com
  names: {{kind: {kind}, plural: {plural}, singular: {singular}, listKind: {kind}List}}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
{schema}
"""
_PAIR = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings-{number}, labels: {{app: {{{{ .Release.Name }}}}}}}}
data:
  mode: "fast"
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: part-{number}, labels: {{app: part-{number}}}}}
spec:
  selector: {{matchLabels: {{app: part-{number}}}}}
  template:
    metadata: {{labels: {{app: part-{number}}}}}
    spec:
      containers:
        - name: main
          image: example/main:1.0
          env: [{{name: MODE, value: "fast"}}]
"""


def write_small_chart(folder: Path) -> Path:
    """Write a definition with one application's chart; gives the chart."""
    return _write(folder, {path.removeprefix("hld/"): text for path, text in list_application("app").items()})


def write_large_chart(folder: Path) -> Path:
    """Write a definition with a chart that prints 3.4 MB; gives the chart."""
    schema = "\n".join(_make_schema(2, " " * 10))
    files = {
        "component.yaml": "name: large\ntype: helm\npath: chart\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: large\nversion: 0.1.0\n",
        "chart/values.yaml": "mode: fast\n",
    }
    for number in range(_CRDS):
        kind = f"Thing{number}"
        files[f"chart/templates/crd-{number}.yaml"] = _DEFINITION.format(
            kind=kind, singular=kind.lower(), plural=f"things{number}", schema=schema
        )
    for number in range(_PAIRS):
        files[f"chart/templates/part-{number}.yaml"] = _PAIR.format(number=number)
    return _write(folder, files)


def _make_schema(depth: int, indent: str) -> Iterator[str]:
    yield f"{indent}description: What the field means to the controller, and when it may be left out."
    yield f"{indent}type: object"
    yield f"{indent}properties:"
    for number in range(5):
        yield f"{indent}  field{number}:"
        if depth:
            yield from _make_schema(depth - 1, f"{indent}    ")
        else:
            yield f"{indent}    description: |-"
            yield f"{indent}      A value that is given to the container as it is. More about it stands in"
            yield f"{indent}      the documentation of Kubernetes."
            yield f"{indent}    type: string"


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "chart"
