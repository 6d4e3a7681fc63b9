"""Which files Flux applies: every YAML file, unless a kustomization file says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.commands.doctor.kustomize_coverage import Coverage, is_ignored


def cover(files: Mapping[str, str], folder: str = "") -> Coverage:
    return Coverage(files, folder, lambda path: files[path].encode())


def test_every_yaml_file_in_every_folder_is_taken() -> None:
    files = ["a.yaml", "b.yml", "c/d/e.yaml", "promotion.lock", "README.md", "f.json", ".hidden/g.yaml"]
    assert cover(dict.fromkeys(files, "")).taken == {"a.yaml", "b.yml", "c/d/e.yaml", ".hidden/g.yaml"}


def test_only_what_lies_below_the_path_is_taken() -> None:
    assert cover({"a.yaml": "", "east/b.yaml": "", "eastern/c.yaml": ""}, "east").taken == {"east/b.yaml"}


def test_a_kustomization_says_what_is_taken_and_its_folders_say_it_for_theirs() -> None:
    files = {
        "kustomization.yaml": "resources: [a.yaml, ./in, https://example.com/x.yaml]\ncomponents: [more]\n",
        "a.yaml": "",
        "b.yaml": "",
        "in/kustomization.yml": "resources:\n- ../shared/c.yaml\n",
        "in/d.yaml": "",
        "more/Kustomization": "resources: [e.yaml]\n",
        "more/e.yaml": "",
        "shared/c.yaml": "",
    }
    coverage = cover(files)
    assert coverage.taken == {"a.yaml", "shared/c.yaml", "more/e.yaml"}
    assert coverage.instructions == ["kustomization.yaml", "in/kustomization.yml", "more/Kustomization"]
    assert not coverage.faults


def test_a_kustomization_in_a_folder_leaves_the_others_alone() -> None:
    files = {"a.yaml": "", "in/kustomization.yaml": "resources: []\n", "in/b.yaml": "", "out/c.yaml": ""}
    assert cover(files).taken == {"a.yaml", "out/c.yaml"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("resources: [gone.yaml]", "names gone.yaml, which isn't there"),
        ("resources: [plain]", "is named as a resource, and has no kustomization file"),
        ("resources: [", "can't be read: "),
    ],
)
def test_what_kustomize_stops_at_is_a_fault(text: str, fault: str) -> None:
    ((_, said),) = cover({"kustomization.yaml": text, "plain/a.yaml": ""}).faults
    assert said.startswith(fault)


def test_two_that_name_each_other_come_to_an_end() -> None:
    files = {"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]"}
    assert cover(files, "a").instructions == ["a/kustomization.yaml", "b/kustomization.yaml"]


@pytest.mark.parametrize(
    "path", [".github/workflows/ci.yml", "in/.github/x.yaml", ".sops.yaml", "a/.flux.yaml"]
)
def test_some_files_flux_never_sees(path: str) -> None:
    assert is_ignored(path)
    assert not is_ignored(f"{path}.yaml") or ".github" in path


@given(
    st.dictionaries(
        st.from_regex(r"([ab]/){0,2}(kustomization\.yaml|[xy]\.yaml)", fullmatch=True), st.just("")
    )
)
def test_a_file_beside_no_kustomization_file_above_it_is_always_taken(files: dict[str, str]) -> None:
    taken = cover(files).taken
    for path in files:
        folders = ["", *(path[:end] for end in range(len(path)) if path[end] == "/")]
        is_free = not any(f"{folder}/kustomization.yaml".lstrip("/") in files for folder in folders)
        assert (path in taken) == is_free
