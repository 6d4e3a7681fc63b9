"""What is wrong with a repository's workflows."""

from __future__ import annotations

from pathlib import Path

import pytest

from promotion.commands.doctor.workflow_steps import Step, find_steps, judge_guard, judge_materialize

EXAMPLES = Path(__file__).parents[4] / "examples/workflows"


def steps(text: str) -> list[Step]:
    return [*find_steps({"ci.yml": text.encode()})]


def example(name: str, old: str = "", new: str = "") -> list[Step]:
    text = (EXAMPLES / name).read_text("utf-8")
    assert old in text
    return steps(text.replace(old, new) if old else text)


def judge(found: list[Step], branch: str = "prod", environment: str = "prod", *, is_hld: bool = False) -> str:
    return judge_materialize(
        found,
        branch=branch,
        environment=environment,
        hld="acme/cluster-hld",
        manifests="acme/cluster-manifests",
        is_hld=is_hld,
    )


def test_the_examples_are_fine() -> None:
    assert judge(example("application.yml")) == ""
    assert judge(example("cluster-hld.yml"), is_hld=True) == ""
    assert judge_guard(example("guard.yml"), targets=["stage", "prod"]) == ""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("acme/cluster-manifests\n", "acme/other\n", "ci.yml writes acme/other, not acme/cluster-manifests"),
        ("acme/cluster-hld", "acme/other", "ci.yml materialises acme/other, not acme/cluster-hld"),
        ("          hld-repository: acme/cluster-hld\n", "", "ci.yml materialises its own repository, not "),
        ("[dev, stage, prod]", "[dev, stage]", "ci.yml isn't started by a push to prod"),
        ("branches: [dev, stage, prod]", "tags: [v*]", "ci.yml isn't started by a push to prod"),
        ("branches: [dev, stage, prod]", "branches-ignore: ['p*']", "ci.yml isn't started by a push to prod"),
        ("[dev, stage, prod]", "['**', '!prod']", "ci.yml isn't started by a push to prod"),
        ("push:", "pull_request:", "ci.yml isn't started by a push to prod"),
        ("with:", "with:\n          environments: dev", "ci.yml doesn't take the branch prod for prod: see "),
        ("with:", "with:\n          environments: a=", "ci.yml: input environments has 'a='"),
        ("acme/gitops-promotion@v1", "acme/x/y@v1", "has no workflow that materialises"),
    ],
)
def test_a_wrong_name_or_trigger_is_told(old: str, new: str, fault: str) -> None:
    assert judge(example("application.yml", old, new)).startswith(fault)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("acme/cluster-manifests\n", "${{ vars.MANIFESTS }}\n"),
        ("acme/cluster-hld", "https://github.com/acme/Cluster-HLD.git"),
        ("[dev, stage, prod]", "['**', '!main']"),
        ("push:\n    branches: [dev, stage, prod]", "push"),
        ("acme/gitops-promotion@v1", "./"),
    ],
)
def test_what_comes_to_the_same_is_fine(old: str, new: str) -> None:
    assert judge(example("application.yml", old, new)) == ""


def test_a_guard_that_misses_a_target_is_told() -> None:
    old = "pull_request_target: # zizmor: ignore[dangerous-triggers]\n    branches: [stage, prod]"
    found = example("guard.yml", old, "pull_request_target:\n    branches: [stage]")
    assert judge_guard(found, targets=["stage", "prod"]) == "ci.yml doesn't look at pull requests into prod"
    assert judge_guard([], targets=["prod"]) == "has no workflow with the guard on its default branch"


@pytest.mark.parametrize(
    "text", ["", "on: [", "jobs: 1", "jobs: {a: {steps: [1, {uses: 2}]}}", "on: 1\njobs: [1]"]
)
def test_whatever_isnt_a_workflow_has_no_steps(text: str) -> None:
    assert steps(text) == []
