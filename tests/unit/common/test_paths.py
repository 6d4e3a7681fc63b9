from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.paths import (
    claim_flaw,
    find_collision,
    flaw,
    folder_flaw,
    join,
    manifest_flaw,
    normalise_folder,
)
from promotion.errors import UsageError


@pytest.mark.parametrize(
    "path", ["a.yaml", "a/b.yaml", ".github/x.yaml", "a b/ü.yaml", "...", ".gitignore", "git"]
)
def test_ordinary_paths_are_fine(path: str) -> None:
    assert flaw(path) == ""


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "is empty"),
        ("/a", "is absolute"),
        ("a/..", "leaves its folder"),
        ("a/./b", "is not normalised"),
        ("a/", "is not normalised"),
        (".git", "reaches into .git"),
        ("a/.Git/hooks/x", "reaches into .git"),
        (".git. /x", "reaches into .git"),
        (".git::$INDEX_ALLOCATION/x", "reaches into .git"),
        ("GIT~1/x", "reaches into .git"),
        (".g\u200dit/x", "reaches into .git"),
        ("a\tb", "has a backslash or a control character"),
        ("a\x85b", "has a backslash or a control character"),
        ("a\\..\\b", "has a backslash or a control character"),
        ("ü" * 128, "has a name that is longer than 255 bytes"),
        ("a/" * 3000 + "b", "is longer than 4095 bytes"),
        ("\udcff", "is not valid Unicode"),
    ],
)
def test_flaws_are_named(path: str, problem: str) -> None:
    assert flaw(path) == problem


@pytest.mark.parametrize(
    "path",
    [
        *("a.yaml", "a/b.yaml", "a b/ü.yaml", "git", "com/chart/fleets.yaml", "console.yaml"),
        *("api/dev/chart.yaml", "flowchart.yaml", "CHART.yaml", "Chart.yaml/a.yaml", "Charts.yaml"),
        *("Kustomization.yaml", "kustomization.yaml/a.yaml", "fleet.yaml", "cloudbuild.yaml"),
    ],
)
def test_ordinary_names_are_fine_for_manifests(path: str) -> None:
    assert manifest_flaw(path) == ""


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("../a.yaml", "leaves its folder"),
        (".github/workflows/x.yaml", "begins with a dot"),
        ("a/.flux.yaml", "begins with a dot"),
        ("...", "begins with a dot"),
        ("kustomization.yaml", "Flux, Argo CD and kustomize look for instructions"),
        ("a/Chart.yaml", "the name Chart.yaml, in which Helm, Flux and Argo CD look for a chart"),
        ("a/myChart.yaml", "the name myChart.yaml, in which Argo CD sees a chart"),
        ("a\u200b.yaml", "invisible"),
        ("\u202elmay.a.yaml", "invisible"),
        ("a./b.yaml", "Windows"),
        ("a /b.yaml", "Windows"),
        (" a/b.yaml", "Windows"),
        ("a:b.yaml", "Windows"),
        ("a?.yaml", "Windows"),
        ("con.yaml", "device"),
        ("AUX/a.yaml", "device"),
        ("lpt1.x.yaml", "device"),
    ],
)
def test_names_that_are_traps_for_others_are_none_for_manifests(path: str, problem: str) -> None:
    assert problem in manifest_flaw(path)


def test_what_a_folder_is_called_is_no_instruction() -> None:
    assert folder_flaw("a/kustomization.yaml") == folder_flaw("myChart.yaml") == ""
    assert "begins with a dot" in folder_flaw("a/.github")


def test_what_earlier_versions_wrote_may_be_claimed_and_what_is_never_ours_may_not() -> None:
    assert claim_flaw("a/myChart.yaml") == claim_flaw("a/b.yaml") == ""
    assert "kustomize" in claim_flaw("a/kustomization.yaml")
    assert "Helm" in claim_flaw("Chart.yaml")
    assert "dot" in claim_flaw(".github/myChart.yaml")


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        (".", ""),
        ("", ""),
        ("./", ""),
        ("clusters/west", "clusters/west"),
        ("./clusters//west/ ", "clusters/west"),
    ],
)
def test_folders_are_normalised(text: str, folder: str) -> None:
    assert normalise_folder(text) == folder


@pytest.mark.parametrize("text", ["/", "/a", "..", "a/../b", ".git", "a\nb"])
def test_folders_stay_in_the_repository(text: str) -> None:
    with pytest.raises(UsageError, match="input manifest-path"):
        normalise_folder(text)


def test_root_folder_adds_nothing() -> None:
    assert (join("", "a/b"), join("x/y", "a/b")) == ("a/b", "x/y/a/b")


def test_collision_names_both_paths() -> None:
    assert find_collision(["a/b.yaml"], ["a"]) == ("a/b.yaml", "a")
    assert find_collision(["a"], ["a/b.yaml"]) == ("a", "a/b.yaml")
    assert find_collision(["Straße.yaml"], ["STRASSE.yaml"]) == ("Straße.yaml", "STRASSE.yaml")
    assert find_collision(["a/b"], ["a/c", "A/d"]) is None
    assert find_collision(["z"], ["a", "A", "b/c", "B"]) is None


paths = st.lists(st.sampled_from(["a", "A", "b"]), min_size=1, max_size=3).map("/".join)


@given(st.sets(paths), st.sets(paths))
def test_collision_is_found_exactly_when_there_is_one(wanted: set[str], others: set[str]) -> None:
    def collide(one: str, two: str) -> bool:
        one, two = one.lower(), two.lower()
        return one == two or one.startswith(f"{two}/") or two.startswith(f"{one}/")

    expected = any(collide(one, two) for one in wanted for two in wanted | others if one != two)
    found = find_collision(wanted, others)
    assert (found is not None) == expected
    if found:
        assert found[0] in wanted
        assert found[1] in wanted | others
        assert collide(*found)
