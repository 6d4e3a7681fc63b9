"""The section of a repository's README on how its changes reach the clusters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from promotion.commands.init.inputs import SetupRequest
from promotion.errors import UsageError

BEGIN, END = "<!-- promotion -->", "<!-- /promotion -->"
_SECTION = re.compile(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def make_section(request: SetupRequest, *, files: Sequence[str]) -> str:
    """Return the section, between its markers.

    Args:
        files: the names of the workflows that the repository gets.
    """
    text = {"application": _application, "hld": _hld, "manifests": _manifests}[request.kind](request)
    if "preview.yml" in files:
        text += "\nA pull request shows what merging it would change in the cluster."
    return f"{BEGIN}\n{text.strip()}\n{END}"


def merge_section(present: str | None, section: str, title: str) -> str:
    """Return a README with the section, in place of the existing one, else at the end.

    Args:
        present: the README as it is; None where there is none.
        title: its heading where there is none.

    Raises:
        UsageError: the markers are there, but not as one pair.
    """
    if present is None:
        return f"# {title}\n\n{section}\n"
    ending = "\r\n" if "\r\n" in present else "\n"
    section = section.replace("\n", ending)
    if BEGIN not in present and END not in present:
        return ending.join([present.rstrip("\r\n"), "", section, ""]).lstrip("\r\n")
    if present.count(BEGIN) != 1 or present.count(END) != 1 or not _SECTION.search(present):
        raise UsageError(
            f"the README has {BEGIN} or {END} without the other, or several of them",
            fix="Leave one of each, the section between them, or none.",
        )
    return _SECTION.sub(lambda _: section, present)


def _application(request: SetupRequest) -> str:
    return f"""\
## How a change reaches the clusters

The cluster's definition, [{request.hld}]({_url(request, request.hld)}), names this repository.
{_path(request)}"""


def _hld(request: SetupRequest) -> str:
    return f"""\
## How a change reaches the clusters

`component.yaml` names all that runs in the cluster. {_path(request)}"""


def _path(request: SetupRequest) -> str:
    branches, names = request.branches, request.names
    text = f"""\
A push to a branch brings its environment up to date:
the whole definition is materialised, and committed to
[{request.manifests}]({_url(request, request.manifests)}), from where Flux applies it.

| branch | environment |
|---|---|
"""
    text += "".join(f"| `{branch}` | {name} |\n" for branch, name in zip(branches, names, strict=True))
    if len(branches) > 1:
        steps = ", then ".join(f"`{source}` into `{target}`" for source, target in pairwise(branches))
        text += f"\nTo promote, merge {steps}. A check refuses any other way.\n"
    return text


def _manifests(request: SetupRequest) -> str:
    names = request.names
    return f"""\
## What is here

Each branch ({", ".join(f"`{name}`" for name in names)}) holds the manifests of one environment,
materialised from [{request.hld}]({_url(request, request.hld)}). Don't edit them:
what `promotion.lock` names is written anew by the next run. Other files stay as they are.

### Flux

```yaml
{make_flux(request, names[0])}```

### Argo CD

```yaml
{make_argo(request, names[0])}```
"""


def make_flux(request: SetupRequest, branch: str) -> str:
    """Return the Flux v2 resources that apply a branch: every YAML file, without a `kustomization.yaml`."""
    return f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: cluster
  namespace: flux-system
spec:
  interval: 1m
  url: {_url(request, request.manifests)}
  ref:
    branch: {branch}
  secretRef:
    name: cluster-manifests # a token that may read it: `flux create secret git`; leave out if it is public
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: cluster
  namespace: flux-system
spec:
  interval: 10m
  path: ./
  prune: true
  sourceRef:
    kind: GitRepository
    name: cluster
"""


def make_argo(request: SetupRequest, branch: str) -> str:
    """Return the Argo CD resource that applies a branch: every YAML and JSON file, in folders, too."""
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: cluster
  namespace: argocd
spec:
  project: default
  source:
    repoURL: {_url(request, request.manifests)}
    targetRevision: {branch}
    path: .
    directory:
      recurse: true
      exclude: '.github/*'
  destination:
    server: https://kubernetes.default.svc
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
"""


def _url(request: SetupRequest, repository: str) -> str:
    return f"{request.server_url}/{repository}"
