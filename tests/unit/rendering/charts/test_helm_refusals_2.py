"""Helm's error messages as errors of ours."""

from __future__ import annotations

import pytest

from promotion.rendering.charts.helm_refusals import crash, refusal


def test_a_refusal_has_helms_own_words_with_chart_template_and_line() -> None:
    words = "execution error at (shop/templates/deployment.yaml:7:20): an image tag is required\n\n"
    error = refusal(words + "Use --debug flag to render out invalid YAML\n", "/scratch/1/shop")
    assert (
        error.what
        == "Helm: execution error at (shop/templates/deployment.yaml:7:20): an image tag is required"
    )
    assert error.fix == "Correct the component's config, or the template."


def test_paths_of_ours_are_taken_out() -> None:
    error = refusal("cannot load /scratch/1/shop/values.yaml: no map", "/scratch/1/shop/")
    assert error.what == "Helm: cannot load values.yaml: no map"


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ("values don't meet the specifications of the schema(s) in", "config"),
        ("chart requires kubeVersion: >=1.99 which is incompatible with", "kube-version"),
        ('release name check failed: release name "A": invalid release name, must', "Rename the component"),
        ("library charts are not installable", "application chart"),
        ("unable to detect chart at /x/Chart.yaml: open /x/Chart.yaml: no such file", "`path`"),
    ],
)
def test_what_to_do_about_it(words: str, fix: str) -> None:
    assert fix in refusal(words).fix


def test_an_endless_message_is_cut_in_its_middle() -> None:
    text = refusal("start " + "error calling include: " * 5000 + "the end").what
    assert len(text) < 2100
    assert text.startswith("Helm: start")
    assert text.endswith("the end")


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("fatal error: runtime: out of memory\n", "needs more than 1024 MiB of memory"),
        (
            "runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort\n",
            "1024 MiB",
        ),
        ("runtime: failed to create new OS thread (have 9 already; errno=11)\n", "starts no more threads"),
        ("runtime: goroutine stack exceeds 1000000000-byte limit\n", "call themselves without end"),
        ("boom\n", "Helm crashed while it rendered the chart: boom"),
    ],
)
def test_a_crash_is_told_by_what_ran_out(log: str, words: str) -> None:
    assert words in crash(log).what
