from __future__ import annotations

import pytest

from promotion.rendering.manifests.resources import Image, list_resources, parse_documents, parse_image

POD_SPEC = "{containers: [{name: app, image: 'ghcr.io/acme/cat:1.10'}], initContainers: [{image: busybox}]}"


def names(manifest: str) -> list[str]:
    documents = parse_documents(manifest.encode())
    return [str(resource) for document in documents for resource in document.resources]


def test_resources_are_known_by_kind_namespace_and_name() -> None:
    manifest = """\
---
# Source: cat/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: cat, namespace: pets}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cat}
"""
    assert names(manifest) == ["Service pets/cat", "ClusterRole cat"]
    groups = [part.resources[0].group for part in parse_documents(manifest.encode())]
    assert groups == ["", "rbac.authorization.k8s.io"]


def test_documents_without_content_do_not_count() -> None:
    assert names(
        "# nothing\n---\n---\n# still nothing\n--- \nnull\n---\nkind: Namespace\nmetadata: {name: a}\n"
    ) == ["Namespace a"]


def test_list_stands_for_its_items() -> None:
    manifest = """\
apiVersion: v1
kind: List
items:
  - {kind: ConfigMap, metadata: {name: a}}
  - kind: SecretList
    items:
      - {metadata: {name: b}}
"""
    assert names(manifest) == ["ConfigMap a", "Secret b"]


def test_generated_and_missing_names_are_accepted() -> None:
    assert names("kind: Job\nmetadata: {generateName: run-}\n") == ["Job run-"]
    assert names("kind: Job\nmetadata: nonsense\n") == ["Job"]
    assert names("hello: world\n") == ["(no kind)"]
    assert names("just text\n") == []


def test_dashes_inside_a_text_do_not_split_it() -> None:
    texts = "  x: |\n    ---\n    kind: Pod\n  y: '\n   ---'\n"
    manifest = f"kind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{texts}"
    assert names(manifest) == ["ConfigMap a"]


@pytest.mark.parametrize(
    "manifest",
    ["{", "a: *missing", "a: &a [*a]", "[" * 1000, "a: 1\n b: 2\n", "kind: Pod\n---\n\t@"],
)
def test_what_is_not_yaml_has_no_resources_and_is_not_shown(manifest: str) -> None:
    *_, document = parse_documents(manifest.encode())
    assert not document.readable
    assert document.resources == ()
    assert document.shown() == "# not readable as YAML, so not shown: it might hold a Secret\n"


def test_other_encodings_are_not_shown() -> None:
    (document,) = parse_documents(b"kind: Secret\ndata: {a: \xff}\n")
    assert not document.readable


def test_yaml_bomb_is_not_unfolded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (document,) = parse_documents("\n".join(lines).encode())
    assert not document.readable


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pod", "spec"),
        ("Deployment", "spec.template.spec"),
        ("StatefulSet", "spec.template.spec"),
        ("DaemonSet", "spec.template.spec"),
        ("ReplicaSet", "spec.template.spec"),
        ("Job", "spec.template.spec"),
        ("CronJob", "spec.jobTemplate.spec.template.spec"),
    ],
)
def test_workloads_tell_their_images(kind: str, path: str) -> None:
    spec = POD_SPEC
    for key in reversed(path.split(".")):
        spec = f"{{{key}: {spec}}}"
    manifest = f"kind: {kind}\nmetadata: {{name: cat}}\nspec: {spec[len('{spec: ') : -1]}\n"
    (document,) = parse_documents(manifest.encode())
    assert document.described[0].images == {
        "initContainers/0": Image("busybox", "latest"),
        "containers/app": Image("ghcr.io/acme/cat", "1.10"),
    }


@pytest.mark.parametrize("spec", ["", "[]", "{template: 1}", "{template: {spec: {containers: 1}}}"])
def test_malformed_workload_has_no_images(spec: str) -> None:
    (document,) = parse_documents(f"kind: Deployment\nspec: {spec}\n".encode())
    assert document.described[0].images == {}


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("cat", "cat", "latest"),
        ("cat:1.2", "cat", "1.2"),
        ("registry:5000/cat", "registry:5000/cat", "latest"),
        ("registry:5000/team/cat:1.2", "registry:5000/team/cat", "1.2"),
        ("cat:1.2@sha256:0123456789abcdef", "cat", "1.2"),
        ("cat@sha256:0123456789abcdef", "cat", "sha256:0123456789ab"),
    ],
)
def test_image_references(reference: str, name: str, tag: str) -> None:
    assert parse_image(reference) == Image(name, tag)


def test_content_ignores_order_style_and_comments_but_not_types() -> None:
    def content(text: str) -> object:
        (document,) = parse_documents(text.encode())
        return document.described[0].content

    assert content("kind: A\nb: 1\n") == content("# hi\nb: 1\nkind: 'A'\n")
    assert content("kind: A\nb: 1\n") != content("kind: A\nb: '1'\n")
    assert content("kind: A\nb: [1, 2]\n") != content("kind: A\nb: [2, 1]\n")


@pytest.mark.parametrize(
    ("manifest", "count"),
    [
        ("", 0),
        ("# kind: Pod\n", 0),
        ("---\nkind: Pod\n---\nkind: 'Role'\nx:\n  kind: Job\n", 2),
        ("---\nkind: Pod\n---\nkind: List\nitems: [{kind: Role}, {kind: Role}]\n", 3),
        ("---\n{kind: Pod}\n---\n{kind: Role}\n", 2),
    ],
)
def test_every_resource_is_listed(manifest: str, count: int) -> None:
    assert len(list_resources(manifest.encode())) == count


def test_resources_are_listed_by_group_kind_namespace_and_name() -> None:
    manifest = b"---\nkind: Pod\n---\napiVersion: apps/v1\nkind: Deployment\n"
    manifest += b"metadata: {name: cat, namespace: cats}\n"
    assert list_resources(manifest * 2) == ("Pod", "Pod", *2 * ("apps/Deployment cats/cat",))


def test_a_document_that_somebody_has_read_is_not_read_again() -> None:
    before = parse_documents(b"---\nkind: A\n---\nkind: B\n")
    after = parse_documents(b"---\nkind: B\n---\nkind: C\n", before)
    assert after[0] is before[1]
    assert after == parse_documents(b"---\nkind: B\n---\nkind: C\n")


@pytest.mark.parametrize(
    "manifest",
    [
        "kind: A\nmetadata: &m {name: a}\n---\nkind: B\nmetadata:\n  <<: {name: merged}\n",
        'kind: A\nmetadata:\n  "<<": {name: quoted}\n',
        'kind: A\nmetadata:\n  !!merge "\\x3c<": {name: b}\n',
        "kind: !!str Secret\nmetadata: {name: !custom 1, namespace: !!int 2}\nitems: !!seq []\n",
        "kind: PodList\nitems:\n- metadata: {name: 0x1F}\n- metadata: {name: ~}\n",
        "base: &b {kind: Job, metadata: {name: a}}\n<<: *b\napiVersion: batch/v1\n",
    ],
)
def test_what_a_manifest_lists_is_what_it_describes(manifest: str) -> None:
    """The list is made of nodes whose tags are left as they are written."""
    documents = parse_documents(manifest.encode())
    assert documents
    for document in documents:
        assert document.resources == tuple(described.resource for described in document.described)
