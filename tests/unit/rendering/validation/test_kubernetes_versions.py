from __future__ import annotations

import pytest

from promotion.errors import UsageError
from promotion.rendering.validation.kubernetes_versions import check_version, choose_version

KNOWN = ("1.25", "1.9", "1.33")


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("", ("1.33", True)),
        ("1.25", ("1.25", True)),
        ("v1.33.4", ("1.33", True)),
        ("1.33.1-gke.100", ("1.33", True)),
        ("1.40", ("1.33", False)),
        ("1.10", ("1.9", False)),
    ],
)
def test_the_closest_version_is_taken(wanted: str, chosen: tuple[str, bool]) -> None:
    assert choose_version(check_version(wanted, "kube-version"), KNOWN) == chosen


@pytest.mark.parametrize("wanted", ["newest", "2.0", "1", "1.x", "1.33; rm"])
def test_what_is_no_version(wanted: str) -> None:
    with pytest.raises(UsageError, match="the version is"):
        check_version(wanted, "the version")
