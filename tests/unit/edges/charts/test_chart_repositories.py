"""Chart repositories that are somewhere else now."""

from __future__ import annotations

import pytest

from promotion.edges.charts.chart_repositories import find_new_address


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://kubernetes-charts.storage.googleapis.com", "https://charts.helm.sh/stable"),
        ("https://kubernetes-charts.storage.googleapis.com/", "https://charts.helm.sh/stable"),
        ("http://storage.googleapis.com/kubernetes-charts", "https://charts.helm.sh/stable"),
        ("https://kubernetes-charts-incubator.storage.googleapis.com/", "https://charts.helm.sh/incubator"),
        ("https://storage.googleapis.com/kubernetes-charts-incubator", "https://charts.helm.sh/incubator"),
        ("https://charts.helm.sh/stable", ""),
        ("https://kubernetes-charts.storage.googleapis.com.example/", ""),
        ("https://storage.googleapis.com/our-charts", ""),
    ],
)
def test_stable_and_incubator_are_known_by_their_old_addresses(old: str, new: str) -> None:
    assert find_new_address(old) == new
