"""Which addresses that a part names our credentials may go to."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.edges.git.remotes import parse_remote
from promotion.errors import SourceError
from promotion.rendering.sources.credential_reach import Reach, may_use_credential, normalise_address

CAT = "https://github.com/acme/cat"
PATTERN = "https://github.com/acme/cat-*"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://github.com/acme/cat-x",
        "https://github.com/acme/cat-x.git",
        "https://github.com/acme/cat-x/",
        "https://github.com/acme/cat-x.git/",
        "HTTPS://GitHub.COM/acme/cat-x",
        "https://github.com:443/acme/cat-x",
        "https://github.com:/acme/cat-x",
        "https://someone@github.com/acme/cat-x",
        "https://github.com/acme/%63at-x",
        "https://github.com/acme/cat%2Dx",
    ],
)
def test_a_spelling_of_an_allowed_address(spelling: str) -> None:
    assert normalise_address(spelling) == "https://github.com/acme/cat-x"
    assert may_use_credential(spelling, CAT, [PATTERN])
    assert may_use_credential(spelling, "https://github.com/acme/cat-x", [])


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/secret",
        "https://github.com/acme/cat-x/../../acme/secret",
        "https://github.com/acme/cat-x/%2e%2e/secret",
        "https://github.com/acme/cat-x/.%2E/secret",
        "https://github.com/acme/cat-x%2f..%2fsecret",
        "https://github.com/acme/cat-x/secret",
        "https://github.com/acme/./cat-x",
        "https://github.com//acme/cat-x",
        "https://github.com/acme//cat-x",
        "https://github.com/other/cat-x",
        "https://github.com/ACME/cat-x",
        "http://github.com/acme/cat-x",
        "https://github.com:8443/acme/cat-x",
        "https://github.com./acme/cat-x",
        "https://github.com@evil.example/acme/cat-x",
        "https://github.com:443@evil.example/acme/cat-x",
        "https://github.com\\@evil.example/acme/cat-x",
        "https://evil.example/https://github.com/acme/cat-x",
        "https://evil.example?https://github.com/acme/cat-x",
        "https://evil.example#https://github.com/acme/cat-x",
        "https://github.com/acme/cat-x?x=../secret",
        "https://github.com/acme/cat-*",
        "https://github.com/acme/cat-x\n",
        "https://gіthub.com/acme/cat-x",
        "ssh://git@github.com/acme/cat-x",
        "git@github.com:acme/cat-x.git",
        "/srv/acme/cat-x",
        "file:///acme/cat-x",
        "acme/cat-x",
        "",
    ],
)
def test_what_only_looks_like_an_allowed_address(address: str) -> None:
    assert not may_use_credential(address, CAT, [PATTERN])


@pytest.mark.parametrize(
    ("address", "pattern", "is_allowed"),
    [
        ("git@github.com:acme/cat-x.git", "git@github.com:acme/cat-*", True),
        ("git@github.com:acme/cat-x.git", "ssh://git@github.com/acme/cat-*", True),
        ("ssh://git@github.com:22/acme/cat-x", "git@github.com:acme/cat-*", True),
        ("other@github.com:acme/cat-x.git", "git@github.com:acme/cat-*", False),
        ("git@github.com:acme/x/../cat-x", "git@github.com:acme/**", False),
        ("https://git.acme.example/cat", "https://*.acme.example/cat", True),
        ("https://git.evil.example/x.acme.example/cat", "https://*.acme.example/cat", False),
        ("https://evil.example/x.acme.example/cat", "https://**.acme.example/cat", False),
        ("https://github.com/acme/a/b", "https://github.com/acme/**", True),
        ("https://charts.acme.example", "https://charts.acme.example/", True),
        ("https://charts.acme.example/x", "https://charts.acme.example/", False),
        ("oci://ghcr.io/acme/charts", "oci://ghcr.io/acme/*", True),
        ("https://ghcr.io/acme/charts", "oci://ghcr.io/acme/*", False),
        ("https://[::1]:8080/cat", "https://[::1]:8080/*", True),
    ],
)
def test_patterns(address: str, pattern: str, is_allowed: bool) -> None:
    assert may_use_credential(address, "", [pattern]) is is_allowed


PIECES = [
    *(
        "https",
        "http",
        "ssh",
        "HTTPS",
        "://",
        "/",
        "//",
        "@",
        ":",
        "443",
        "80",
        "..",
        ".",
        "%2e",
        "%2F",
        "%63",
    ),
    *("github.com", "GITHUB.com", "evil.example", "git", "acme", "cat-", "cat-x", "secret", ".git", "?", "#"),
    *("*", "\\", " ", "%", "é", "github.com/acme/cat-", "https://github.com/acme/cat-"),
]
ASKED = re.compile(r"/acme/cat-[^/]*")


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.booleans())
def test_whatever_is_allowed_is_what_the_pattern_says(text: str, is_begun: bool) -> None:
    """Git's side parses the address by itself: the server that is asked, and the path there."""
    address = f"https://github.com/acme/cat-{text}" if is_begun else text
    if not may_use_credential(address, "", [PATTERN]):
        return
    asked = urlsplit(parse_remote(address, server_url="https://github.com", allow_local=True).url)
    assert (asked.scheme, asked.netloc.removesuffix(":443").removesuffix(":")) == ("https", "github.com")
    assert ASKED.fullmatch(unquote(asked.path))
    assert "/.." not in unquote(asked.path)


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True).filter(
    lambda name: not name.endswith(".git")
)


@given(NAMES, NAMES, st.sampled_from(["", ".git", "/", ".git/"]), st.sampled_from(["", "me@"]))
def test_an_own_repository_is_found_in_every_spelling(owner: str, name: str, end: str, user: str) -> None:
    own = f"https://github.com/{owner}/{name}"
    assert may_use_credential(f"https://{user}GitHub.com:443/{owner}/{name}{end}", own, [])
    assert not may_use_credential(f"{own}x", own, [])


def test_nothing_malformed_is_allowed_by_itself() -> None:
    """What can't be told apart is nobody's own."""
    assert not may_use_credential("/srv/cat", "/srv/cat", ["/srv/*"])
    with pytest.raises(SourceError):
        parse_remote("https://a b/c", server_url="https://github.com", allow_local=True)
    assert not may_use_credential("https://a b/c", "https://a b/c", [])


def test_a_reach_that_isnt_known_is_nobodys() -> None:
    assert [Reach.parse(text) for text in ("", "allowed", "public", "all")] == [
        Reach.OWN,
        Reach.ALLOWED,
        Reach.PUBLIC,
        Reach.PUBLIC,
    ]
