"""Which GitHub a token is for."""

from __future__ import annotations

import pytest

from promotion.errors import UsageError
from promotion.wiring.runtime import read_api_url, read_server_url

CLOUD, OURS = "https://github.com", "https://git.acme.example"


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("", "https://api.github.com"),
        (CLOUD, "https://api.github.com"),
        (OURS, f"{OURS}/api/v3"),
        (f"{OURS}:8443/", f"{OURS}:8443/api/v3"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
    ],
)
def test_a_server_without_its_api_named_gets_no_other_ones(server: str, api: str) -> None:
    assert read_api_url({"GITHUB_SERVER_URL": server} if server else {}) == api


@pytest.mark.parametrize(
    ("server", "api"),
    [
        (OURS, "https://api.github.com"),
        (CLOUD, f"{OURS}/api/v3"),
        (OURS, "https://git.acme.example.evil.test/api/v3"),
        (OURS, "http://git.acme.example/api/v3"),
    ],
)
def test_the_api_of_another_server_is_refused(server: str, api: str) -> None:
    with pytest.raises(UsageError, match="isn't the API of"):
        read_api_url({"GITHUB_SERVER_URL": server, "GITHUB_API_URL": api})


def test_an_api_tells_its_server() -> None:
    """Else git would send the token of one to the other."""
    assert read_server_url({"GITHUB_API_URL": f"{OURS}/api/v3/"}) == OURS
    assert read_server_url({"GITHUB_API_URL": "https://api.github.com"}) == CLOUD
    assert read_server_url({"GITHUB_SERVER_URL": OURS, "GITHUB_API_URL": "https://x.test/api/v3"}) == OURS
    assert read_server_url({}) == CLOUD
