"""The web client against real servers on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from promotion.common.backoff import WEB_DOWNLOAD
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.web_client import Patience, WebClient
from promotion.errors import AccessError, SourceError, UnreachableError
from support.webserver import Answer, WebServer, make_certificate, serve


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as server:
        yield server


@pytest.fixture
def other() -> Iterator[WebServer]:
    with serve() as server:
        yield server


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client(
    clock: Clock | None = None, *, read: float = 30, attempts: int = WEB_DOWNLOAD.attempts
) -> WebClient:
    clock = clock or Clock()
    return WebClient(
        {},
        patience=Patience(read=read, backoff=replace(WEB_DOWNLOAD, attempts=attempts)),
        sleep=clock.sleep,
        chance=lambda: 1.0,
        clock=lambda: clock.now,
    )


def test_content_is_fetched(site: WebServer) -> None:
    address = site.answer("/manifest.yaml", b"kind: Namespace\n")
    assert client().get(address) == b"kind: Namespace\n"


def test_query_is_sent_but_not_shown(site: WebServer) -> None:
    address = site.answer("/m.yaml?signature=s3cret", b"a: 1\n")
    assert client().get(address) == b"a: 1\n"
    with pytest.raises(SourceError) as caught:
        client().get(site.url + "/n.yaml?signature=s3cret")
    assert "n.yaml?…" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_missing_file_names_address_and_status(site: WebServer) -> None:
    with pytest.raises(SourceError, match=r"/gone\.yaml can't be fetched: 404 Not Found"):
        client().get(site.url + "/gone.yaml")
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://host/x", "charts", "http://", "https://[", ""]
)
def test_only_web_addresses_are_asked(address: str) -> None:
    with pytest.raises(SourceError, match="isn't a web address"):
        client().get(address)


class TestRetries:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 522])
    def test_trouble_that_passes(self, site: WebServer, status: int) -> None:
        clock = Clock()
        address = site.answer("/x", Answer(status=status), Answer(status=status), b"at last")
        assert client(clock).get(address) == b"at last"
        assert clock.slept == [0.5, 1.0]

    def test_pauses_are_spread_by_chance(self, site: WebServer) -> None:
        clock = Clock()
        address = site.answer("/x", Answer(status=500), b"ok")
        WebClient({}, sleep=clock.sleep, chance=lambda: 0.0, clock=lambda: clock.now).get(address)
        assert clock.slept == [0.25]

    def test_trouble_that_stays(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(status=502))
        with pytest.raises(SourceError, match="502 Bad Gateway"):
            client(attempts=3).get(address)
        assert len(site.asked) == 3

    def test_server_says_when(self, site: WebServer) -> None:
        clock = Clock()
        address = site.answer("/x", Answer(status=429, headers={"Retry-After": "7"}), b"ok")
        assert client(clock).get(address) == b"ok"
        assert clock.slept == [7.0]

    def test_server_gives_a_date(self, site: WebServer) -> None:
        clock = Clock()
        dates = {"Date": "Wed, 04 Nov 2020 12:00:00 GMT", "Retry-After": "Wed, 04 Nov 2020 12:00:09 GMT"}
        address = site.answer("/x", Answer(status=503, headers=dates), b"ok")
        assert client(clock).get(address) == b"ok"
        assert clock.slept == [9.0]

    def test_longer_than_we_have(self, site: WebServer) -> None:
        clock = Clock()
        address = site.answer("/x", Answer(status=429, headers={"Retry-After": "3600"}))
        with pytest.raises(SourceError, match="429 Too Many Requests"):
            client(clock).get(address)
        assert clock.slept == []

    def test_connection_that_breaks(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(drop=True), b"ok")
        assert client().get(address) == b"ok"

    def test_truncated_answer(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"half", promise=8), b"complete")
        assert client().get(address) == b"complete"

    def test_always_truncated(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"half", promise=8))
        with pytest.raises(SourceError, match="broke before the end"):
            client(attempts=2).get(address)

    def test_nobody_listens(self) -> None:
        with serve() as server:
            address = server.url
        with pytest.raises(SourceError, match="can't be reached: it refuses connections"):
            client(attempts=2).get(address)

    def test_unknown_host(self) -> None:
        with pytest.raises(SourceError, match=r"https://no-such-host\.invalid/x can't be reached"):
            client(attempts=2).get("https://no-such-host.invalid/x")

    def test_client_errors_are_final(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(status=410))
        with pytest.raises(SourceError, match="410 Gone"):
            client().get(address)
        assert len(site.asked) == 1


class TestLimits:
    def test_silence(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(delay=5))
        with pytest.raises(SourceError, match="did not answer in time"):
            client(read=0.1, attempts=2).get(address)

    def test_silence_in_the_middle(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"ab", drip=5))
        with pytest.raises(SourceError, match="broke before the end"):
            client(read=0.1, attempts=1).get(address)

    def test_drops_that_never_end(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"x" * 1000, drip=0.02))
        with pytest.raises(SourceError, match="took longer than"):
            WebClient({}, patience=Patience(total=0.2)).get(address)

    def test_size_announced(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"", promise=10**12))
        with pytest.raises(SourceError, match="is larger than 64 MiB"):
            client().get(address)

    def test_size_not_announced(self, site: WebServer) -> None:
        body = gzip.compress(b"0" * 5_000_000)
        address = site.answer("/x", Answer(body=body, headers={"Content-Encoding": "gzip"}))
        with pytest.raises(SourceError, match="is larger than 3 MiB"):
            client().get(address, limit=3 * 2**20)


class TestEncoding:
    def test_text_may_come_compressed(self, site: WebServer) -> None:
        body = gzip.compress(b"a: 1\n")
        address = site.answer("/x", Answer(body=body, headers={"Content-Encoding": "gzip"}))
        assert client().get(address) == b"a: 1\n"
        assert site.asked[0].headers["accept-encoding"] == "gzip"

    def test_archive_stays_one(self, site: WebServer) -> None:
        body = gzip.compress(b"tar")
        address = site.answer("/x.tgz", Answer(body=body, headers={"Content-Encoding": "gzip"}))
        assert client().get(address, archive=True) == body

    def test_garbled(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
        with pytest.raises(SourceError, match="garbled"):
            client().get(address)


class TestCredentials:
    def test_no_token_no_header(self, site: WebServer) -> None:
        client().get(site.answer("/x", b""))
        assert "authorization" not in site.asked[0].headers

    def test_bearer(self, site: WebServer) -> None:
        client().get(site.answer("/x", b""), token="s3cret\n")
        assert site.asked[0].headers["authorization"] == "Bearer s3cret"

    def test_user_and_password(self, site: WebServer) -> None:
        client().get(site.answer("/x", b""), token="user:pass")
        assert site.asked[0].headers["authorization"] == "Basic dXNlcjpwYXNz"

    def test_in_the_address(self, site: WebServer) -> None:
        address = site.answer("/x", Answer(status=404)).replace("://", "://user:pass@")
        with pytest.raises(SourceError) as caught:
            client().get(address)
        assert site.asked[0].headers["authorization"] == "Basic dXNlcjpwYXNz"
        assert "pass" not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize("status", [401, 403])
    def test_refused(self, site: WebServer, status: int) -> None:
        with pytest.raises(AccessError, match=rf"{status} .*access\.yaml"):
            client().get(site.answer("/x", Answer(status=status)), token="s3cret")

    def test_netrc_is_never_read(
        self, site: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "netrc"
        file.write_text("machine 127.0.0.1 login user password pass\n")
        monkeypatch.setenv("NETRC", str(file))
        client().get(site.answer("/x", b""))
        assert "authorization" not in site.asked[0].headers

    def test_cookies_are_forgotten(self, site: WebServer) -> None:
        web = client()
        address = site.answer("/x", Answer(headers={"Set-Cookie": "session=1"}))
        web.get(address)
        web.get(address)
        assert "cookie" not in site.asked[1].headers

    @pytest.mark.parametrize("token", ["evil\r\nHost: evil", "s3cret\x00", "s3cret\ns3cret"])
    def test_stray_characters_are_not_quoted(self, site: WebServer, token: str) -> None:
        with pytest.raises(SourceError) as caught:
            client(attempts=1).get(site.answer("/x", b""), token=token)
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))
        assert "evil" not in str(caught.value)


class TestRedirects:
    def test_followed_with_the_token_on_the_same_server(self, site: WebServer) -> None:
        address = site.answer("/a", Answer(status=302, headers={"Location": "/b"}))
        site.answer("/b", b"here")
        assert client().get(address, token="s3cret") == b"here"
        assert [request.headers["authorization"] for request in site.asked] == ["Bearer s3cret"] * 2

    def test_token_stays_behind_on_another_server(self, site: WebServer, other: WebServer) -> None:
        address = site.answer("/a", Answer(status=307, headers={"Location": other.url + "/b"}))
        other.answer("/b", b"here")
        assert client().get(address, token="s3cret") == b"here"
        assert "authorization" not in other.asked[0].headers

    def test_token_does_not_come_back(self, site: WebServer, other: WebServer) -> None:
        address = site.answer("/a", Answer(status=302, headers={"Location": other.url + "/b"}))
        other.answer("/b", Answer(status=302, headers={"Location": site.url + "/c"}))
        site.answer("/c", b"here")
        assert client().get(address, token="s3cret") == b"here"
        assert "authorization" not in site.asked[-1].headers

    def test_credentials_in_a_redirect_are_not_used(self, site: WebServer) -> None:
        target = site.url.replace("://", "://user:pass@") + "/b"
        address = site.answer("/a", Answer(status=302, headers={"Location": target}))
        site.answer("/b", b"here")
        client().get(address)
        assert "authorization" not in site.asked[-1].headers

    def test_circle(self, site: WebServer) -> None:
        address = site.answer("/a", Answer(status=302, headers={"Location": "/a"}))
        with pytest.raises(SourceError, match="from redirect to redirect"):
            client().get(address)

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
    def test_to_another_protocol(self, site: WebServer, target: str) -> None:
        address = site.answer("/a", Answer(status=302, headers={"Location": target}))
        with pytest.raises(SourceError, match="isn't a web address"):
            client().get(address)

    @pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data", "http://[fe80::1]/"])
    def test_to_the_metadata_service(self, site: WebServer, target: str) -> None:
        address = site.answer("/a", Answer(status=302, headers={"Location": target}))
        with pytest.raises(SourceError, match=r"leads to .* private network"):
            client().get(address)

    @pytest.mark.parametrize(
        "target", ["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]
    )
    def test_from_outside_to_inside(self, site: WebServer, target: str) -> None:
        """The name `localhost` stands for a public server here: only the test's resolver calls it one."""

        def resolve(host: str) -> list[str]:
            return ["93.184.216.34"] if host == "localhost" else [host]

        site.answer("/a", Answer(status=302, headers={"Location": f"http://{target}:{site.port}/b"}))
        web = WebClient({}, host_policy=HostPolicy(resolve))
        with pytest.raises(SourceError, match="private network"):
            web.get(f"http://localhost:{site.port}/a")
        assert site.paths() == ["/a"]


class TestProxy:
    def test_used_where_it_is_set(self, site: WebServer) -> None:
        site.answer("http://files.example/x", b"by proxy")
        assert WebClient({"HTTP_PROXY": site.url}).get("http://files.example/x") == b"by proxy"

    def test_not_for_hosts_that_are_excepted(self, site: WebServer) -> None:
        address = site.answer("/x", b"direct")
        with serve() as proxy:
            web = WebClient({"HTTP_PROXY": proxy.url, "NO_PROXY": "example.org,127.0.0.1"})
            assert web.get(address) == b"direct"
            assert proxy.asked == []

    def test_not_from_the_environment_of_the_process(
        self, site: WebServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        assert client().get(site.answer("/x", b"direct")) == b"direct"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    make_certificate(file)
    return file


@contextmanager
def break_off() -> Iterator[str]:
    """The address of a server that hears what a client says first, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_all() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1 << 16)

        threading.Thread(target=serve_all, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/x"
        listener.shutdown(socket.SHUT_RDWR)


class TestCertificates:
    def test_unknown_authority(self, certificate: Path) -> None:
        with serve(certificate=certificate) as server:
            with pytest.raises(SourceError, match=r"certificate isn't trusted.*SSL_CERT_FILE"):
                client().get(server.answer("/x", b"secure"))
            assert server.asked == []

    def test_a_certificate_stays_and_a_line_that_breaks_off_may_pass(self, certificate: Path) -> None:
        with serve(certificate=certificate) as server, pytest.raises(SourceError) as caught:
            client().get(server.answer("/x", b"secure"))
        assert not caught.value.is_passing
        with break_off() as url, pytest.raises(UnreachableError, match="the TLS connection broke") as broken:
            client(attempts=2).get(url)
        assert broken.value.is_passing

    def test_own_authority(self, certificate: Path) -> None:
        with serve(certificate=certificate) as server:
            web = WebClient({"SSL_CERT_FILE": str(certificate)})
            assert web.get(server.answer("/x", b"secure")) == b"secure"

    def test_token_stays_behind_when_https_becomes_http(self, site: WebServer, certificate: Path) -> None:
        site.answer("/b", b"here")
        with serve(certificate=certificate) as server:
            address = server.answer("/a", Answer(status=302, headers={"Location": site.url + "/b"}))
            web = WebClient({"SSL_CERT_FILE": str(certificate)})
            assert web.get(address, token="s3cret") == b"here"
            assert server.asked[0].headers["authorization"] == "Bearer s3cret"
        assert "authorization" not in site.asked[0].headers
