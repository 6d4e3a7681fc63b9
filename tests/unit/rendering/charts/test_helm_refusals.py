"""Helm's error messages as errors of ours."""

from __future__ import annotations

import pytest

from promotion.rendering.charts.helm_refusals import crash, refusal, without_values

WHERE = 'template: cat/templates/s.yaml:5:8: executing "cat/templates/s.yaml" at <tpl .Values.x .>: '


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
    assert not crash(log).is_passing


def test_a_process_that_is_killed_says_nothing_and_the_next_run_tries_again() -> None:
    error = crash(" \n")
    assert error.what == "Helm was ended from outside while it rendered the chart"
    assert error.is_passing


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("yaml: unknown anchor 'hunter2' referenced", "yaml: unknown anchor referenced"),
        ('yaml: invalid map key: map[interface {}]interface {}{"hunter2":1}', "yaml: invalid map key"),
        ("yaml: cannot decode !!str `hunter2` as a !!int", "yaml: cannot decode !!str as a !!int"),
        (f"{WHERE}range can't iterate over hunter2\nhunter2", f"{WHERE}range can't iterate over this value"),
        (
            f'{WHERE}error calling tpl: cannot parse template "a \\"hunter2": template: gotpl:1: bad',
            f"{WHERE}error calling tpl: cannot parse template …: template: gotpl:1: bad",
        ),
        (
            f"{WHERE}error calling mustRegexMatch: error parsing regexp: missing closing ): `(hunter2`",
            f"{WHERE}error calling mustRegexMatch: error parsing regexp: missing closing ): …",
        ),
        (
            "- at '/pw': 'hunt\\'er2' does not match pattern '^a$'",
            "- at '/pw': the value does not match pattern '^a$'",
        ),
        ("- at '/m': 'hunter2' is not valid email: no 'hunter2'", "- at '/m': the value is not valid email"),
        (
            "warning: cannot overwrite table with non table for cat.auth (map[password:hunter2])",
            "warning: cannot overwrite table with non table for cat.auth",
        ),
    ],
)
def test_values_are_left_out(words: str, shown: str) -> None:
    assert without_values(words) == shown


@pytest.mark.parametrize(
    "words",
    [
        f'{WHERE}error calling include: {WHERE}error calling include: no template "labels" associated with '
        'template "gotpl"',
        'execution error at (cat/templates/s.yaml:1:3): set "image.tag"',
        f"{WHERE}nil pointer evaluating interface {{}}.name",
        "YAML parse error on cat/templates/s.yaml: yaml: line 3: did not find expected ',' or ']'",
        "- at '/replicas': got string, want integer",
        "- at '': missing property 'image'",
        'error converting YAML to JSON: yaml: line 3: key "a" already set in map',
    ],
)
def test_names_and_places_stay(words: str) -> None:
    assert without_values(words) == words
