"""Names of files that other tools treat specially: some can't be manifests, others are worth a warning.

A name is matched just as the tool matches it. Nearly all of them take case for what it is.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

# kubernetes-sigs/kustomize: api/konfig/general.go, RecognizedKustomizationFileNames; Flux 2 and Argo CD ask
# for the same three (fluxcd/pkg: kustomize/kustomize_generator.go; argo-cd: util/kustomize). Folders don't
# count.
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# argo-cd: util/app/discovery/discovery.go, Discover: any file whose name *ends* so makes its folder a chart.
# Flux 1 leaves out a folder that has Chart.yaml and values.yaml (fluxcd/flux:
# pkg/cluster/kubernetes/resource/load.go, looksLikeChart). So `chart.yaml` is an ordinary name.
_CHART = "Chart.yaml"
# rancher/fleet: internal/bundlereader/resources.go, ignoreApplyConfigs.
_FLEET = "fleet.yaml"
# cloud.google.com/build: BuildTrigger.autodetect, "case insensitive".
_CLOUD_BUILD = "cloudbuild.yaml"
# What Flux 2 leaves out of a repository, files and folders, that may be in a path of ours (fluxcd/pkg:
# sourceignore/sourceignore.go, ExcludeExt and ExcludeCI; gitignore's patterns, so at any depth).
_LEFT_OUT = (
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *("appveyor.yml", "cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
)


def find_instructions(name: str) -> str:
    """Return the tool that reads a file of this name as instructions, not as a manifest; empty if none."""
    if name in KUSTOMIZATIONS:
        return "Flux, Argo CD and kustomize look for instructions"
    if name == _CHART:
        return "Helm, Flux and Argo CD look for a chart"
    return "Argo CD sees a chart, since it ends in Chart.yaml" if name.endswith(_CHART) else ""


def find_caution(path: str) -> str:
    """Return what else may happen to a manifest at this path, as the end of a sentence; empty if nothing.

    Args:
        path: one without a flaw.
    """
    *folders, name = path.split("/")
    if name == _FLEET:
        return "has the name fleet.yaml, which Fleet takes for its own settings and doesn't apply"
    if name == _CLOUD_BUILD:
        return "has the name cloudbuild.yaml, which Cloud Build may run, and which Flux 2 leaves out"
    if name.casefold() == _CLOUD_BUILD:
        return f"has the name {name}, which Cloud Build may run"
    if name.casefold() == KUSTOMIZATIONS[0]:
        return f"has the name {name}, which kustomize takes for instructions where the disk ignores case"
    left_out = next((each for each in folders if _is_left_out(each)), "")
    return f"lies in a folder {left_out}, a name that Flux 2 leaves out" if left_out else ""


def _is_left_out(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _LEFT_OUT)
