"""Helm's error messages as errors of ours."""

from __future__ import annotations

import pytest

from promotion.core.refusals import refusal, unavailable
from promotion.errors import AccessError, ExhaustedError, PromotionError, SourceError, UnreachableError


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
    "words", ["unexpected status code 401: Unauthorized", "403 denied", "basic credential not found"]
)
def test_a_registry_that_wants_other_credentials_is_an_access_error(words: str) -> None:
    assert isinstance(unavailable(words, "oci://host/shop 1.0.0"), AccessError)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('Get "https://host/v2/": EOF', UnreachableError),
        ("dial tcp 127.0.0.1:1: connect: connection refused", UnreachableError),
        ("response status code 503: Service Unavailable", SourceError),
        ("write /tmp/helm/shop.tgz: no space left on device", ExhaustedError),
    ],
)
def test_troubles_on_the_way_have_kinds_of_their_own(words: str, kind: type[PromotionError]) -> None:
    assert type(unavailable(words, "oci://host/shop 1.0.0")) is kind


def test_a_chart_that_is_not_there_is_a_source_error() -> None:
    error = unavailable("oci://host/shop:4010: not found\n", "oci://host/shop 4010")
    assert type(error) is SourceError
    assert error.what == "chart oci://host/shop 4010 can't be pulled: oci://host/shop:4010: not found"
