"""Charts from OCI registries, and who gets the credential for one."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.charts.oci_registry import RegistryChart
from promotion.edges.web.web_address import is_same_site
from promotion.edges.web.web_client import WebAnswer, WebClient
from promotion.errors import AccessError, DefinitionError, SourceError
from promotion.rendering.model import ResolvedChart
from promotion.rendering.sources.chart_source import ChartSource
from support import registry, webserver
from support.charts import packed_chart
from support.registry import TOKEN, Registry
from support.webserver import WebServer

ACCOUNT = "reader:pa55-w0rd"
BASIC = "Basic " + base64.b64encode(ACCOUNT.encode()).decode()
VERSIONS = ("1.1.0", "1.1.4+build.2", "1.2.0", "1.3.0-beta")


@pytest.fixture
def server() -> Iterator[Registry]:
    with registry.serve() as made:
        for version in VERSIONS:
            made.add("acme/cats", version, packed_chart("cats", version))
        yield made


@pytest.fixture
def private(server: Registry) -> Registry:
    server.username, _, server.password = ACCOUNT.partition(":")
    return server


@pytest.fixture
def other() -> Iterator[WebServer]:
    with webserver.serve() as made:
        yield made


class Puller:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, server: Registry, version: str = "1.2.0", *, token: str = "", chart: str = "cats"
    ) -> ResolvedChart:
        source = ChartSource(repository=f"oci://{server.host}/acme", chart=chart, version=version)
        return ChartStore(WebClient({}, sleep=lambda _: None), self._folder).fetch(source, token=token)


@pytest.fixture
def pull(tmp_path: Path) -> Puller:
    return Puller(tmp_path)


def credentials(asked: list[tuple[str, str]]) -> set[str]:
    return {authorization for _, authorization in asked if authorization}


@pytest.mark.parametrize(
    ("wanted", "pulled"),
    [("1.1.0", "1.1.0"), ("", "1.2.0"), ("~1.1.0", "1.1.4+build.2"), (">1.2-0", "1.3.0-beta")],
)
@pytest.mark.parametrize("page", [1, 1000])
def test_a_version_a_range_or_the_newest(
    pull: Puller, server: Registry, wanted: str, pulled: str, page: int
) -> None:
    server.page = page
    assert pull(server, wanted).version == pulled


def test_what_a_registry_has_can_be_told_without_fetching_it(server: Registry, tmp_path: Path) -> None:
    charts = ChartStore(WebClient({}), tmp_path)
    source = ChartSource(repository=f"oci://{server.host}/acme", chart="cats")
    answer = charts.ask(source)
    assert not any("/blobs/" in path for path, _ in server.asked)
    assert answer == charts.fetch(source).revision


class TestCredentials:
    def test_an_account(self, pull: Puller, private: Registry) -> None:
        assert pull(private, token=ACCOUNT).version == "1.2.0"
        assert private.asked[0][1] == "", "nobody gets it unasked"
        assert credentials(private.asked) == {BASIC}

    def test_a_bare_token_is_anybodys_password(self, pull: Puller, private: Registry) -> None:
        private.username = "token"
        assert pull(private, token="pa55-w0rd").version == "1.2.0"

    @pytest.mark.parametrize("token", ["", ACCOUNT])
    def test_a_registry_that_gives_tokens_itself(self, pull: Puller, private: Registry, token: str) -> None:
        private.realm = private.token_url
        assert pull(private, token=token).version == "1.2.0"
        assert private.asked[1][0] == "/token?service=test%2C+of+course&scope=repository%3Aacme%2Fcats%3Apull"
        assert private.asked[1][1] == (BASIC if token else "")
        assert credentials(private.asked[2:]) == {f"Bearer {TOKEN}"}

    def test_another_server_that_gives_tokens_gets_no_account(
        self, pull: Puller, private: Registry, other: WebServer
    ) -> None:
        private.realm = other.answer("/token", b'{"token": "x"}')
        with pytest.raises(
            AccessError, match=rf"tokens come from {other.url}/token, which is none of its own"
        ):
            pull(private, token=ACCOUNT)
        assert not other.asked
        assert credentials(private.asked) == set()

    def test_another_server_that_gives_tokens_to_everyone(
        self, pull: Puller, server: Registry, other: WebServer
    ) -> None:
        path = "/token?service=test%2C+of+course&scope=repository%3Aacme%2Fcats%3Apull"
        other.answer(path, json.dumps({"access_token": TOKEN}).encode())
        server.realm = f"{other.url}/token"
        assert pull(server).version == "1.2.0"

    @pytest.mark.parametrize(
        "realm", ["http://169.254.169.254/latest/", "file:///etc/passwd", "x", "http://[fd00:ec2::254]/"]
    )
    def test_nobody_leads_us_to_a_metadata_service(self, pull: Puller, server: Registry, realm: str) -> None:
        server.realm = realm
        with pytest.raises(SourceError):
            pull(server)

    def test_another_server_that_has_the_blobs_gets_nothing(
        self, pull: Puller, private: Registry, other: WebServer
    ) -> None:
        private.blobs_at = other.url
        for digest, content in private.blobs.items():
            other.answer(f"/{digest}", content)
        assert pull(private, token=ACCOUNT).version == "1.2.0"
        assert other.asked
        assert not any("authorization" in request.headers for request in other.asked)

    def test_the_settings_of_docker_are_not_read(
        self, pull: Puller, private: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        helper = tmp_path / "bin/docker-credential-canary"
        helper.parent.mkdir()
        helper.write_text(f'#!/bin/sh\ntouch {tmp_path}/asked\necho \'{{"Username": "a", "Secret": "b"}}\'\n')
        helper.chmod(0o755)
        known = {"auth": base64.b64encode(ACCOUNT.encode()).decode()}
        settings = {
            "auths": {private.host: known},
            "credsStore": "canary",
            "credHelpers": {private.host: "canary"},
        }
        (tmp_path / ".docker").mkdir()
        (tmp_path / ".docker/config.json").write_text(json.dumps(settings))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / ".docker"))
        monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
        with pytest.raises(AccessError, match="asks for a token"):
            pull(private)
        assert credentials(private.asked) == set()
        assert not (tmp_path / "asked").exists()

    @pytest.mark.parametrize("realm", [False, True])
    @pytest.mark.parametrize(
        ("token", "words"), [("", "asks for a token"), ("me:wrong-0ne", "refuses the token")]
    )
    def test_a_registry_that_refuses(
        self, pull: Puller, private: Registry, realm: bool, token: str, words: str
    ) -> None:
        private.realm = private.token_url if realm else ""
        private.give_token = lambda authorization: b""  # type: ignore[method-assign]
        with pytest.raises(
            AccessError, match=rf"acme/cats 1\.2\.0 can't be pulled: the registry {words}"
        ) as caught:
            pull(private, token=token)
        assert "wrong-0ne" not in str(caught.value)

    @pytest.mark.parametrize(
        "challenge", ["", "Basic", "Bearer", 'Bearer realm="', "Negotiate", "Bearer realm", 'Bearer realm=""']
    )
    def test_a_challenge_that_is_none(
        self, pull: Puller, private: Registry, challenge: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Registry, "challenge", challenge)
        with pytest.raises(SourceError):
            pull(private)


class Encrypted:
    """An https registry that says where its tokens are had."""

    def __init__(self, realm: str) -> None:
        self.asked: list[str] = []
        self.named_by: list[str] = []
        self._challenge = {"WWW-Authenticate": f'Bearer realm="{realm}"'}

    def ask(self, url: str, *, named_by: str = "", **_: object) -> WebAnswer:
        self.asked.append(url)
        self.named_by.append(named_by)
        return WebAnswer(401, self._challenge, b"")


@pytest.mark.parametrize("account", ["", ACCOUNT])
def test_encryption_is_not_given_up(account: str) -> None:
    web = Encrypted("http://ghcr.io/token")
    with pytest.raises(AccessError, match=r"tokens come from http://ghcr\.io/token, without encryption"):
        RegistryChart(web, "oci://ghcr.io/acme/cats", account=account).find("1.0.0")
    assert web.asked == ["https://ghcr.io/v2/acme/cats/manifests/1.0.0"]


def test_a_registry_may_lead_us_no_nearer_than_it_is() -> None:
    web = Encrypted("https://10.0.0.1/token")
    with pytest.raises(AccessError):
        RegistryChart(web, "oci://ghcr.io/acme/cats").find("1.0.0")
    assert web.named_by == ["", "https://ghcr.io/v2/acme/cats/"]


def test_docker_hub_has_another_name() -> None:
    web = Encrypted("http://auth.docker.io/token")
    with pytest.raises(AccessError):
        RegistryChart(web, "oci://docker.io/acme/cats").find("1.0.0")
    assert web.asked == ["https://registry-1.docker.io/v2/acme/cats/manifests/1.0.0"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://ghcr.io/v2/", "https://ghcr.io/token", True),
        ("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", True),
        ("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", True),
        ("https://registry.example.com:5000/v2/", "https://gitlab.example.com/jwt/auth", True),
        ("https://ghcr.io/v2/", "https://evil.example/token", False),
        ("https://ghcr.io/v2/", "https://ghcr.io.evil.example/token", False),
        ("https://ghcr.io/v2/", "https://evilghcr.io/token", False),
        ("https://10.0.0.1/v2/", "https://11.0.0.1/token", False),
        ("https://10.0.0.1/v2/", "https://10.0.0.1:8443/token", False),
        ("https://[fd00::1]/v2/", "https://[fd00::2]/token", False),
        ("https://registry/v2/", "https://auth/token", False),
        ("https://registry/v2/", "https://registry/token", True),
    ],
)
def test_who_is_of_one_site(one: str, other: str, same: bool) -> None:
    assert is_same_site(one, other) is same


@pytest.mark.parametrize(
    ("chart", "version", "words"),
    [
        ("cats", "4.0.0", r"acme/cats 4\.0\.0 can't be pulled: it isn't there"),
        (
            "cats",
            "^4",
            r"acme/cats \^4 can't be pulled: the registry has no such version\. The newest are 1\.3\.0",
        ),
        ("dogs", "1.0.0", r"acme/dogs 1\.0\.0 can't be pulled: it isn't there"),
        ("dogs", "", r"acme/dogs can't be pulled: it isn't there"),
        ("../cats", "1.2.0", "can't be the address of a chart"),
    ],
)
def test_what_is_not_there(pull: Puller, server: Registry, chart: str, version: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        pull(server, version, chart=chart)
    assert not isinstance(caught.value, AccessError)


def test_a_range_that_is_none(pull: Puller, server: Registry) -> None:
    with pytest.raises(DefinitionError, match="acme/cats"):
        pull(server, "one and a half")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"layers": 1}',
        b'{"layers": [1, {}]}',
        b'{"layers": [{"mediaType": "application/tar+gzip", "digest": "../x"}]}',
        b'{"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:0"}]}',
    ],
)
def test_what_is_no_chart(pull: Puller, server: Registry, manifest: bytes) -> None:
    server.blobs[server.tags["acme/cats"]["1.2.0"]] = manifest
    with pytest.raises(SourceError, match=r"acme/cats(?: 1\.2\.0)? can't be pulled"):
        pull(server)


def test_other_bytes_than_promised(pull: Puller, server: Registry) -> None:
    for digest in server.blobs.keys() - server.tags["acme/cats"].values():
        server.blobs[digest] = packed_chart("cats", "9.9.9")
    with pytest.raises(SourceError, match="isn't what the registry's manifest promises"):
        pull(server)


@pytest.mark.parametrize("link", ["/v2/acme/cats/tags/list", "https://evil.example/v2/", "//evil.example/"])
def test_pages_without_end_or_elsewhere(
    pull: Puller, server: Registry, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "list_tags", lambda *_: (b'{"tags": ["1.0.0"]}', link))
    with pytest.raises(SourceError, match=r"too many tags|leads to https?://evil"):
        pull(server, "")
