"""Charts from real repositories and registries on loopback, and charts in folders."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from promotion.edges.charts import chart_archive
from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.web_client import WebClient
from promotion.errors import AccessError, DefinitionError, PromotionError, SourceError
from promotion.rendering.model import ResolvedChart
from promotion.rendering.sources.chart_source import ChartSource
from support import registry
from support.charts import (
    chart_files,
    pack,
    packed_chart,
    write_repository,
)
from support.webserver import Answer, WebServer, serve


@pytest.fixture
def charts(tmp_path: Path) -> ChartStore:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return ChartStore(WebClient({}, sleep=lambda _: None), scratch)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebServer]:
    """A Helm repository at /charts: cache in four versions, gateway in one."""
    versions = ["0.9.0", "0.10.0", "0.9.5", "0.11.0-rc.1"]
    www = tmp_path / "www"
    write_repository(www / "charts", [*(("cache", version) for version in versions), ("gateway", "3.1.0")])
    with serve(www) as server:
        yield server


def source(site: WebServer, chart: str = "cache", version: str = "") -> ChartSource:
    return ChartSource(repository=f"{site.url}/charts", chart=chart, version=version)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class TestRepository:
    def test_asked_version(self, charts: ChartStore, site: WebServer) -> None:
        chart = charts.fetch(source(site, version="0.9.0"))
        assert chart.version == "0.9.0"
        assert json.loads((chart.path / "Chart.yaml").read_text())["version"] == "0.9.0"
        assert files(chart.path) == {"Chart.yaml", "templates/cache.yaml"}

    def test_newest_release(self, charts: ChartStore, site: WebServer) -> None:
        assert charts.fetch(source(site)).version == "0.10.0"

    def test_newest_in_a_range(self, charts: ChartStore, site: WebServer) -> None:
        assert charts.fetch(source(site, version="~0.9.0")).version == "0.9.5"

    def test_digest_is_that_of_the_archive(self, charts: ChartStore, site: WebServer) -> None:
        archive = packed_chart("cache", "0.10.0")
        assert charts.fetch(source(site)).digest == f"sha256:{hashlib.sha256(archive).hexdigest()}"

    def test_slash_at_the_end(self, charts: ChartStore, site: WebServer) -> None:
        asked = ChartSource(repository=f"{site.url}/charts//", chart="cache")
        assert charts.fetch(asked).version == "0.10.0"

    def test_absolute_address_in_the_index(self, charts: ChartStore, site: WebServer) -> None:
        with serve() as store:
            address = store.answer("/far/away.tgz", packed_chart("cache"))
            index = {"apiVersion": "v1", "entries": {"cache": [{"version": "1.0.0", "urls": [address]}]}}
            site.answer("/charts/index.yaml", json.dumps(index).encode())
            assert charts.fetch(source(site), token="s3cret").version == "1.0.0"
            assert "authorization" not in store.asked[0].headers
        assert site.asked[0].headers["authorization"] == "Bearer s3cret"

    def test_query_goes_with_relative_addresses(self, charts: ChartStore, site: WebServer) -> None:
        site.answer("/q/index.yaml?key=s3cret", (site.folder / "charts/index.yaml").read_bytes())
        site.answer("/q/cache-0.10.0.tgz?key=s3cret", packed_chart("cache", "0.10.0"))
        charts.fetch(ChartSource(repository=f"{site.url}/q?key=s3cret", chart="cache"))
        with pytest.raises(SourceError) as caught:
            charts.fetch(ChartSource(repository=f"{site.url}/q?key=s3cret", chart="nothing"))
        assert "s3cret" not in str(caught.value)

    def test_credentials_of_the_repository(self, charts: ChartStore, site: WebServer) -> None:
        charts.fetch(source(site), token="user:pass")
        assert {request.headers["authorization"] for request in site.asked} == {"Basic dXNlcjpwYXNz"}

    def test_credentials_in_the_address(self, charts: ChartStore, site: WebServer) -> None:
        address = f"{site.url}/charts".replace("://", "://user:pass@")
        with pytest.raises(SourceError) as caught:
            charts.fetch(ChartSource(repository=address, chart="cache", version="9"))
        assert site.asked[0].headers["authorization"] == "Basic dXNlcjpwYXNz"
        assert "pass" not in str(caught.value)

    def test_index_may_not_lead_from_outside_to_inside(self, site: WebServer, tmp_path: Path) -> None:
        """The name `localhost` stands for a public server here: only the test's resolver calls it one."""
        index = {"apiVersion": "v1", "entries": {"c": [{"version": "1.0.0", "urls": [f"{site.url}/c.tgz"]}]}}
        site.answer("/charts/index.yaml", json.dumps(index).encode())
        public = WebClient({}, host_policy=HostPolicy(lambda _: ["93.184.216.34"]))
        asked = ChartSource(repository=f"http://localhost:{site.port}/charts", chart="c")
        with pytest.raises(SourceError, match="private network"):
            ChartStore(public, tmp_path).fetch(asked)
        assert site.paths() == ["/charts/index.yaml"]


class TestOncePerRun:
    def test_everything_is_downloaded_once(self, charts: ChartStore, site: WebServer) -> None:
        wishes = [source(site, version=version) for version in ("", "0.10.0", "0.x", "0.9.0") * 8]
        wishes += [source(site, "gateway")] * 8
        with ThreadPoolExecutor(16) as pool:
            fetched = list(pool.map(charts.fetch, wishes))
        assert sorted(site.paths()) == [
            *("/charts/cache-0.10.0.tgz", "/charts/cache-0.9.0.tgz"),
            *("/charts/gateway-3.1.0.tgz", "/charts/index.yaml"),
        ]
        assert len({chart.path for chart in fetched}) == 5

    def test_a_failure_is_seen_by_all(self, charts: ChartStore, site: WebServer) -> None:
        site.answer("/charts/index.yaml", Answer(status=404, delay=0.1))

        def fetch(name: str) -> PromotionError:
            with pytest.raises(SourceError, match=r"index\.yaml can't be fetched: 404") as caught:
                charts.fetch(source(site, name))
            caught.value.component = name  # as callers do
            return caught.value

        with ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(fetch, [f"chart-{i}" for i in range(8)]))
        assert site.paths() == ["/charts/index.yaml"]
        assert [error.component for error in errors] == [f"chart-{i}" for i in range(8)]

    def test_another_token_asks_again(self, charts: ChartStore, site: WebServer) -> None:
        site.answer(
            "/charts/index.yaml", Answer(status=401), (site.folder / "charts/index.yaml").read_bytes()
        )
        with pytest.raises(AccessError, match="401"):
            charts.fetch(source(site))
        assert charts.fetch(source(site), token="s3cret").version == "0.10.0"


class TestMissing:
    def test_chart(self, charts: ChartStore, site: WebServer) -> None:
        with pytest.raises(SourceError) as caught:
            charts.fetch(source(site, "cash"))
        assert str(caught.value) == (
            f"the chart repository {site.url}/charts has no chart cash. It has cache and others."
        )

    def test_version(self, charts: ChartStore, site: WebServer) -> None:
        with pytest.raises(SourceError) as caught:
            charts.fetch(source(site, version="9.9.9"))
        assert str(caught.value) == (
            f"the chart cache of {site.url}/charts has no version 9.9.9. "
            "The newest are 0.11.0-rc.1, 0.10.0, 0.9.5, 0.9.0."
        )

    def test_release(self, charts: ChartStore, tmp_path: Path) -> None:
        write_repository(tmp_path / "www/charts", [("cache", "1.0.0-rc.1")])
        with serve(tmp_path / "www") as site, pytest.raises(SourceError) as caught:
            charts.fetch(source(site))
        assert "has no release, only pre-releases. The newest are 1.0.0-rc.1." in str(caught.value)

    def test_version_that_is_none(self, charts: ChartStore, site: WebServer) -> None:
        with pytest.raises(DefinitionError, match="“latest” isn't a version or a range of versions"):
            charts.fetch(source(site, version="latest"))

    @pytest.mark.parametrize("name", ["a/b", "../cache", ""])
    def test_name_that_is_none(self, charts: ChartStore, site: WebServer, name: str) -> None:
        with pytest.raises(SourceError, match="isn't the name of a chart"):
            charts.fetch(source(site, name))

    def test_repository(self, charts: ChartStore, site: WebServer) -> None:
        with pytest.raises(SourceError, match=r"/elsewhere/index\.yaml can't be fetched: 404 Not Found"):
            charts.fetch(ChartSource(repository=f"{site.url}/elsewhere", chart="cache"))

    def test_repository_of_helm_2(self, tmp_path: Path) -> None:
        """It answers 403, so whoever asks is told of credentials; there are none that help."""

        class Gone:
            def get(self, url: str, **_: object) -> bytes:
                raise AccessError(f"{url}: 403 Forbidden", fix="Give a token.")

            ask = get

        old = ChartSource(repository="https://kubernetes-charts.storage.googleapis.com", chart="nginx")
        with pytest.raises(AccessError) as caught:
            ChartStore(Gone(), tmp_path).fetch(old)  # type: ignore[arg-type]
        assert caught.value.fix.startswith("The repository is https://charts.helm.sh/stable now")

    @pytest.mark.parametrize("repository", ["charts", "ftp://charts.example", "@stable", "./charts", ""])
    def test_address(self, charts: ChartStore, repository: str) -> None:
        with pytest.raises(SourceError, match="isn't a web address"):
            charts.fetch(ChartSource(repository=repository, chart="cache"))

    def test_index(self, charts: ChartStore, site: WebServer) -> None:
        site.answer("/charts/index.yaml", b"<html>Please log in</html>")
        with pytest.raises(SourceError, match=r"the index of http://\S+/charts is damaged"):
            charts.fetch(source(site))

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"urls": []}, "has no address in the index"),
            ({"urls": ["file:///etc/passwd"]}, "no web address"),
            ({"urls": ["gone.tgz"]}, r"gone\.tgz can't be fetched: 404"),
            ({"urls": "cache.tgz"}, "malformed"),
        ],
    )
    def test_archive(self, charts: ChartStore, tmp_path: Path, fields: dict[str, Any], message: str) -> None:
        write_repository(tmp_path / "www/charts", [("cache", "1.0.0")], **fields)
        with serve(tmp_path / "www") as site, pytest.raises(SourceError, match=message):
            charts.fetch(source(site))


class TestArchives:
    def test_other_bytes_than_promised(self, charts: ChartStore, site: WebServer) -> None:
        site.answer("/charts/cache-0.10.0.tgz", packed_chart("cache", "0.10.0", description="evil"))
        with pytest.raises(
            SourceError, match=r"isn't the archive that .* promises: its SHA-256 is [0-9a-f]{64}"
        ):
            charts.fetch(source(site))

    @pytest.mark.parametrize("digest", ["", "sha256:{}", "md5:00"])
    def test_other_forms_of_digest(self, charts: ChartStore, tmp_path: Path, digest: str) -> None:
        good = hashlib.sha256(packed_chart("cache")).hexdigest()
        write_repository(tmp_path / "www/charts", [("cache", "1.0.0")], digest=digest.format(good))
        with serve(tmp_path / "www") as site:
            assert charts.fetch(source(site)).version == "1.0.0"

    @staticmethod
    def fetch(charts: ChartStore, archive: bytes) -> ResolvedChart:
        with serve() as site:
            index = {"apiVersion": "v1", "entries": {"c": [{"version": "1.0.0", "urls": ["c.tgz"]}]}}
            site.answer("/charts/index.yaml", json.dumps(index).encode())
            site.answer("/charts/c.tgz", archive)
            return charts.fetch(source(site, "c"))

    @staticmethod
    def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        return info

    def test_name_of_the_top_folder_does_not_matter(self, charts: ChartStore) -> None:
        chart = self.fetch(charts, pack({f"./x/{path}": text for path, text in chart_files("c").items()}))
        assert files(chart.path) == {"Chart.yaml", "templates/c.yaml"}

    @pytest.mark.parametrize(
        "path",
        [
            "/etc/passwd",
            "../evil",
            "c/../../evil",
            "c/../evil",
            "c/a/../../../x",
            "C:/evil",
            "c\\..\\..\\evil",
        ],
    )
    def test_paths_that_lead_out(self, charts: ChartStore, tmp_path: Path, path: str) -> None:
        with pytest.raises(SourceError, match="leads out of the chart"):
            self.fetch(charts, pack({"c/Chart.yaml": "", path: "evil"}))
        assert not list(tmp_path.rglob("*evil*"))

    @pytest.mark.parametrize("target", ["/etc/passwd", "../../evil", "../../../etc/passwd"])
    def test_links_that_lead_out(self, charts: ChartStore, target: str) -> None:
        link = self.member("c/templates/link", tarfile.SYMTYPE, target)
        with pytest.raises(SourceError, match="leads out of the chart"):
            self.fetch(charts, pack({"c/Chart.yaml": "", "c/templates/link": link}))

    def test_links_within_are_left_out(self, charts: ChartStore) -> None:
        chart = {f"c/{path}": text for path, text in chart_files("c").items()}
        link = self.member("c/README.md", tarfile.SYMTYPE, "templates/../NOTES")
        hard = self.member("c/hard", tarfile.LNKTYPE, "c/Chart.yaml")
        fetched = self.fetch(charts, pack({**chart, "c/README.md": link, "c/hard": hard}))
        assert files(fetched.path) == {"Chart.yaml", "templates/c.yaml"}

    @pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
    def test_devices(self, charts: ChartStore, kind: bytes) -> None:
        device = self.member("c/device", kind)
        with pytest.raises(SourceError, match="device"):
            self.fetch(charts, pack({"c/Chart.yaml": "", "c/device": device}))

    @pytest.mark.parametrize(
        ("archive", "message"),
        [
            (b"", "damaged"),
            (b"no gzip", "damaged"),
            (packed_chart("c")[:200], "damaged"),
            (pack({"c/values.yaml": ""}), r"has no Chart\.yaml"),
            (pack({"Chart.yaml": ""}), "'Chart.yaml' lies outside of the chart's folder"),
            (pack({"c/a": "", "c/a/b": ""}), "a file and a folder at once"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_no_chart(self, charts: ChartStore, archive: bytes, message: str) -> None:
        with pytest.raises(SourceError, match=message):
            self.fetch(charts, archive)

    def test_too_many_bytes(self, charts: ChartStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chart_archive, "MOST_BYTES", 2**20)
        with pytest.raises(SourceError, match="too big for a chart"):
            self.fetch(charts, pack({"c/Chart.yaml": "", "c/zeros": b"\0" * 2**20}))

    def test_too_many_files(self, charts: ChartStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chart_archive, "MOST_FILES", 10)
        with pytest.raises(SourceError, match="too big for a chart"):
            self.fetch(charts, pack({f"c/{number}": "" for number in range(11)}))


class TestRegistry:
    def test_charts_are_pulled(self, tmp_path: Path) -> None:
        charts = ChartStore(WebClient({}), tmp_path)
        with registry.serve() as server:
            for version in ("1.0.0", "1.2.0", "2.0.0-rc.1"):
                server.add("acme/cache", version, packed_chart("cache", version))
            repository = f"oci://{server.host}/acme"
            assert (
                charts.fetch(ChartSource(repository=repository, chart="cache", version="1.0.0")).version
                == "1.0.0"
            )
            newest = charts.fetch(ChartSource(repository=repository, chart="cache"))
        assert newest.version == "1.2.0"
        assert newest.digest == f"sha256:{hashlib.sha256(packed_chart('cache', '1.2.0')).hexdigest()}"
        assert files(newest.path) == {"Chart.yaml", "templates/cache.yaml"}

    @pytest.mark.parametrize(("username", "token"), [("user", "user:pass"), ("token", "pass")])
    def test_credentials(self, tmp_path: Path, username: str, token: str) -> None:
        charts = ChartStore(WebClient({}), tmp_path)
        with registry.serve(username=username, password="pass") as server:
            server.add("acme/cache", "1.0.0", packed_chart("cache"))
            asked = ChartSource(repository=f"oci://{server.host}/acme", chart="cache", version="1.0.0")
            assert charts.fetch(asked, token=token).version == "1.0.0"
            with pytest.raises(AccessError) as caught:
                charts.fetch(asked, token="other:s3cret")
        assert "s3cret" not in str(caught.value)

    def test_missing(self, tmp_path: Path) -> None:
        charts = ChartStore(WebClient({}), tmp_path)
        with registry.serve() as server, pytest.raises(SourceError, match=r"acme/cache 1\.0\.0"):
            charts.fetch(ChartSource(repository=f"oci://{server.host}/acme", chart="cache", version="1.0.0"))
