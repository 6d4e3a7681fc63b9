"""Addresses and paths apart, and addresses without credentials."""

from __future__ import annotations

import pytest

from promotion.common.addresses import identify, is_address, name_on, path_of, without_credentials


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://github.com/a/b", True),
        ("ssh://git@github.com/a/b", True),
        ("git@github.com:a/b.git", True),
        ("file:///srv/a", True),
        ("oci://registry.test/charts", True),
        ("./stack", False),
        ("stack", False),
        ("../a@b/c", False),
        ("a:b", False),
    ],
)
def test_what_is_an_address(source: str, expected: bool) -> None:
    assert is_address(source) == expected


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pass@git.test/a", "https://git.test/a"),
        ("https://token@git.test/a?b=c@d", "https://git.test/a?…"),
        ("https://git.test/a?sig=1?2&to=http://x/?3#part", "https://git.test/a?…#part"),
        ("it is https://git.test/a?sig=1 and no other", "it is https://git.test/a?… and no other"),
        ("https://git.test/a?", "https://git.test/a?"),
        ("what?/a", "what?/a"),
        ("https://git.test/a@b", "https://git.test/a@b"),
        ("https://a@b:c@git.test/", "https://git.test/"),
        ("ssh://git:secret@git.test/a", "ssh://git@git.test/a"),
        ("git@git.test:a/b", "git@git.test:a/b"),
        ("./path", "./path"),
    ],
)
def test_an_address_is_shown_without_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://x.test/a/b.yaml?release=1.2", "/a/b.yaml"),
        ("https://x.test?a=.yaml", ""),
        ("HTTPS://x.test/a.yml#b", "/a.yml"),
        ("a/b.yaml", "a/b.yaml"),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert path_of(url) == path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("acme/cat", "acme/cat"),
        ("https://git.test/acme/cat", "acme/cat"),
        ("https://GIT.test/acme/cat.git/", "acme/cat"),
        ("https://me:secret@git.test/acme/cat.git", "acme/cat"),
        ("git@git.test:acme/cat.git", "acme/cat"),
        ("ssh://git@git.test/acme/cat.git", "acme/cat"),
        ("ssh://git@git.test:22/acme/cat", "acme/cat"),
        ("https://git.test:444/acme/cat", ""),
        ("https://git.test.evil.test/acme/cat", ""),
        ("https://git.test@evil.test/acme/cat", ""),
        ("git@evil.test:acme/cat", ""),
        ("https://git.test/acme", ""),
        ("https://git.test/acme/cat/tree", ""),
        ("https://git.test/acme/..", ""),
        ("https://git.test/acme/cat?x=/acme/dog", ""),
        ("oci://git.test/acme/cat", ""),
        ("/srv/hld.git", ""),
        ("./acme/cat", ""),
        ("../cat", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_repository_on_our_server(address: str, name: str) -> None:
    assert name_on("https://git.test", address) == name


def test_a_server_may_have_a_port() -> None:
    assert name_on("http://127.0.0.1:8080", "http://127.0.0.1:8080/acme/cat.git") == "acme/cat"
    assert name_on("http://127.0.0.1:8080", "http://127.0.0.1:8081/acme/cat.git") == ""


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/cat",
        "https://github.com/acme/cat.git",
        "https://GitHub.com/Acme/Cat/",
        "https://user:token@github.com/acme/cat",
        "git@github.com:acme/cat.git",
        "ssh://git@github.com/acme/cat",
        "ssh://git@github.com:22/acme/cat.git",
    ],
)
def test_the_addresses_of_one_repository_have_one_identity(address: str) -> None:
    assert identify(address) == "github.com/acme/cat"


def test_other_repositories_have_other_identities() -> None:
    addresses = [
        "https://github.com/acme/cat", "https://github.com/acme/cat-2", "https://example.com/acme/cat",
        "https://github.com:8443/acme/cat", "/srv/acme/cat.git", "file:///srv/acme/dog",
    ]  # fmt: skip
    assert len({*map(identify, addresses)}) == len(addresses)


def test_a_path_and_its_file_address_are_one() -> None:
    assert identify("/srv/acme/cat.git") == identify("file:///srv/acme/cat")
