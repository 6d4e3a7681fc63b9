"""Rendering a plan: order, errors, collisions, and what is left out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from promotion.errors import DefinitionError, Location, PromotionError, RenderError
from promotion.rendering.component_rendering import render_changed, render_components
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.lock.reuse import NOTHING
from promotion.rendering.manifests.manifest_file import ManifestFile
from promotion.rendering.model import (
    Component,
    Definition,
    Folder,
    Release,
    Rendered,
    RenderedComponent,
    ResolvedChart,
)
from promotion.rendering.sources.local_source import LocalSource


class FakeHelm:
    """Prints a document for each release; waits first, if the values say so."""

    version = "4.3.1"

    def __init__(self) -> None:
        self.releases: list[Release] = []

    def prepare(self) -> None:
        """Nothing to do."""

    def render(self, release: Release) -> Rendered:
        time.sleep(release.values.get("wait", 0))
        self.releases.append(release)
        if "error" in release.values:
            raise RenderError(release.values["error"])
        text = release.values.get("output", f"---\nkind: A\nmetadata:\n  name: {release.name}\n")
        return Rendered(text=str(text), left_out=str(release.values.get("crds", "")))


def chart(
    name: str, *folders: str, namespace: str = "", inject: bool = False, line: int = 1, **values: Any
) -> RenderJob:
    folder = Folder(LocalSource(), "charts/x")
    component = Component(
        name=name,
        folders=folders,
        definition=Definition(name=name, type="helm", location=Location("component.yaml", line)),
        folder=folder,
        values=values,
        namespace=namespace,
        inject_namespace=inject,
    )
    resolved = ResolvedChart(path=Path("charts/x"), version="1", digest="sha256:x")
    return RenderJob(component=component, content=folder, chart=resolved, digest=resolved.digest)


def static(name: str, *folders: str, text: str = "kind: A\n") -> RenderJob:
    folder = Folder(LocalSource(), "m")
    files = (ManifestFile(where=Location("m/a.yaml"), data=text.encode()),) if text else ()
    definition = Definition(name=name, type="static")
    component = Component(name=name, folders=folders, definition=definition, folder=folder, values={})
    return RenderJob(component=component, content=folder, files=files, digest="sha256:m")


def rendered(*jobs: RenderJob, workers: int = 4, helm: FakeHelm | None = None) -> list[RenderedComponent]:
    plan = RenderPlan(root=Folder(LocalSource()), tree=(), jobs=jobs)
    return render_components(plan, helm or FakeHelm(), workers=workers, engine="1.0.0")


def refusal(*jobs: RenderJob) -> PromotionError:
    with pytest.raises(PromotionError) as caught:
        rendered(*jobs)
    return caught.value


@pytest.mark.parametrize("workers", [1, 4])
def test_results_are_in_the_plans_order_whichever_is_ready_first(workers: int) -> None:
    jobs = [chart("slow", wait=0.05), static("files"), chart("quick", "team")]
    assert [part.path for part in rendered(*jobs, workers=workers)] == [
        "slow.yaml",
        "files.yaml",
        "team/quick.yaml",
    ]


def test_the_first_error_in_the_plans_order_wins_whichever_comes_first() -> None:
    error = refusal(chart("a"), chart("b", wait=0.05, error="late", line=7), chart("c", error="early"))
    assert (error.what, error.component, error.where) == ("late", "b", Location("component.yaml", 7))


def test_a_release_is_in_the_namespace_of_the_config_or_in_default() -> None:
    helm = FakeHelm()
    rendered(chart("a", namespace="pets", tag=1), chart("b"), workers=1, helm=helm)
    assert [(release.name, release.namespace) for release in helm.releases] == [
        ("a", "pets"),
        ("b", "default"),
    ]
    assert helm.releases[0].values == {"tag": 1}


def test_a_namespace_is_injected_where_config_says_so() -> None:
    with_, without, none = rendered(
        chart("a", namespace="pets", inject=True), chart("b", namespace="pets"), chart("c", inject=True)
    )
    assert b"namespace: pets" in with_.manifest
    assert b"namespace" not in without.manifest + none.manifest


def test_what_charts_leave_out_is_known_even_where_nothing_else_is_there() -> None:
    jobs = (chart("a", output="", crds="kind: X"), chart("b", crds="kind: Y"), chart("c", output=""))
    plan = RenderPlan(root=Folder(LocalSource()), tree=(), jobs=jobs)
    made = render_changed(plan, FakeHelm(), NOTHING, workers=2)
    assert [(part.label, part.left_out) for part in made.bare] == [("a", b"kind: X")]
    assert [(part.label, part.left_out) for part in made.rendered] == [("b", b"kind: Y")]


def test_components_without_a_manifest_are_left_out() -> None:
    assert not rendered(chart("a", output="---\n# nothing\n"), static("b", text=""))


def test_what_the_lock_and_the_report_need_is_there() -> None:
    (part,) = rendered(chart("shop", "team"))
    assert (part.label, part.path, part.kind, part.provenance.source) == (
        "team/shop",
        "team/shop.yaml",
        "helm",
        "",
    )
    assert part.input_digest.startswith("sha256:")
    assert part.input_digest != rendered(chart("shop", "team", tag=2))[0].input_digest


class TestCollisions:
    def test_two_components_of_one_path_are_an_error_that_names_both(self) -> None:
        error = refusal(chart("ingress", line=3), chart("ingress", line=6))
        assert isinstance(error, DefinitionError)
        assert "ingress (component.yaml:3) and ingress (component.yaml:6)" in error.what
        assert "ingress.yaml" in error.what

    def test_one_of_them_without_a_manifest_is_fine(self) -> None:
        (part,) = rendered(static("ingress", text=""), chart("ingress"))
        assert part.kind == "helm"

    def test_a_file_where_another_needs_a_folder(self) -> None:
        assert "a.yaml" in refusal(static("b", "a.yaml"), static("a")).what


def test_an_error_in_a_static_file_names_the_component_and_the_file() -> None:
    error = refusal(static("policies", text="a: b: c"))
    assert error.component == "policies"
    assert error.where is not None
    assert (error.where.file, error.where.line) == ("m/a.yaml", 1)
