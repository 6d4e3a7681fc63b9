"""Judging manifests in tests by the schemas that come with the package."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Sequence

from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.model import Provenance, RenderedComponent
from promotion.rendering.validation.duplicates import KeptComponent
from promotion.rendering.validation.kubernetes_api import KubernetesApi, read_api
from promotion.rendering.validation.manifest_faults import find_faults

NEWEST = "1.37"


@functools.cache
def known_api(version: str = NEWEST) -> KubernetesApi:
    schemas = SchemaStore()
    return read_api(version, schemas.read(version), schemas.history)


def define_cats(*versions: str, scope: str = "Namespaced") -> str:
    """A CustomResourceDefinition of `Cat` in `pets.example`, with versions as of `serve`."""
    return (
        "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: cats.pets.example}\n"
        "spec:\n"
        "  group: pets.example\n"
        f"  scope: {scope}\n"
        "  names: {kind: Cat, plural: cats}\n"
        f"  versions: [{', '.join(versions)}]\n"
    )


def serve(schema: str = "{type: object}", version: str = "v1") -> str:
    """A version that is served and stored, with its schema as YAML on one line."""
    return f"{{name: {version}, served: true, storage: true, schema: {{openAPIV3Schema: {schema}}}}}"


def component(text: str, label: str = "shop", *, left_out: bytes = b"") -> RenderedComponent:
    """A component whose manifest is this text, and whose chart has something in a folder crds/."""
    return RenderedComponent(
        label=label,
        path=f"{label}.yaml",
        kind="static",
        provenance=Provenance(),
        input_digest="",
        manifest=textwrap.dedent(text).encode(),
        left_out=left_out,
    )


def judge(
    *manifests: str | RenderedComponent, version: str = NEWEST, kept: Sequence[KeptComponent] = ()
) -> list[ClusterFinding]:
    """What is found in manifests: of components `shop`, `shop-2` and so on where only a text is given."""
    parts = [
        part
        if isinstance(part, RenderedComponent)
        else component(part, f"shop-{number}" if number else "shop")
        for number, part in enumerate(manifests)
    ]
    return find_faults(parts, known_api(version), kept)


def faults(*manifests: str | RenderedComponent, version: str = NEWEST) -> list[str]:
    """What is found, as texts without their places."""
    return [
        finding.what.rpartition(" (")[0] or finding.what for finding in judge(*manifests, version=version)
    ]
