"""Addresses of repositories, names of refs, and where credentials may go."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.edges.git.remotes import Access, Remote, authorization, check_ref, parse_remote, redirected
from promotion.errors import PromotionError, SourceError

GITHUB = "https://github.com"


def parse(address: str, *, allow_local: bool = False, server_url: str = GITHUB) -> Remote:
    return parse_remote(address, server_url=server_url, allow_local=allow_local)


def header(address: str, *, token: str = "", write: bool = False, access: Access | None = None) -> str:
    """What is sent to an address, decoded: `user:password`; empty if nothing is."""
    words = authorization(parse(address), access or Access(), token=token, write=write)
    return base64.b64decode(words.removeprefix("Basic ")).decode()


@pytest.mark.parametrize(
    ("address", "kind", "url", "name"),
    [
        ("acme/cats", "http", "https://github.com/acme/cats.git", "acme/cats"),
        ("acme/.github", "http", "https://github.com/acme/.github.git", "acme/.github"),
        ("acme/cats.git", "http", "https://github.com/acme/cats.git", "acme/cats"),
        ("https://github.com/acme/cats", "http", "https://github.com/acme/cats", "acme/cats"),
        ("HTTPS://GitHub.com/acme/cats.git/", "http", "https://github.com/acme/cats.git", "acme/cats"),
        ("http://git.local:8080/x", "http", "http://git.local:8080/x", "http://git.local:8080/x"),
        ("http://[::1]:8080/x", "http", "http://[::1]:8080/x", "http://[::1]:8080/x"),
        (
            "https://acme@dev.azure.com/acme/pets/_git/cats",
            "http",
            "https://dev.azure.com/acme/pets/_git/cats",
            "https://dev.azure.com/acme/pets/_git/cats",
        ),
        (
            "git@github.com:acme/cats.git",
            "ssh",
            "git@github.com:acme/cats.git",
            "git@github.com:acme/cats.git",
        ),
        ("ssh://git@host:2222/a/b", "ssh", "ssh://git@host:2222/a/b", "ssh://git@host:2222/a/b"),
        ("ssh://git:secret@host/a", "ssh", "ssh://git@host/a", "ssh://git@host/a"),
    ],
)
def test_addresses_that_we_take(address: str, kind: str, url: str, name: str) -> None:
    remote = parse(address)
    assert (remote.kind, remote.url, remote.name) == (kind, url, name)


@pytest.mark.parametrize("address", ["/srv/cats.git", "./cats", "../cats", "file:///srv/cats.git"])
def test_a_path_on_this_machine_needs_a_local_definition(address: str) -> None:
    with pytest.raises(SourceError, match="only a local definition"):
        parse(address)
    assert parse(address, allow_local=True).kind == "file"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "-u",
        "--upload-pack=touch x",
        "ext::sh -c touch% x",
        "ext::sh",
        "fd::17",
        "git://github.com/acme/cats",
        "ftp://host/x",
        "git+ssh://host/x",
        "https://",
        "https:///path",
        "https://-oProxyCommand=x/y",
        "https://host:port/x",
        "https://host/x?private_token=abc",
        "https://host/x#y",
        "https://ho st/x",
        "https://host\\@evil/x",
        "https://host/x\nHost: evil",
        "ssh://-oProxyCommand=x/y",
        "ssh://-l@host/y",
        "ssh://host/-x",
        "ssh://host",
        "-oProxyCommand=x:y",
        "host:-x",
        "file://elsewhere/x",
        "cats",
        "acme/..",
        "a/b/c",
    ],
)
def test_addresses_that_we_refuse(address: str) -> None:
    with pytest.raises(SourceError):
        parse(address, allow_local=True)


@pytest.mark.parametrize(
    "address",
    [
        "https://user:hunter2@host:x/y",
        "https://user:hun/ter2@host/y?z",
        "https://hunter2@ho st/x",
        "https://host/x?token=hunter2",
        "ftp://user:hunter2@host/x",
        "user:hunter2@host/x",
        "--hunter2@x",
    ],
)
def test_a_refusal_shows_no_credential(address: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(address)
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)


def test_a_remote_shows_no_credential() -> None:
    remote = parse("https://me:hunter2@host/x")
    assert "hunter2" not in f"{remote} {remote!r} {remote.url} {remote.name}"
    assert "hunter2" not in repr(Access(token="hunter2", source_token="hunter2", ssh_key="hunter2"))


@given(st.text(max_size=60))
def test_whatever_the_address_only_our_error_comes_out(address: str) -> None:
    try:
        remote = parse(address, allow_local=True)
    except PromotionError:
        return
    assert not remote.url.startswith("-")
    assert "::" not in remote.url.partition("/")[0] or remote.kind == "http"


@pytest.mark.parametrize("name", ["main", "release/1.0", "v1.2.3", "feature/ünïcode", "a-b", "@x", "1"])
def test_refs_that_git_takes(name: str) -> None:
    assert check_ref(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-u",
        "--upload-pack=x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "[a",
        "a\\b",
        "a.lock",
        "a.lock/b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "@",
        "a@{1}",
        "a\nb",
        "a\x7f",
        "+a:refs/heads/b",
    ],
)
def test_refs_that_git_refuses(name: str) -> None:
    with pytest.raises(SourceError):
        check_ref(name)


def test_a_run_has_one_token_to_write_and_one_to_read() -> None:
    access = Access(token="writes", source_token="reads")
    assert header("acme/cats", access=access) == "x-access-token:reads"
    assert header("acme/cats", access=access, write=True) == "x-access-token:writes"
    assert header("acme/cats", access=Access(token="both")) == "x-access-token:both"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/acme/cats",
        "http://github.com/acme/cats",
        "https://github.com:8443/acme/cats",
        "https://github.com.example.com/acme/cats",
        "https://api.github.com/acme/cats",
        "git@github.com:acme/cats",
    ],
)
def test_the_tokens_of_the_run_go_to_its_server_only(address: str) -> None:
    access = Access(token="secret", source_token="secret")
    assert header(address, access=access) == ""
    assert header(address, access=access, write=True) == ""


def test_a_token_for_a_source_goes_to_that_source() -> None:
    assert header("https://git.example/cats", token="mine") == "x-access-token:mine"
    assert header("https://git.example/cats", token="me:mine") == "me:mine"
    assert header("https://acme@dev.azure.com/acme/_git/cats", token="mine") == "acme:mine"
    assert header("https://me:old@git.example/cats", token="mine") == "me:mine"


def test_a_credential_in_the_address_goes_to_its_host() -> None:
    assert header("https://me:p%40ss@git.example/cats") == "me:p@ss"
    assert header("https://me:pass@github.com/acme/cats", access=Access(token="other")) == "me:pass"


def test_a_redirect_keeps_the_credential_of_an_address_on_its_host() -> None:
    old = parse("https://me:pass@git.example/cats")
    assert redirected(old, "https://git.example/dogs").password == "pass"
    assert redirected(old, "https://other.example/dogs").password == ""
    assert redirected(old, "https://you:sent@other.example/dogs").password == ""


@pytest.mark.parametrize("url", ["http://git.example/x", "file:///etc", "ssh://git.example/x", "ext::sh", ""])
def test_a_redirect_gives_up_neither_encryption_nor_http(url: str) -> None:
    with pytest.raises(SourceError, match="redirects"):
        redirected(parse("https://git.example/cats"), url)


class SomeApp:
    """A GitHub App; no token is one that it has given for this repository."""

    def __init__(self, *repositories: str) -> None:
        self.repositories = repositories

    def reader(self, repository: str) -> str:
        owners = {name.partition("/")[0] for name in self.repositories}
        owner = repository.partition("/")[0]
        return f"reader-{owner}" if owner in owners else ""

    def token_for(self, repository: str, need: str) -> str:
        return f"{need.replace(': ', '=')} on {repository}" if repository in self.repositories else ""


@pytest.mark.parametrize(
    ("address", "write", "sent"),
    [
        ("acme/cats", False, "reader-acme"),
        ("https://github.com/acme/cats", False, "reader-acme"),
        ("https://github.com/acme/cats.git", True, "contents=write on acme/cats"),
        ("umbrella/cats", False, "job"),
        ("umbrella/cats", True, "job"),
        ("https://github.com/a/b/c", False, "job"),
        ("https://github.com.evil.example/acme/cats", False, ""),
        ("https://gitlab.com/acme/cats", False, ""),
        ("https://gitlab.com/acme/cats", True, ""),
        ("http://github.com/acme/cats", False, ""),
        ("https://me:password@github.com/acme/cats", False, "password"),
    ],
)
def test_an_app_gives_each_repository_its_own_token(address: str, write: bool, sent: str) -> None:
    access = Access(token="job", app=SomeApp("acme/cats"), manifest_right="write")
    header = authorization(parse(address), access, write=write).removeprefix("Basic ")
    assert base64.b64decode(header).decode().partition(":")[2] == sent


def test_what_comes_before_an_app() -> None:
    access = Access(token="job", source_token="reader", app=SomeApp("acme/cats"))
    assert header("acme/cats", access=access) == "x-access-token:reader"
    assert header("acme/cats", access=access, token="for-it") == "x-access-token:for-it"


def test_where_nothing_is_written_an_app_s_token_may_not() -> None:
    access = Access(app=SomeApp("acme/cats"))
    token = access.token_at_home(parse("acme/cats"), write=True)
    assert token == "contents=read on acme/cats"


def test_a_repository_of_an_enterprise_server_below_a_path() -> None:
    access = Access(server_url="https://ghe.example/git/", app=SomeApp("acme/cats"))
    remote = parse("acme/cats", server_url="https://ghe.example/git/")
    assert access.token_at_home(remote) == "reader-acme"
