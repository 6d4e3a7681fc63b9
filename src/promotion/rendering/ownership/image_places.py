"""Where resources name images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from promotion.common.yaml.yaml_nodes import list_nodes
from promotion.rendering.ownership.breach import ADD, Breach, Suspect, show
from promotion.rendering.ownership.image_names import is_image_allowed, normalise_image
from promotion.rendering.ownership.kind_catalogue import NAMESPACED_KINDS, Kind
from promotion.rendering.ownership.node_search import (
    EACH,
    find_all,
    list_items,
    list_pairs,
    show_path,
    text_of,
)

Path = tuple[str, ...]

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_TEMPLATE: Path = ("spec", "template", "spec")
_POD_SPECS: Mapping[str, Path] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), _TEMPLATE
    ),
}
# Lists and maps whose members run an image wherever they are in a custom resource: pod templates, also of
# Argo Rollouts, OpenKruise, KEDA and Knative; Argo Workflows' templates; Tekton's steps and sidecars.
_LISTS = frozenset((*_CONTAINERS, "steps", "sidecars"))
_MAPS = frozenset(("container", "script"))
# Kind → fields that name an image themselves.
_FIELDS: Mapping[Kind, tuple[Path, ...]] = {
    ("monitoring.coreos.com", "Prometheus"): (("spec", "image"),),
    ("monitoring.coreos.com", "Alertmanager"): (("spec", "image"),),
    ("monitoring.coreos.com", "ThanosRuler"): (("spec", "image"),),
    ("postgresql.cnpg.io", "Cluster"): (("spec", "imageName"),),
    ("opentelemetry.io", "OpenTelemetryCollector"): (("spec", "image"),),
    ("jaegertracing.io", "Jaeger"): (("spec", "image"),),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): (("spec", "image"),),
    ("kibana.k8s.elastic.co", "Kibana"): (("spec", "image"),),
    ("actions.github.com", "AutoscalingRunnerSet"): (("spec", "template", "spec", "image"),),
}


def judge_images(suspect: Suspect) -> Iterator[Breach]:
    """Yield the images that the part may not run."""
    if suspect.rule.images is None:
        return
    for path, image in list_images(suspect):
        text = text_of(image)
        repository = normalise_image(text) if text else ""
        if text == "" or (repository and is_image_allowed(repository, suspect.rule.images)):
            continue
        what = "isn't an image's name" if not text or not repository else f"is {show(text)}"
        rule = suspect.cite("images", suspect.rule.images)
        yield suspect.report(path, what, rule, f"Take one of these, {ADD}.", image)


def list_images(suspect: Suspect) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the images of a resource, each with its path."""
    kind, node = suspect.head.group_kind, suspect.head.node
    if kind in NAMESPACED_KINDS:
        if spec := _POD_SPECS.get(kind[1]):
            for name in _CONTAINERS:
                path = (*spec, name, EACH, "image")
                yield from ((show_path(*path), found) for found in find_all(node, *path))
            path = (*spec, "volumes", EACH, "image", "reference")  # KEP-4639
            yield from ((show_path(*path), found) for found in find_all(node, *path))
        return
    for path in _FIELDS.get(kind, ()):
        yield from ((show_path(*path), found) for found in find_all(node, *path))
    for below in list_nodes(node):
        for key, value in list_pairs(below) if isinstance(below, yaml.MappingNode) else ():
            members = list_items(value) if key.value in _LISTS else [value] if key.value in _MAPS else []
            for member in members:
                yield from ((f"{key.value}.image", found) for found in find_all(member, "image"))
            if key.value == "volumes":
                for found in find_all(value, EACH, "image", "reference"):
                    yield "volumes[].image.reference", found
