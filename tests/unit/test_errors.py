from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.addresses import without_credentials
from promotion.errors import Location, PromotionError, cut_credentials
from promotion.rendering.manifests.cluster_findings import ClusterFinding

TOKEN = "ghp_0123456789abcdefghij"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://me:true@git.test/x.", "see https://git.test/x."),
        ("'oci://me:p@ss@ghcr.io/charts' and", "'oci://ghcr.io/charts' and"),
        (f"https://{TOKEN}@git.test/x", "https://git.test/x"),
        ("https://:pass@git.test, http://a:b@c", "https://git.test, http://c"),
        # what holds none
        ("https://acme@dev.azure.com/x", "https://acme@dev.azure.com/x"),
        ("https://git.test:8443/a@b:c@d", "https://git.test:8443/a@b:c@d"),
        ("https://git.test/x and me@git.test", "https://git.test/x and me@git.test"),
        ("ssh://git@git.test/x", "ssh://git@git.test/x"),
        ("git@git.test:x", "git@git.test:x"),
    ],
)
def test_addresses_in_a_text_lose_their_credentials(text: str, shown: str) -> None:
    assert cut_credentials(text) == shown


@given(st.text(st.characters(exclude_characters="/?#", exclude_categories=["Z", "C"]), min_size=1))
def test_no_password_is_left_of_an_address(password: str) -> None:
    address = f"https://me:{password}@git.test/x"
    assert cut_credentials(f"the address {address} is") == "the address https://git.test/x is"
    assert without_credentials(address) == "https://git.test/x"


def test_an_error_shows_no_credential_of_an_address_anywhere() -> None:
    error = PromotionError("https://me:true@git.test isn't there", where=Location("a.yaml", 1))
    assert str(error) == "a.yaml:1: https://git.test isn't there"
    assert "true" not in f"{error!r} {error.args}"


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("it failed", "it failed. Try again."),
        ("it failed.", "it failed. Try again."),
        ("it failed...", "it failed... Try again."),
        ("why?", "why? Try again."),
    ],
)
def test_words_of_others_bring_no_second_full_stop(what: str, shown: str) -> None:
    assert str(PromotionError(what, fix="Try again.")) == shown


def test_an_error_names_place_and_component() -> None:
    error = PromotionError("it failed.", where=Location("a.yaml", 2), component="cat")
    assert str(error) == "a.yaml:2: component cat: it failed"


def test_a_finding_has_one_full_stop() -> None:
    assert str(ClusterFinding(component="cat", path="", what="it is odd.", fix="Look.")) == (
        "component cat: it is odd. Look."
    )
    assert str(ClusterFinding(component="", path="", what="it is odd.")) == "it is odd."
