"""Troubles between us and web servers, chart repositories and registries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.web.web_client import Patience, WebClient
from promotion.errors import AccessError, PromotionError, SourceError
from promotion.rendering.sources.chart_source import ChartSource
from support import registry
from support.charts import packed_chart, write_repository
from support.proxy import EVER, FaultProxy, Trouble
from support.webserver import WebServer, serve

pytestmark = [pytest.mark.siege, pytest.mark.samples]

PASSING = [
    Trouble(reset=True, times=2),
    Trouble(status=429),
    Trouble(status=429, headers={"Retry-After": "9"}),
    Trouble(status=500),
    Trouble(status=502, times=3),
    Trouble(status=503),
    Trouble(cut=0),
    Trouble(cut=20),
    Trouble(cut=20, reset=True),
]
LASTING = [
    (Trouble(reset=True), SourceError, "can't be reached"),
    (Trouble(cut=20), SourceError, "broke before the end"),
    (Trouble(status=500), SourceError, "500 Internal Server Error"),
    (Trouble(status=502), SourceError, "502 Bad Gateway"),
    (Trouble(status=429, headers={"Retry-After": "3600"}), SourceError, "429 Too Many Requests"),
    (Trouble(status=401), AccessError, "401 Unauthorized"),
    (Trouble(status=403), AccessError, "403 Forbidden"),
    (Trouble(status=404), SourceError, "404 Not Found"),
]
SLOW = [Trouble(hang=True), Trouble(drip=0.05), Trouble(rate=5)]
Fetch = Callable[[], object]


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with FaultProxy() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebServer]:
    write_repository(tmp_path / "www/charts", [("cache", "1.0.0")])
    (tmp_path / "www/manifest.yaml").write_text("kind: Namespace\nmetadata: {name: pets}\n")
    with serve(tmp_path / "www") as server:
        yield server


class Client:
    """Fetches a manifest and a chart from the site, by the proxy."""

    def __init__(self, site: WebServer, proxy: FaultProxy, scratch: Path, **patience: float) -> None:
        scratch.mkdir()
        self.pauses: list[float] = []
        self._site, self._scratch = site, scratch
        self._web = WebClient(proxy.variables, patience=Patience(**patience), sleep=self.pauses.append)  # type: ignore[arg-type]

    def fetch(self, what: str) -> object:
        if what == "manifest.yaml":
            return self._web.get(f"{self._site.url}/manifest.yaml")
        asked = ChartSource(repository=f"{self._site.url}/charts", chart="cache", version="1.0.0")
        return ChartStore(self._web, self._scratch).fetch(asked).version


@pytest.mark.parametrize("what", ["manifest.yaml", "index.yaml", "cache-1.0.0.tgz"])
@pytest.mark.parametrize("trouble", PASSING, ids=str)
def test_it_is_tried_again(
    tmp_path: Path, site: WebServer, proxy: FaultProxy, what: str, trouble: Trouble
) -> None:
    client = Client(site, proxy, tmp_path / "scratch")
    proxy.make(Trouble(**vars(trouble) | {"path": what}))
    assert client.fetch(what)
    assert len(client.pauses) == trouble.times
    if trouble.headers:
        assert client.pauses == [9]


@pytest.mark.parametrize("what", ["manifest.yaml", "index.yaml", "cache-1.0.0.tgz"])
@pytest.mark.parametrize(("trouble", "kind", "words"), LASTING, ids=str)
def test_it_ends_with_a_clear_error(
    tmp_path: Path,
    site: WebServer,
    proxy: FaultProxy,
    what: str,
    trouble: Trouble,
    kind: type[PromotionError],
    words: str,
) -> None:
    client = Client(site, proxy, tmp_path / "scratch")
    proxy.make(Trouble(**vars(trouble) | {"path": what, "times": EVER}))
    with pytest.raises(kind, match=words) as caught:
        client.fetch(what)
    assert what in caught.value.what
    assert caught.value.fix
    can_help = kind is SourceError and trouble.status != 404 and not trouble.headers
    assert len(client.pauses) == (4 if can_help else 0)


@pytest.mark.parametrize("what", ["manifest.yaml", "index.yaml", "cache-1.0.0.tgz"])
@pytest.mark.parametrize("trouble", SLOW, ids=str)
def test_it_has_an_end(
    tmp_path: Path, site: WebServer, proxy: FaultProxy, what: str, trouble: Trouble
) -> None:
    """A server that hangs, and one whose head or body comes letter by letter."""
    client = Client(site, proxy, tmp_path / "scratch", read=0.3, total=1)
    proxy.make(Trouble(**vars(trouble) | {"path": what, "times": EVER}))
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"took longer than|in time|broke before") as caught:
        client.fetch(what)
    assert what in caught.value.what
    assert time.monotonic() - start < 10


class Puller:
    """Pulls a chart from a registry behind the proxy."""

    def __init__(
        self, scratch: Path, upstream: registry.Registry, proxy: FaultProxy, **patience: float
    ) -> None:
        scratch.mkdir(exist_ok=True)
        self.pauses: list[float] = []
        proxy.upstream = upstream.host
        upstream.add("acme/cache", "1.0.0", packed_chart("cache", "1.0.0"))
        self._asked = ChartSource(repository=f"oci://{proxy.host}/acme", chart="cache", version="1.0.0")
        self._charts = ChartStore(
            WebClient({}, patience=Patience(**patience), sleep=self.pauses.append), scratch
        )  # type: ignore[arg-type]

    def pull(self) -> str:
        return self._charts.fetch(self._asked).version


@pytest.fixture
def upstream() -> Iterator[registry.Registry]:
    with registry.serve() as server:
        yield server


@pytest.fixture
def puller(tmp_path: Path, upstream: registry.Registry, proxy: FaultProxy) -> Puller:
    return Puller(tmp_path / "scratch", upstream, proxy)


@pytest.mark.parametrize("place", ["/manifests/", "/blobs/"])
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(reset=True),
        Trouble(status=429),
        Trouble(status=429, headers={"Retry-After": "1"}),
        Trouble(status=503),
        Trouble(cut=0),
        Trouble(cut=20, reset=True),
    ],
    ids=str,
)
def test_a_pull_is_tried_again(puller: Puller, proxy: FaultProxy, trouble: Trouble, place: str) -> None:
    proxy.make(Trouble(**vars(trouble) | {"path": place}))
    assert puller.pull() == "1.0.0"


@pytest.mark.parametrize(
    ("trouble", "kind", "advice"),
    [
        (Trouble(status=401), AccessError, "access.yaml"),
        (Trouble(status=403), AccessError, "access.yaml"),
        (Trouble(status=404), SourceError, "address and version"),
        (Trouble(status=500), SourceError, "try again later"),
        (Trouble(reset=True), SourceError, "address and the network"),
    ],
    ids=str,
)
def test_a_pull_ends_with_a_clear_error(
    puller: Puller, proxy: FaultProxy, trouble: Trouble, kind: type[PromotionError], advice: str
) -> None:
    proxy.make(Trouble(**vars(trouble) | {"times": EVER}))
    with pytest.raises(kind, match="acme/cache") as caught:
        puller.pull()
    assert advice in caught.value.fix
    assert len(puller.pauses) == (4 if trouble.reset or trouble.status == 500 else 0)


@pytest.mark.parametrize("trouble", SLOW, ids=str)
def test_a_pull_has_an_end(
    tmp_path: Path, upstream: registry.Registry, proxy: FaultProxy, trouble: Trouble
) -> None:
    puller = Puller(tmp_path / "scratch", upstream, proxy, read=0.3, total=1)
    proxy.make(Trouble(**vars(trouble) | {"times": EVER}))
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"took longer than|in time|broke before"):
        puller.pull()
    assert time.monotonic() - start < 10


def test_a_registry_that_refuses_connections(puller: Puller, proxy: FaultProxy) -> None:
    proxy.__exit__(None, None, None)
    with pytest.raises(SourceError, match="refuses connections"):
        puller.pull()
    assert len(puller.pauses) == 4
