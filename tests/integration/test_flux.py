"""A committed branch, built as Flux builds it, holds the resources of our manifests, all and no others.

Without a kustomization file, kustomize-controller makes one that names every YAML file below the path
(fluxcd/pkg: kustomize/kustomize_generator.go), and builds it with kustomize.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.commands.doctor.kustomize_coverage import Coverage
from promotion.errors import Location
from promotion.rendering.manifests.file_joining import join
from promotion.rendering.manifests.manifest_file import ManifestFile
from support.estate import Estate
from support.gitserver import GitServer
from support.tools import kubectl_program


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "repositories") as server:
        yield Estate(server, tmp_path / "work")


def check_out(estate: Estate, folder: Path, branch: str = "dev") -> None:
    for path in estate.manifests.files(branch):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(estate.manifests.read(path, branch), "utf-8")


def generate(folder: Path) -> list[str]:
    """Make the kustomization file as the controller does; gives what it names."""
    found = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in (".yaml", ".yml") and ".github" not in path.parts
    )
    content = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": found}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), "utf-8")
    return found


def build(folder: Path) -> list[Any]:
    done = subprocess.run(
        [kubectl_program(), "kustomize", folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def identities(documents: list[Any]) -> list[tuple[str, str, str]]:
    return sorted(
        (part["kind"], part["metadata"].get("namespace", ""), part["metadata"]["name"]) for part in documents
    )


ODD = {
    "mark.yaml": "\ufeffapiVersion: v1\nkind: ConfigMap\nmetadata: {name: mark}\n",
    "mark-and-marker.yaml": "\ufeff---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: mark-and-marker}\n",
    "directive.yaml": "%YAML 1.1\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: directive}\n",
    "tag.yaml": "%TAG ! tag:yaml.org,2002:\n---\napiVersion: v1\nkind: ConfigMap\n"
    "metadata: {name: !str tag}\n",
    "flow.yaml": "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: flow}}\n"
    "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: flow-2}}\n",
    "map.yaml": "--- !!map\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
    "old-mac.yaml": "apiVersion: v1\rkind: ConfigMap\rmetadata: {name: mac}\r---\r"
    "apiVersion: v1\rkind: ConfigMap\rmetadata: {name: mac-2}\r",
    "end.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: end}\ndata:\n  a: |\n    text",
    # JSON's own way to write 😀 in escapes stays as fab leaves it; readers of YAML refuse it, and so does
    # `validate` (tests/unit/rendering/manifests/test_file_joining.py).
    "emoji.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "emoji"},'
    ' "data": {"a": "😀"}}',
}


def test_kustomize_builds_each_document_of_static_files_that_are_joined(tmp_path: Path) -> None:
    files = [ManifestFile(where=Location(name), data=text.encode()) for name, text in ODD.items()]
    (tmp_path / "cat.yaml").write_bytes(join(files))
    generate(tmp_path)
    built = {part["metadata"]["name"]: part.get("data") for part in build(tmp_path)}
    assert built == {
        **dict.fromkeys(("mark", "mark-and-marker", "directive", "tag", "flow", "flow-2", "map")),
        **dict.fromkeys(("mac", "mac-2")),
        "end": {"a": "text\n"},  # the line end is fab's
        "emoji": {"a": "😀"},
    }


def test_flux_builds_just_what_we_committed(estate: Estate, tmp_path: Path) -> None:
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log
    estate.manifests.commit({"README.md": "# Ours\n", ".github/workflows/ci.yml": "on: push\n"}, branch="dev")
    folder = tmp_path / "checkout"
    check_out(estate, folder)
    assert (folder / "promotion.lock").exists()
    ours = [
        document
        for path in sorted(folder.rglob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text("utf-8"))
        if document
    ]
    named = generate(folder)
    built = build(folder)
    assert identities(built) == identities(ours)
    assert len(ours) >= 8
    key = identities
    assert sorted(built, key=lambda part: key([part])) == sorted(ours, key=lambda part: key([part]))
    assert "promotion.lock" not in named


def test_the_doctors_view_of_a_kustomization_is_kustomizes(estate: Estate, tmp_path: Path) -> None:
    estate.run(estate.push_event())
    folder = tmp_path / "checkout"
    check_out(estate, folder)
    files = estate.manifests.files("dev")
    kustomization = "resources:\n- cat-application/cat-application.yaml\n- cloud-native\n"
    (folder / "kustomization.yaml").write_text(kustomization)
    inner = "resources: [namespaces.yaml, ../dog-application/dog-application.yaml]\n"
    (folder / "cloud-native/kustomization.yaml").write_text(inner)
    texts = {"kustomization.yaml": kustomization, "cloud-native/kustomization.yaml": inner}
    coverage = Coverage([*files, *texts], "", lambda path: texts[path].encode())
    done = subprocess.run(
        [kubectl_program(), "kustomize", "--load-restrictor=LoadRestrictionsNone", folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    taken = [
        document
        for path in sorted(coverage.taken)
        for document in yaml.safe_load_all((folder / path).read_text("utf-8"))
        if document
    ]
    assert identities([part for part in yaml.safe_load_all(done.stdout) if part]) == identities(taken)
    assert not coverage.faults
