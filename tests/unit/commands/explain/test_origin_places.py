from __future__ import annotations

from promotion.commands.explain.origin_places import find_contents, find_file, find_places, find_template
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.model import Provenance

MANIFEST = """\
---
# Source: cat/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: cat}
---
# Source: cat/templates/all.yaml
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: cat, namespace: cats}
    spec:
      template:
        spec:
          containers: [{name: app, image: "cat:1"}, {name: log, image: "log:2"}]
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: cat}
---
apiVersion: v1
kind: Secret
metadata: {name: cat}
stringData: {password: hunter2}
"""
DEPLOYMENT = Resource(kind="Deployment", group="apps", namespace="cats", name="cat")


def test_a_resource_is_found_with_line_template_and_images() -> None:
    (place,) = find_places(MANIFEST.encode(), [DEPLOYMENT])
    assert MANIFEST.split("\n")[place.line - 1] == "  - apiVersion: apps/v1"
    assert MANIFEST.split("\n")[place.first - 1] == "---"
    assert place.template == "cat/templates/all.yaml"
    assert place.images == ("cat:1", "log:2")


def test_all_are_found_and_texts_of_secrets_are_not_at_hand() -> None:
    places = find_places(MANIFEST.encode())
    assert [place.resource.kind for place in places] == ["Service", "Deployment", "ConfigMap", "Secret"]
    lines = MANIFEST.split("\n")
    starts = ["apiVersion: v1", "  - apiVersion: apps/v1", "  - apiVersion: v1", "apiVersion: v1"]
    assert [lines[place.line - 1] for place in places] == starts
    assert "hunter2" not in "".join(place.text for place in places)
    assert "kind: Service" in places[0].text


def test_what_cannot_be_read_is_not_there() -> None:
    assert not find_places(b"\xff")
    assert not find_places(b"---\n{unclosed")


def test_contents_compare_whatever_the_style() -> None:
    other = MANIFEST.replace(
        "metadata: {name: cat}\n---\n# Source: cat/templates/all",
        "metadata:\n  name: cat\n---\n# Source: cat/templates/all",
    )
    service = Resource(kind="Service", name="cat")
    assert other != MANIFEST
    assert find_contents(MANIFEST.encode(), [service]) == find_contents(other.encode(), [service])
    assert find_contents(MANIFEST.encode(), []) != find_contents(other.encode(), [])
    changed = MANIFEST.replace("cat:1", "cat:2").encode()
    assert find_contents(MANIFEST.encode(), [DEPLOYMENT]) != find_contents(changed, [DEPLOYMENT])


def test_a_template_has_a_path_where_its_chart_lies_in_a_repository() -> None:
    ours = LockedComponent(
        label="cat",
        kind="helm",
        provenance=Provenance(source="https://git.test/cat", revision="a" * 40, path="hld/chart"),
    )
    assert find_template(ours, "cat/templates/sub/x.yaml") == "hld/chart/templates/sub/x.yaml"
    assert find_template(ours, "cat/charts/redis/templates/x.yaml") == ""
    remote = LockedComponent(
        label="redis",
        kind="helm",
        provenance=Provenance(source="https://charts.test/redis", revision="1.0.0 sha256:1"),
    )
    assert find_template(remote, "redis/templates/x.yaml") == ""
    definition = LockedComponent(label="own", kind="helm", provenance=Provenance(path="charts/own"))
    assert find_template(definition, "own/templates/x.yaml") == "charts/own/templates/x.yaml"


def test_a_line_of_a_static_manifest_is_one_of_its_files() -> None:
    origins = (FileOrigin(file="a.yaml", begins=2), FileOrigin(file="b.yaml", begins=10))
    part = LockedComponent(label="static", kind="static", origins=origins)
    found = [find_file(part, line) for line in (1, 2, 9, 10, 12)]
    assert [hit and (hit[0].file, hit[1]) for hit in found] == [
        None,
        ("a.yaml", 1),
        ("a.yaml", 8),
        ("b.yaml", 1),
        ("b.yaml", 3),
    ]
    values = LockedComponent(label="helm", kind="helm", origins=(FileOrigin(file="c.yaml", values={"a": 1}),))
    assert find_file(values, 5) is None
