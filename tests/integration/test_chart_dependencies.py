"""Dependencies of charts in folders: as `helm dependency build` puts them there, or a clear error."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.edges.charts.chart_store import ChartStore
from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.web.web_client import WebClient
from promotion.errors import AccessError, DefinitionError, SourceError
from promotion.rendering.model import Release
from promotion.rendering.sources.chart_source import ChartSource
from support import registry
from support.charts import (
    TEMPLATE,
    DiskSnapshot,
    packed_chart,
    write_chart,
    write_files,
    write_repository,
)
from support.tools import helm_program
from support.webserver import Answer, WebServer, serve


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def charts(scratch: Path) -> ChartStore:
    return ChartStore(WebClient({}, sleep=lambda _: None), scratch)


@pytest.fixture
def repo(tmp_path: Path) -> DiskSnapshot:
    """An empty application repository, to be filled."""
    (tmp_path / "repo").mkdir()
    return DiskSnapshot(tmp_path / "repo", tmp_path / "export")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebServer]:
    """A Helm repository with three versions of cache."""
    write_repository(tmp_path / "www", [("cache", version) for version in ("0.1.0", "0.2.0", "0.2.3")])
    with serve(tmp_path / "www") as server:
        yield server


@pytest.fixture
def helm(tmp_path: Path) -> Iterator[EmbeddedHelm]:
    pytest.importorskip("helm_python", reason="NOT TESTED HERE: no embedded Helm for this platform")
    with closing(EmbeddedHelm(commands=ProcessRunner({}, str, tmp_path), scratch=tmp_path)) as helm:
        yield helm


def need(name: str, version: str = "", repository: str = "", **fields: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "repository": repository, **fields}


def subcharts(folder: Path) -> dict[str, str]:
    """Names and versions of the charts in `charts/`."""
    found = {}
    for path in (folder / "charts").iterdir() if (folder / "charts").is_dir() else ():
        if path.is_dir():
            text = (path / "Chart.yaml").read_text()
        else:
            with tarfile.open(path) as archive:
                member = next(
                    name
                    for name in archive.getnames()
                    if name.count("/") == 1 and name.endswith("/Chart.yaml")
                )
                file = archive.extractfile(member)
                assert file
                text = file.read().decode()
        chart = yaml.safe_load(text)
        found[chart["name"]] = chart["version"]
    return found


def by_helm(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(helm_program()), *words]
    environment = {"HOME": str(folder.parent / "home"), "PATH": os.environ["PATH"]}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


class TestNothingToDo:
    def test_chart_without_dependencies_is_just_exported(
        self, charts: ChartStore, repo: DiskSnapshot
    ) -> None:
        write_chart(repo.root / "charts/cat", "cat", "1.3.2")
        chart = charts.prepare(repo, "charts/cat")
        assert (chart.path, chart.version) == (repo.scratch / "charts/cat", "1.3.2")
        assert chart.digest == repo.digest("charts/cat")
        assert repo.exported == ["charts/cat"]

    def test_root_folder(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root, "cat")
        assert charts.prepare(repo, "").version == "1.0.0"

    @pytest.mark.parametrize("version", ["0.2.x", "^0.2.0", "0.2.3", ""])
    def test_vendored_folder(self, charts: ChartStore, repo: DiskSnapshot, version: str) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", version, "https://charts.invalid")])
        write_chart(repo.root / "charts/anything", "cache", "0.2.3")
        assert charts.prepare(repo, "").path == repo.scratch / ""

    def test_vendored_archive(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "0.2.x", "@stable")])
        (repo.root / "charts").mkdir()
        (repo.root / "charts/cache-0.2.3.tgz").write_bytes(packed_chart("cache", "0.2.3"))
        assert charts.prepare(repo, "").digest == repo.digest("")

    def test_vendored_without_repository_has_to_do(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        """`helm template` takes it whatever its version; only an alias needs the version to fit."""
        write_chart(repo.root, "dog", dependencies=[need("cache", "1.x")])
        write_chart(repo.root / "charts/cache", "cache", "0.2.3")
        assert subcharts(charts.prepare(repo, "").path) == {"cache": "0.2.3"}

    def test_vendored_needs_no_lock_in_sync(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "0.x", "https://charts.invalid")])
        write_chart(repo.root / "charts/cache", "cache", "0.2.3")
        write_files(repo.root, {"Chart.lock": "digest: sha256:old\ndependencies: []\n"})
        assert subcharts(charts.prepare(repo, "").path) == {"cache": "0.2.3"}


class TestRepositories:
    def test_newest_in_the_range(self, charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "^0.2.0", site.url, alias="store")])
        before = repo.digest("")
        chart = charts.prepare(repo, "")
        assert subcharts(chart.path) == {"cache": "0.2.3"}
        assert chart.digest != repo.digest("") == before
        assert not (repo.root / "charts").exists()
        assert not (repo.scratch / "charts").exists()

    def test_digest_covers_the_dependency(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer, scratch: Path
    ) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "^0.2.0", site.url)])
        first = charts.prepare(repo, "").digest
        assert ChartStore(WebClient({}), scratch).prepare(repo, "").digest == first
        write_repository(site.folder, [("cache", "0.2.3"), ("cache", "0.2.4")])
        assert ChartStore(WebClient({}), scratch).prepare(repo, "").digest != first

    def test_other_files_stay(self, charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "^0.2.0", site.url), need("tools", "1.x")])
        write_chart(repo.root / "charts/tools", "tools")
        write_chart(repo.root / "charts/extra", "extra")
        write_files(repo.root, {"charts/README.md": "", "charts/_off/Chart.yaml": "", "files/motd": "woof"})
        chart = charts.prepare(repo, "")
        assert (chart.path / "files/motd").read_text() == "woof"
        assert (chart.path / "charts/_off").is_dir()
        shutil.rmtree(chart.path / "charts/_off")
        (chart.path / "charts/README.md").unlink()
        assert subcharts(chart.path) == {"cache": "0.2.3", "tools": "1.0.0", "extra": "1.0.0"}

    def test_outdated_ones_are_replaced(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer
    ) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "^0.2.0", site.url)])
        write_chart(repo.root / "charts/cache", "cache", "0.1.0")
        (repo.root / "charts/cache-0.1.1.tgz").write_bytes(packed_chart("cache", "0.1.1"))
        chart = charts.prepare(repo, "")
        assert len(list((chart.path / "charts").iterdir())) == 1
        assert subcharts(chart.path) == {"cache": "0.2.3"}
        assert len(list((repo.root / "charts").iterdir())) == 2

    def test_two_versions_under_two_aliases(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer, helm: EmbeddedHelm
    ) -> None:
        dependencies = [
            need("cache", "0.1.x", site.url, alias="old"),
            need("cache", "0.2.x", site.url, alias="new"),
        ]
        write_chart(repo.root, "dog", dependencies=dependencies)
        write_chart(repo.root / "charts/cache", "cache", "0.1.0")
        chart = charts.prepare(repo, "")
        rendered = helm.template(Release(name="r", namespace="default", chart=chart.path, values={}))
        assert "name: old-0.1.0" in rendered
        assert "name: new-0.2.3" in rendered

    def test_registry(self, repo: DiskSnapshot, scratch: Path) -> None:
        with registry.serve() as server:
            for version in ("1.0.0", "1.2.0", "2.0.0"):
                server.add("acme/cache", version, packed_chart("cache", version))
            write_chart(repo.root, "dog", dependencies=[need("cache", "^1", f"oci://{server.host}/acme")])
            assert subcharts(ChartStore(WebClient({}), scratch).prepare(repo, "").path) == {"cache": "1.2.0"}

    def test_requirements_file(self, charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
        write_chart(repo.root, "legacy", apiVersion="v1")
        write_files(
            repo.root, {"requirements.yaml": json.dumps({"dependencies": [need("cache", "0.1.x", site.url)]})}
        )
        assert subcharts(charts.prepare(repo, "").path) == {"cache": "0.1.0"}


class TestFolders:
    def test_beside_the_chart(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        dependencies = [
            need("web", "1.x.x", "file://../../library/web"),
            need("labels", "0.1.0", "file://../labels"),
        ]
        write_chart(repo.root / "charts/cat", "cat", dependencies=dependencies)
        write_chart(repo.root / "charts/labels", "labels", "0.1.0", type="library")
        write_chart(repo.root / "library/web", "web", "1.4.0")
        chart = charts.prepare(repo, "charts/cat")
        assert subcharts(chart.path) == {"web": "1.4.0", "labels": "0.1.0"}
        assert set(repo.exported) == {"charts/cat", "library/web", "charts/labels"}

    def test_digest_covers_them(self, charts: ChartStore, repo: DiskSnapshot, scratch: Path) -> None:
        write_chart(repo.root / "cat", "cat", dependencies=[need("web", "*", "file://../web")])
        write_chart(repo.root / "web", "web")
        first = charts.prepare(repo, "cat").digest
        write_files(repo.root / "web", {"values.yaml": "a: 1\n"})
        assert ChartStore(WebClient({}), scratch).prepare(repo, "cat").digest != first

    def test_their_own_dependencies_are_built_too(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer, helm: EmbeddedHelm
    ) -> None:
        """Helm packs the folder as it is, and what it lacks goes missing without a word."""
        write_chart(repo.root / "cat", "cat", dependencies=[need("web", "*", "file://../web")])
        write_chart(
            repo.root / "web",
            "web",
            dependencies=[need("base", "1.0.0", "file://../base"), need("cache", "*", site.url)],
        )
        write_chart(repo.root / "base", "base")
        chart = charts.prepare(repo, "cat")
        rendered = helm.template(Release(name="r", namespace="default", chart=chart.path, values={}))
        assert "cat/charts/web/charts/base/templates/base.yaml" in rendered
        assert "cat/charts/web/charts/cache/templates/cache.yaml" in rendered

    def test_rendered_as_by_helm(
        self, charts: ChartStore, repo: DiskSnapshot, helm: EmbeddedHelm, tmp_path: Path
    ) -> None:
        """With `.helmignore` files, which apply to the folder that is packed and not to what is in it."""
        dependencies = [need("web", "1.x", "file://../web", alias="front", **{"import-values": ["data"]})]
        write_chart(repo.root / "cat", "cat", dependencies=dependencies)
        write_files(repo.root / "cat", {".helmignore": "*.md\nsecret/\n"})
        write_chart(repo.root / "web", "web", dependencies=[need("deep", "1.x")])
        write_chart(repo.root / "web/charts/deep", "deep")
        names = (
            "a.md",
            "b.txt",
            "c.tmp",
            "dir/c.tmp",
            "dir/d.txt",
            "only/e.txt",
            "sub/only/f.txt",
            "secret/x",
            "g1.x",
            "g2.x",
        )
        listing = 'files: {{ range $path, $_ := .Files.Glob "**" }}{{ $path }} {{ end }}\n'
        write_files(repo.root / "web", dict.fromkeys(names, ""))
        write_files(
            repo.root / "web",
            {
                ".helmignore": "# comment\n\n*.tmp\n/only\nb.tx?\ndir/d.*\ng[^2].x\ntemplates/skipped*\n",
                "templates/files.yaml": TEMPLATE + listing,
                "templates/skipped.yaml": TEMPLATE,
                "templates/.hidden.yaml": TEMPLATE,
                "values.yaml": "exports: {data: {a: 1}}\n",
            },
        )
        chart = charts.prepare(repo, "cat")
        ours = helm.template(Release(name="r", namespace="default", chart=chart.path, values={}))
        shutil.copytree(repo.root, tmp_path / "theirs")
        built = by_helm(tmp_path / "theirs", "dependency", "build", "cat")
        assert built.returncode == 0, built.stderr
        assert ours == by_helm(tmp_path / "theirs", "template", "r", "cat").stdout
        assert "files: .helmignore a.md g2.x secret/x sub/only/f.txt \n" in ours

    def test_circle(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root / "a", "a", dependencies=[need("b", "*", "file://../b")])
        write_chart(repo.root / "b", "b", dependencies=[need("a", "*", "file://../a")])
        with pytest.raises(DefinitionError, match="depends on this chart itself"):
            charts.prepare(repo, "a")

    def test_two_threads_on_charts_of_one_another(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root / "a", "a", dependencies=[need("b", "*", "file://../b")])
        write_chart(repo.root / "b", "b", dependencies=[need("c", "*", "file://../c")])
        write_chart(repo.root / "c", "c")
        with ThreadPoolExecutor(8) as pool:
            prepared = list(pool.map(lambda path: charts.prepare(repo, path), ["a", "b", "c"] * 8))
        assert len({chart.path for chart in prepared}) == 3

    @pytest.mark.parametrize(
        ("address", "message"),
        [
            ("file://../web", "isn't there: web is no folder"),
            ("file://../../web", r"leads out of its repository: file://\.\./\.\./web"),
            ("file:///etc", "leads out of its repository"),
            ("file://..", r"the folder \. holds no chart"),
            ("file://../old", "doesn't fit: old holds version 0.1.0"),
            ("file://.", "depends on this chart itself"),
        ],
    )
    def test_what_cannot_be(self, charts: ChartStore, repo: DiskSnapshot, address: str, message: str) -> None:
        write_chart(repo.root / "cat", "cat", dependencies=[need("web", "1.x", address)])
        write_chart(repo.root / "old", "web", "0.1.0")
        with pytest.raises(DefinitionError, match=message):
            charts.prepare(repo, "cat")


class TestLock:
    @pytest.fixture
    def locked(self, repo: DiskSnapshot, site: WebServer) -> DiskSnapshot:
        """A chart whose lock file the real Helm wrote, before a newer cache came out."""
        fields = {
            "condition": "cache.on,global.<on>",
            "tags": ["a", "b&c"],
            "import-values": ["x", {"parent": "p", "child": "c"}],
        }
        dependencies = [
            need("cache", ">=0.1.0 <0.3", site.url, alias="store", **fields),
            need("tools", "1.x"),
            need("web", "*", "file://../web"),
        ]
        write_chart(repo.root / "dog", "dog", dependencies=dependencies)
        write_chart(repo.root / "dog/charts/tools", "tools")
        write_chart(repo.root / "web", "web")
        write_repository(site.folder, [("cache", "0.1.0"), ("cache", "0.2.0")])
        updated = by_helm(repo.root, "dependency", "update", "dog")
        assert updated.returncode == 0, updated.stderr
        for archive in (repo.root / "dog/charts").glob("*.tgz"):
            archive.unlink()
        write_repository(site.folder, [("cache", "0.1.0"), ("cache", "0.2.0"), ("cache", "0.2.3")])
        return repo

    def test_its_versions_are_taken(self, charts: ChartStore, locked: DiskSnapshot) -> None:
        assert subcharts(charts.prepare(locked, "dog").path) == {
            "cache": "0.2.0",
            "tools": "1.0.0",
            "web": "1.0.0",
        }

    def test_out_of_sync(self, charts: ChartStore, locked: DiskSnapshot) -> None:
        file = locked.root / "dog/Chart.yaml"
        file.write_text(file.read_text().replace("<0.3", "<0.4"))
        with pytest.raises(DefinitionError) as caught:
            charts.prepare(locked, "dog", repository="https://git.example/dog")
        assert str(caught.value) == (
            "dog/Chart.lock in https://git.example/dog: the lock file Chart.lock of the chart dog is out of "
            "sync with its dependencies. Run `helm dependency update` in the chart's folder and commit what "
            "it changes."
        )

    def test_tampered_with(self, charts: ChartStore, locked: DiskSnapshot) -> None:
        file = locked.root / "dog/Chart.lock"
        file.write_text(file.read_text().replace("0.2.0", "0.2.3"))
        with pytest.raises(DefinitionError, match="out of sync"):
            charts.prepare(locked, "dog")

    def test_folder_has_moved_on(self, charts: ChartStore, locked: DiskSnapshot) -> None:
        write_chart(locked.root / "web", "web", "1.1.0")
        with pytest.raises(
            DefinitionError, match=r"doesn't fit: web holds version 1\.1\.0.*helm dependency update"
        ):
            charts.prepare(locked, "dog")

    def test_of_requirements(self, charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
        write_chart(repo.root, "legacy", apiVersion="v1")
        write_files(
            repo.root, {"requirements.yaml": json.dumps({"dependencies": [need("cache", "0.2.0", site.url)]})}
        )
        assert by_helm(repo.root, "dependency", "update", ".").returncode == 0
        shutil.rmtree(repo.root / "charts")
        assert (repo.root / "requirements.lock").is_file()
        assert subcharts(charts.prepare(repo, "").path) == {"cache": "0.2.0"}

    @pytest.mark.parametrize(("wanted", "is_accepted"), [("1.x", True), ("^1.0.0", False)])
    def test_of_helm_2(self, charts: ChartStore, repo: DiskSnapshot, wanted: str, is_accepted: bool) -> None:
        """Its digest is of requirements.yaml alone; Helm 4 takes it too."""
        write_chart(repo.root / "legacy", "legacy", apiVersion="v1")
        write_chart(repo.root / "web", "web")
        requirements = {"dependencies": [need("web", wanted, "file://../web")]}
        text = '{"dependencies":[{"name":"web","version":"1.x","repository":"file://../web"}]}'
        lock = {
            "dependencies": [need("web", "1.0.0", "file://../web")],
            "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        }
        files = {"requirements.yaml": json.dumps(requirements), "requirements.lock": json.dumps(lock)}
        write_files(repo.root / "legacy", files)
        if is_accepted:
            assert subcharts(charts.prepare(repo, "legacy").path) == {"web": "1.0.0"}
        else:
            with pytest.raises(
                DefinitionError, match=r"the lock file requirements\.lock of .* is out of sync"
            ):
                charts.prepare(repo, "legacy")
        assert (by_helm(repo.root, "dependency", "build", "legacy").returncode == 0) is is_accepted


class TestErrors:
    @pytest.mark.parametrize(
        ("dependency", "message"),
        [
            (need("cache", "1.x"), r"has no repository and isn't in charts/"),
            (
                need("cache", "1.x", "@stable"),
                r"names the repository @stable, which is known on somebody's machine",
            ),
            (need("cache", "1.x", "alias:stable"), "names the repository alias:stable"),
            (need("cache", "1.x", "stable"), "names the repository stable, which is no address"),
            (need("cache", "1.x", "s3://bucket"), "names the repository s3://bucket, which is no address"),
            (need("cache", "", "https://charts.invalid"), "has no version"),
            ({"version": "1.x"}, "needs a name"),
            ("cache", "needs a name"),
            (need("cache", "1.x", tags="a"), "`tags` has to be a list"),
        ],
    )
    def test_unusable_dependency(
        self, charts: ChartStore, repo: DiskSnapshot, dependency: Any, message: str
    ) -> None:
        write_chart(repo.root / "dog", "dog", dependencies=[dependency])
        with pytest.raises(DefinitionError, match=message) as caught:
            charts.prepare(repo, "dog")
        assert str(caught.value).startswith("dog/Chart.yaml: ")

    def test_dependency_that_is_not_there(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer
    ) -> None:
        write_chart(repo.root, "dog", dependencies=[need("cache", "2.x", site.url)])
        with pytest.raises(SourceError) as caught:
            charts.prepare(repo, "", repository="https://git.example/dog")
        assert str(caught.value) == (
            f"Chart.yaml in https://git.example/dog: the chart cache of {site.url} has no version 2.x. "
            "The newest are 0.2.3, 0.2.0, 0.1.0."
        )

    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize("file", ["index.yaml", "cache-0.2.3.tgz"])
    def test_private_dependency(
        self, charts: ChartStore, repo: DiskSnapshot, site: WebServer, file: str, status: int
    ) -> None:
        """No access.yaml helps, so none is advised."""
        site.answer(f"/{file}", Answer(status=status))
        write_chart(repo.root, "dog", dependencies=[need("cache", "0.x", site.url)])
        with pytest.raises(AccessError, match=f"^Chart.yaml: .*/{file} can't be fetched: {status}") as caught:
            charts.prepare(repo, "")
        assert "never gets a credential" in caught.value.fix
        assert "Vendor it in the chart's charts/" in caught.value.fix
        with pytest.raises(AccessError) as own:
            charts.fetch(ChartSource(repository=site.url, chart="cache"))
        assert own.value.fix.startswith("Give a token for it in access.yaml")

    def test_private_registry(self, charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
        refusal = Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="charts"'})
        site.answer("/v2/acme/cache/manifests/0.2.3", refusal)
        address = site.url.replace("http://", "oci://") + "/acme"
        write_chart(repo.root, "dog", dependencies=[need("cache", "0.2.3", address)])
        with pytest.raises(AccessError, match="the registry asks for a token") as caught:
            charts.prepare(repo, "")
        assert "never gets a credential" in caught.value.fix

    def test_no_chart(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        with pytest.raises(
            DefinitionError, match=r"the folder nowhere holds no chart: it has no Chart\.yaml"
        ):
            charts.prepare(repo, "nowhere")

    @pytest.mark.parametrize(
        ("text", "place", "message"),
        [
            ("name: dog\n  version: 1\n", "dog/Chart.yaml:2:10", "mapping values"),
            ("name: dog\n", "dog/Chart.yaml", "needs a name and a version"),
            ("", "dog/Chart.yaml", "needs a name and a version"),
            ("- dog\n", "dog/Chart.yaml", "has to be a map"),
            ("name: [dog]\n", "dog/Chart.yaml", "`name` has to be a text"),
            (
                "name: dog\nversion: 1.0.0\ndependencies: {}\n",
                "dog/Chart.yaml",
                "`dependencies` has to be a list",
            ),
        ],
    )
    def test_malformed(
        self, charts: ChartStore, repo: DiskSnapshot, text: str, place: str, message: str
    ) -> None:
        write_files(repo.root, {"dog/Chart.yaml": text})
        with pytest.raises(DefinitionError, match=message) as caught:
            charts.prepare(repo, "dog")
        assert str(caught.value).startswith(f"{place}: ")

    def test_damaged_archive_in_charts(self, charts: ChartStore, repo: DiskSnapshot) -> None:
        write_chart(repo.root / "dog", "dog", dependencies=[need("cache", "1.x")])
        write_files(repo.root / "dog", {"charts/cache.tgz": "no archive"})
        with pytest.raises(SourceError, match=r"dog/charts/cache\.tgz isn't a usable chart archive"):
            charts.prepare(repo, "dog")


def test_one_chart_is_prepared_once(charts: ChartStore, repo: DiskSnapshot, site: WebServer) -> None:
    write_chart(repo.root, "dog", dependencies=[need("cache", "^0.2.0", site.url)])
    start = threading.Barrier(8)

    def prepare(_: int) -> Path:
        start.wait()
        return charts.prepare(repo, "").path

    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(prepare, range(8)))
    assert len(set(paths)) == 1
    assert repo.exported == [""]
    assert sorted(site.paths()) == ["/cache-0.2.3.tgz", "/index.yaml"]
