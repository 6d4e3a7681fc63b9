from __future__ import annotations

import pytest

from promotion.common.reserved_names import find_caution, find_instructions


@pytest.mark.parametrize(
    "name", ["kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml", "myChart.yaml"]
)
def test_names_are_matched_as_the_tools_match_them(name: str) -> None:
    assert find_instructions(name)
    assert not find_instructions(name.swapcase())
    assert not find_instructions(f"{name}.yaml")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a/fleet.yaml", "which Fleet takes for its own settings"),
        ("cloudbuild.yaml", "which Cloud Build may run, and which Flux 2 leaves out"),
        ("a/CloudBuild.yaml", "the name CloudBuild.yaml, which Cloud Build may run"),
        ("a/Kustomization.yaml", "where the disk ignores case"),
        ("a/logo.png/b/c.yaml", "a folder logo.png, a name that Flux 2 leaves out"),
        ("appveyor.yml/a.yaml", "a name that Flux 2 leaves out"),
    ],
)
def test_a_name_that_one_other_tool_takes_for_its_own_is_worth_a_warning(path: str, words: str) -> None:
    assert words in find_caution(path)


@pytest.mark.parametrize(
    "path", ["a/chart.yaml", "Fleet.yaml", "fleet/a.yaml", "zip/a.yaml", "logo.PNG/a.yaml", "logo.png.yaml"]
)
def test_others_are_worth_none(path: str) -> None:
    assert find_caution(path) == ""
