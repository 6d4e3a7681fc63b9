"""The charts that a chart in a folder needs, put beside it as `helm dependency build` does."""

from __future__ import annotations

import hashlib
import json
import posixpath
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.charts.chart_archive import pack
from promotion.edges.charts.chart_repositories import ChartArchive, find_new_address, read_chart_file
from promotion.errors import AccessError, DefinitionError, Location, PromotionError
from promotion.rendering.charts.chart_metadata import (
    ChartMetadata,
    Dependency,
    is_in_sync,
    parse_chart_lock,
    parse_metadata,
)
from promotion.rendering.charts.chart_versions import parse_constraint, parse_version
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource

_FILE = "file://"
_FILES = ("Chart.yaml", "requirements.yaml", "Chart.lock", "requirements.lock")
_VENDOR = "Vendor it in charts/, or publish it in a chart repository."
_PRIVATE = (
    "A dependency of a chart never gets a credential, whatever access.yaml says. Vendor it in the chart's "
    "charts/ (`helm dependency update`) and commit it, or make it a component of its own, which may have a "
    "token."
)
_UPDATE = "Run `helm dependency update` in the chart's folder and commit what it changes."


@dataclass(frozen=True, kw_only=True)
class _Chart:
    """A chart's folder in a source. `chain` is the folders whose `file://` dependencies led here."""

    snapshot: Snapshot
    path: str
    repository: str
    metadata: ChartMetadata
    files: Mapping[str, tuple[bytes, Location]]
    chain: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"the chart {self.metadata.name}"


@dataclass(frozen=True, kw_only=True)
class _Vendored:
    """A chart in the folder `charts/`, packed or not."""

    path: Path
    name: str
    version: str

    def fits(self, dependency: Dependency) -> bool:
        """Return whether it is what a dependency wants; without a repository any version has to do."""
        if self.name != dependency.name:
            return False
        return not dependency.repository or _admits(dependency.version, self.version)


class DependencyBuilder:
    """Builds charts in scratch space; the source's own files are never written.

    Args:
        fetch: gets archives from repositories.
        scratch: an existing folder of ours.
    """

    def __init__(self, fetch: Callable[[ChartSource], ChartArchive], scratch: Path) -> None:
        self._fetch, self._scratch = fetch, scratch

    def build(
        self, snapshot: Snapshot, path: str, repository: str, *, chain: tuple[str, ...] = ()
    ) -> ResolvedChart:
        """Return a chart with its dependencies; just an export where none is missing."""
        chart = _read(snapshot, path, repository, chain)
        folder = snapshot.export(path)
        version, digest = chart.metadata.version, snapshot.digest(path)
        wanted = chart.metadata.dependencies
        vendored = _list_vendored(folder, chart) if wanted else []
        missing = [i for i, dependency in enumerate(wanted) if not any(v.fits(dependency) for v in vendored)]
        if not missing:
            return ResolvedChart(path=folder, version=version, digest=digest)
        for i in missing:
            _check(chart, wanted[i])
        exact = _lock(chart)
        copy = Path(tempfile.mkdtemp(dir=self._scratch)) / "chart"
        shutil.copytree(folder, copy)
        (copy / "charts").mkdir(exist_ok=True)
        _remove_outdated(copy / "charts", vendored, wanted, {wanted[i].name for i in missing})
        added = [self._add(chart, exact[i], copy / "charts" / f"dependency-{i:03}.tgz") for i in missing]
        dependencies = {source: answer for part in added for source, answer in part.dependencies.items()}
        combined = _combine(digest, [part.digest for part in added])
        return ResolvedChart(path=copy, version=version, digest=combined, dependencies=dependencies)

    def _add(self, chart: _Chart, dependency: Dependency, target: Path) -> ResolvedChart:
        """Put a dependency's archive where it belongs."""
        if dependency.repository.startswith(_FILE):
            return self._add_folder(chart, dependency, target)
        source = ChartSource(
            repository=dependency.repository, chart=dependency.name, version=dependency.version
        )
        try:
            archive = self._fetch(source)
        except PromotionError as error:
            error.where = error.where or chart.metadata.location
            if isinstance(error, AccessError) and not find_new_address(dependency.repository):
                error.fix = _PRIVATE
            raise
        target.write_bytes(archive.data)
        added = ResolvedChart(path=target, version=archive.version, digest=archive.digest)
        return replace(added, dependencies={source: added.revision})

    def _add_folder(self, chart: _Chart, dependency: Dependency, target: Path) -> ResolvedChart:
        """Pack a chart that lies in another folder of the same source, with its own dependencies."""
        path = posixpath.normpath(posixpath.join(chart.path, dependency.repository.removeprefix(_FILE)))
        path = "" if path == "." else path
        if path.startswith(("../", "/")) or path == "..":
            raise _bad(chart, dependency, f"leads out of its repository: {dependency.repository}", _VENDOR)
        if path in (*chart.chain, chart.path):
            raise _bad(chart, dependency, "depends on this chart itself", "Break the circle.")
        if chart.snapshot.list(path) is None:
            raise _bad(
                chart, dependency, f"isn't there: {path} is no folder", "Correct the path after file://."
            )
        inner = self.build(chart.snapshot, path, chart.repository, chain=(*chart.chain, chart.path))
        if not _admits(dependency.version, inner.version):
            reason = f"doesn't fit: {path or 'the root folder'} holds version {inner.version}"
            raise _bad(chart, dependency, reason, _UPDATE)
        ignore_file = Location(posixpath.join(path, ".helmignore"), repository=chart.repository)
        pack(inner.path, target, ignore_file)
        return inner


def _read(snapshot: Snapshot, path: str, repository: str, chain: tuple[str, ...]) -> _Chart:
    files = {}
    for name in _FILES:
        file = posixpath.join(path, name)
        content = snapshot.read(file)
        if content is not None:
            files[name] = (content, Location(file, repository=repository))
    if "Chart.yaml" not in files:
        raise DefinitionError(
            f"the folder {path or '.'} holds no chart: it has no Chart.yaml",
            fix="Point `path` at the folder that has the chart's Chart.yaml.",
        )
    metadata = parse_metadata(files)
    return _Chart(
        snapshot=snapshot, path=path, repository=repository, metadata=metadata, files=files, chain=chain
    )


def _list_vendored(folder: Path, chart: _Chart) -> list[_Vendored]:
    """Return the charts in `charts/` that Helm would load: it skips names that begin with a dot or _."""
    charts = folder / "charts"
    vendored = []
    for path in sorted(charts.iterdir()) if charts.is_dir() else ():
        if path.name.startswith((".", "_")):
            continue
        place = posixpath.join(chart.path, "charts", path.name)
        if path.is_dir() and (path / "Chart.yaml").is_file():
            data, file = (path / "Chart.yaml").read_bytes(), f"{place}/Chart.yaml"
        elif path.suffix == ".tgz":
            data, file = read_chart_file(path.read_bytes(), place), place
        else:
            continue
        metadata = parse_metadata({"Chart.yaml": (data, Location(file, repository=chart.repository))})
        vendored.append(_Vendored(path=path, name=metadata.name, version=metadata.version))
    return vendored


def _check(chart: _Chart, dependency: Dependency) -> None:
    """Refuse a dependency that can't be found anywhere."""
    repository = dependency.repository
    if not repository:
        raise _bad(chart, dependency, "has no repository and isn't in charts/", "Add it there.")
    if repository.startswith(("@", "alias:")):
        reason = f"names the repository {repository}, which is known on somebody's machine only"
        raise _bad(chart, dependency, reason, "Write the repository's address.")
    if not repository.startswith(("http://", "https://", "oci://", _FILE)):
        reason = f"names the repository {repository}, which is no address"
        raise _bad(chart, dependency, reason, "Use https://, oci:// or file://.")
    if not dependency.version:
        raise _bad(chart, dependency, "has no version", "Write the version or range that it needs.")


def _lock(chart: _Chart) -> Sequence[Dependency]:
    """Return the dependencies with the versions of the lock file, where there is one."""
    wanted = chart.metadata.dependencies
    lock = parse_chart_lock(chart.files)
    if lock is None:
        return wanted
    names = [dependency.name for dependency in lock.dependencies]
    if names != [dependency.name for dependency in wanted] or not is_in_sync(chart.metadata, lock):
        name = posixpath.basename(lock.location.file)
        what = f"the lock file {name} of {chart.label} is out of sync with its dependencies"
        raise DefinitionError(what, where=lock.location, fix=_UPDATE)
    return lock.dependencies


def _remove_outdated(
    charts: Path, vendored: Sequence[_Vendored], wanted: Sequence[Dependency], missing: Set[str]
) -> None:
    """Take away those that would stand beside a dependency of the same name without fitting any."""
    for chart in vendored:
        if chart.name in missing and not any(chart.fits(dependency) for dependency in wanted):
            path = charts / chart.path.name
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _admits(constraint: str, version: str) -> bool:
    parsed = parse_version(version)
    try:
        return parsed is not None and parse_constraint(constraint).admits(parsed)
    except ValueError:
        return False


def _combine(chart: str, dependencies: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([chart, *dependencies]).encode()).hexdigest()


def _bad(chart: _Chart, dependency: Dependency, reason: str, fix: str) -> DefinitionError:
    what = f"the dependency {dependency} of {chart.label} {reason}"
    return DefinitionError(what, where=chart.metadata.location, fix=fix)
