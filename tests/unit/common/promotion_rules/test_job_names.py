"""Jobs that may report a required check without judging for it."""

from __future__ import annotations

import pytest

from promotion.common.promotion_rules.job_names import Impostor, find_impostors

CHECKS = ("promotion: stage", "promotion: prod")
GUARD = "    steps: [{uses: acme/gitops-promotion/guard@v1}]"


def look(on: str, name: str, steps: str = GUARD) -> list[Impostor]:
    """What is found in a workflow of one job."""
    text = f"on: {on}\njobs:\n  guard:\n    name: {name}\n{steps}\n"
    return list(find_impostors({".github/workflows/guard.yml": text.encode()}, CHECKS))


@pytest.mark.parametrize(
    "name",
    [
        '"promotion: ${{ github.base_ref || github.ref_name }}"',
        '"promotion: ${{ github.ref }}"',
        '"${{ inputs.name }}"',
        '"promotion: ${{ github.event.inputs.target }}"',
        '"${{ github.workflow }}: ${{ github.ref_name }}"',
        "\"promotion: ${{ github['ref_name'] }}\"",
        "\"promotion: ${{ GitHub [ 'REF_NAME' ] }}\"",
        '"promotion: ${{ github . ref_name }}"',
        "\"promotion: ${{ github['event']['inputs'].target }}\"",
        '"promotion: ${{ fromJSON(toJSON(github)).ref_name }}"',
        '"promotion: ${{ github.event.comment.body }}"',
        '"promotion: ${{ github.event.label.name }}"',
        '"promotion: ${{ join(github.event.*.target) }}"',
        '"promotion: ${{ needs.plan.outputs.target }}"',
        "\"${{ Needs['plan']['outputs'].name }}\"",
        '"promotion: ${{ fromJSON(toJSON(needs)).plan.outputs.target }}"',
    ],
)
@pytest.mark.parametrize(
    "on", ["workflow_dispatch", "[push, merge_group]", "{push: {tags: ['*'], branches: [stage]}}", "release"]
)
def test_a_name_that_who_starts_it_chooses(on: str, name: str) -> None:
    (found,) = look(on, name)
    assert found.checks == CHECKS
    assert found.event in on


def test_a_manual_run_is_what_is_told_of_first() -> None:
    (found,) = look("{schedule: [], workflow_dispatch: null}", '"promotion: ${{ github.ref_name }}"')
    assert found.event == "workflow_dispatch"


@pytest.mark.parametrize(
    ("on", "name"),
    [
        ("{push: {branches: [stage]}, pull_request: null}", '"promotion: ${{ github.ref_name }}"'),
        ("[pull_request_target, merge_group]", '"promotion: ${{ github.base_ref || github.ref_name }}"'),
        ("workflow_call", '"promotion: ${{ inputs.target }}"'),
        ("workflow_dispatch", '"promotion: ${{ github.base_ref }}"'),
        ("workflow_dispatch", '"deploy ${{ github.ref_name }}"'),
        ("workflow_dispatch", '"deploy ${{ needs.plan.outputs.target }}"'),
        ("workflow_dispatch", '"promotion: ${{ vars.needs }}"'),
        ("{push: {branches: [stage]}}", '"promotion: ${{ needs.plan.outputs.target }}"'),
        ("workflow_dispatch", '"promotion: ${{ github.ref_name }} by hand"'),
        (
            "workflow_dispatch",
            "\"${{ github.event_name == 'workflow_dispatch' && 'audit' || "
            "format('promotion: {0}', github.ref_name) }}\"",
        ),
    ],
)
def test_names_that_nobody_can_choose(on: str, name: str) -> None:
    assert look(on, name) == []


def look_matrix(name: str, matrix: str) -> list[str]:
    """The checks that the jobs of a matrix may report in a manual run."""
    steps = f"    strategy: {{matrix: {matrix}}}\n{GUARD}"
    return [check for found in look("workflow_dispatch", name, steps) for check in found.checks]


@pytest.mark.parametrize(
    ("name", "matrix", "checks"),
    [
        ("'promotion: ${{ matrix.target }}'", "{target: [dev, stage]}", ["promotion: stage"]),
        ("'${{ matrix.name }}'", "{include: [{name: 'promotion: prod'}]}", ["promotion: prod"]),
        ("\"${{ format('promotion: {0}', matrix.target) }}\"", "{target: [stage]}", ["promotion: stage"]),
        ("'promotion: ${{ matrix.target }}'", "{target: ['${{ inputs.target }}']}", list(CHECKS)),
        ("'${{ matrix.name }}'", "'${{ fromJSON(inputs.names) }}'", list(CHECKS)),
        ("'${{ matrix.os }}'", "{os: [ubuntu, macos], python: [3.11, 3.13]}", []),
        ("'promotion: ${{ matrix.target }}'", "{target: [qa], other: ['${{ vars.TARGET }}']}", []),
        ("'${{ matrix.needs }}'", "{needs: [qa]}", []),
        ("'${{ matrix.cluster }}'", "'${{ fromJSON(needs.clusters.outputs.matrix) }}'", list(CHECKS)),
        ("'cluster ${{ matrix.cluster }}'", "'${{ fromJSON(needs.clusters.outputs.matrix) }}'", []),
    ],
)
def test_the_names_that_a_matrix_gives(name: str, matrix: str, checks: list[str]) -> None:
    assert look_matrix(name, matrix) == checks


@pytest.mark.parametrize(
    ("name", "matrix", "checks"),
    [
        ("guard", "{target: [dev, stage]}", ["guard (stage)"]),
        ("guard", "'${{ fromJSON(needs.plan.outputs.targets) }}'", ["guard (stage)"]),
        ("guard", "{target: [dev, qa]}", []),
        ("'guard ${{ matrix.target }}'", "{target: [stage]}", []),
        ("test", "{target: [stage]}", []),
    ],
)
def test_values_of_a_matrix_are_appended_to_a_name_without_any(
    name: str, matrix: str, checks: list[str]
) -> None:
    text = f"on: push\njobs:\n  a:\n    name: {name}\n    strategy: {{matrix: {matrix}}}\n{GUARD}\n"
    found = find_impostors({"a.yml": text.encode()}, ["guard (stage)"])
    assert [check for impostor in found for check in impostor.checks] == checks


def test_a_job_that_just_has_the_name() -> None:
    (found,) = look("pull_request", '"promotion: prod"', "    steps: [{run: 'true'}]")
    assert (found.checks, found.event) == (("promotion: prod",), "")
    assert look("pull_request", '"promotion: prod"') == []
    (found,) = look("workflow_dispatch", '"promotion: prod"')
    assert (found.checks, found.event) == (("promotion: prod",), "workflow_dispatch")


@pytest.mark.parametrize(
    "text", ["", "- 1", "on: [", "jobs: 3", "on: push\njobs: {a: 1, b: {name: [x]}}", "\xff"]
)
def test_files_that_are_no_workflows(text: str) -> None:
    assert list(find_impostors({"a.yml": text.encode("latin-1")}, CHECKS)) == []
