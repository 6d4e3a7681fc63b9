"""What charts see of a cluster as `.Capabilities.APIVersions`, for a version of Kubernetes.

Helm's own list has the group versions that its Kubernetes library knows, whatever `--kube-version` says, and
`--api-versions` only adds to it (Helm: pkg/chart/common/capabilities.go, `allKnownVersions`;
pkg/action/install.go, `RunWithContext`). So a template that is rendered before all others takes Helm's list
away, and leaves what was added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from promotion.common.phrases import say
from promotion.rendering.validation.kubernetes_versions import choose_version, minor_of

# Beta versions are off unless an administrator turns them on, but for those that were on before that became
# the rule; alpha versions always were off (kubernetes: pkg/controlplane/instance.go,
# legacyBetaEnabledByDefaultResources; KEP 3136).
_UNSTABLE = re.compile(r"v\d+(?:alpha|beta)\d+")
_LEGACY = re.compile(
    r"autoscaling/v2beta\d .*"
    r"|flowcontrol\.apiserver\.k8s\.io/v1beta\d .*"
    r"|storage\.k8s\.io/v1beta1 CSIStorageCapacity"
)
_MINOR = re.compile(r"v?1\.(\d+)")

WORD = b"APIVersions"
"""What a chart's files say somewhere if the list makes a difference."""
# Helm renders the deepest files first, and those of one depth from Z to A (pkg/engine/engine.go,
# `sortTemplates`).
PATH = "/".join(["templates", *["z"] * 60, "zz-capabilities.yaml"])
# An action that prints the version itself: Helm's own type prints as a text, and a map doesn't.
_BARE = re.compile(rb"(\{\{-?\s*[$\w.]*\.Capabilities\.KubeVersion)(\s*-?\}\})")

# `slice` keeps the type of the list, and so its `Has` (Masterminds/sprig: list.go). A map takes the place of
# Helm's own type, whose fields a template can't set; it has the names of that one's methods, too.
# A chart's templates share one map of what they see, which holds those of its subcharts
# (pkg/engine/engine.go, `recAllTpls`).
_TEMPLATE = """\
{{- define "promotion.capabilities" -}}
{{- $_ := set .chart "Capabilities" .capabilities -}}
{{- range .chart.Subcharts -}}
{{- template "promotion.capabilities" (dict "chart" . "capabilities" $.capabilities) -}}
{{- end -}}
{{- end -}}
{{- $version := dict
  "Version" .Capabilities.KubeVersion.Version
  "Major" .Capabilities.KubeVersion.Major
  "Minor" .Capabilities.KubeVersion.Minor
  "GitVersion" .Capabilities.KubeVersion.GitVersion
  "String" .Capabilities.KubeVersion.String
-}}
{{- $known := slice .Capabilities.APIVersions (sub (len .Capabilities.APIVersions) COUNT) -}}
{{- $capabilities := dict
  "KubeVersion" $version "APIVersions" $known "HelmVersion" .Capabilities.HelmVersion
-}}
{{- template "promotion.capabilities" (dict "chart" . "capabilities" $capabilities) -}}
"""


def list_api_versions(wanted: str, known: Sequence[str], history: bytes) -> tuple[str, ...]:
    """Return what a cluster of a Kubernetes version serves unless its administrator turned more on.

    As Helm's discovery gives it: `policy/v1`, and `policy/v1/PodDisruptionBudget` (Helm:
    pkg/action/action.go, `GetVersionSet`).

    Args:
        wanted: as `1.33` or `v1.33.2`.
        known: the versions whose kinds are known, as `1.33`. For a newer one those of the newest are given.
        history: for `API version kind` the first and the last known version that had it, as JSON.

    Returns:
        Nothing for an older version, or for a text that is none.
    """
    found = _MINOR.match(wanted)
    closest, _ = choose_version(wanted, known)
    if not found or int(found[1]) < minor_of(closest):
        return ()
    minor = minor_of(closest)
    names: set[str] = set()
    for name, (first, last) in json.loads(history).items():
        api_version, _, kind = name.partition(" ")
        if not (kind and first and minor_of(first) <= minor <= minor_of(last)):
            continue
        is_stable = not _UNSTABLE.fullmatch(api_version.rpartition("/")[2])
        if (is_stable or _LEGACY.fullmatch(name)) and not kind.endswith("List"):
            names |= {api_version, f"{api_version}/{kind}"}
    return tuple(sorted(names))


def doubt_api_versions(wanted: str, known: Sequence[str]) -> str:
    """Return why charts don't see just what a Kubernetes version has; empty if they do, or if it is none."""
    closest, is_exact = choose_version(wanted, known)
    if is_exact or not (found := _MINOR.match(wanted)):
        return ""
    if int(found[1]) > minor_of(closest):
        return say(
            "charts see the APIs of Kubernetes {}, since those of {} aren't known. Name new ones by "
            "{api-versions}",
            closest,
            wanted,
        )
    return (
        f"charts see all APIs that Helm knows, newer ones too, since those of Kubernetes {wanted} aren't "
        f"known: {closest} is the oldest"
    )


def write_template(count: int) -> str:
    """Return a template that shows a chart and all its subcharts only the last so many API versions."""
    return _TEMPLATE.replace("COUNT", str(count))


def print_version(text: bytes) -> bytes:
    """Return a chart's file in which the Kubernetes version prints as a text, whatever its type."""
    return _BARE.sub(rb"\1.String\2", text)
