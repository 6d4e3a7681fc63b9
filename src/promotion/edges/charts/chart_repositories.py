"""Chart archives from Helm repositories (http, https) and OCI registries, each fetched once per run."""

from __future__ import annotations

import difflib
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.charts.chart_archive import MOST_BYTES, read_files
from promotion.edges.single_flight import SingleFlight
from promotion.edges.web.web_address import PORTS, display, join, nearness, origin, split_credentials
from promotion.edges.web.web_client import WebClient
from promotion.errors import DefinitionError, Location, PromotionError, SourceError
from promotion.rendering.charts.chart_index import ChartIndex, ChartListing, ChartVersion, IndexLayoutError
from promotion.rendering.charts.chart_metadata import parse_metadata
from promotion.rendering.charts.chart_versions import choose_version, newest_versions
from promotion.rendering.sources.chart_source import ChartSource

if TYPE_CHECKING:
    from promotion.edges.charts.oci_registry import RegistryChart

MOST_INDEX_BYTES = 200 * 2**20
_OCI = "oci://"
_SHOWN = 5
_REINDEX = "Ask who runs the repository to make its index anew."
# Of the distribution specification: a host, and a repository's name, without tag or digest.
_REFERENCE = re.compile(
    r"oci://(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+"
)
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
# Of Helm 2's days, and gone since November 2020 (https://helm.sh/blog/new-location-stable-incubator-charts/).
_OLD = re.compile(
    r"https?://(?:kubernetes-charts(?P<host>-incubator)?\.storage\.googleapis\.com"
    r"|storage\.googleapis\.com/kubernetes-charts(?P<path>-incubator)?)/*",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ChartArchive:
    """A packed chart: the version it turned out to be, its bytes and their SHA-256."""

    version: str
    data: bytes
    digest: str


class ChartRepositories:
    """Finds charts and fetches them. Threads may share it.

    Args:
        web: asks servers.
    """

    def __init__(self, web: WebClient) -> None:
        self._web = web
        self._indexes: SingleFlight[tuple[str, str], ChartIndex] = SingleFlight()
        self._archives: SingleFlight[tuple[str | ChartSource, str, str], ChartArchive] = SingleFlight()

    def get(self, source: ChartSource, *, token: str = "") -> ChartArchive:
        """Return the archive of the newest version that the source admits.

        Args:
            token: `user:password` or a bearer token, for the repository's own host.

        Raises:
            AccessError: the repository wants other credentials.
            SourceError: there is no such repository, chart or version.
        """
        if source.repository.startswith(_OCI):
            key = (source, source.version, token)
            return self._archives.get(key, lambda: self._pull(source, token))
        address, credentials = split_credentials(source.repository)
        chosen = self._choose(source, address, token or credentials)
        if not chosen.urls:
            raise SourceError(f"{_label(source)} {chosen.version} has no address in the index", fix=_REINDEX)
        url = resolve_url(address, chosen.urls[0])
        own = token or credentials if origin(url) == origin(address) else ""
        return self._archives.get((url, chosen.digest, own), lambda: self._download(source, chosen, url, own))

    def ask(self, source: ChartSource, *, token: str = "") -> str:
        """Return the version that a repository has, and the digest that it promises, without the archive.

        Empty if it promises none. Errors are those of `get`.
        """
        if source.repository.startswith(_OCI):
            found = self._open_registry(source, token)[0].find(source.version)
            return f"{found.version} {found.digest}"
        address, credentials = split_credentials(source.repository)
        chosen = self._choose(source, address, token or credentials)
        promised = _SHA256.fullmatch(chosen.digest.lower())
        return f"{chosen.version} sha256:{promised[1]}" if promised else ""

    def _choose(self, source: ChartSource, address: str, token: str) -> ChartVersion:
        if "/" in source.chart or not source.chart:
            raise SourceError(
                f"“{source.chart}” isn't the name of a chart",
                fix="For a Helm repository `path` is the name alone.",
            )
        try:
            index = self._indexes.get((address, token), lambda: self._read_index(address, token))
            listing = index.find(source.chart)
            if listing is None:
                raise _no_chart(source, index)
            return listing.find(_choose_version(source, listing))
        except IndexLayoutError as error:
            raise SourceError(f"the index of {display(address)} is damaged: {error}", fix=_REINDEX) from None

    def _read_index(self, address: str, token: str) -> ChartIndex:
        url = resolve_url(address, "index.yaml")
        try:
            return ChartIndex(self._web.get(url, token=token, limit=MOST_INDEX_BYTES))
        except PromotionError as error:
            if moved := find_new_address(address):
                error.fix = f"The repository is {moved} now, where nothing changes any more: write that."
            raise

    def _download(self, source: ChartSource, chosen: ChartVersion, url: str, token: str) -> ChartArchive:
        if urlsplit(url).scheme not in PORTS:
            raise SourceError(
                f"{_label(source)} lies at {display(url)}, which is no web address", fix=_REINDEX
            )
        repository, _ = split_credentials(source.repository)
        data = self._web.get(url, token=token, limit=MOST_BYTES, archive=True, named_by=repository)
        digest = hashlib.sha256(data).hexdigest()
        promised = _SHA256.fullmatch(chosen.digest.lower())
        if promised and promised[1] != digest:
            raise SourceError(
                f"{display(url)} isn't the archive that the repository's index promises: "
                f"its SHA-256 is {digest}, not {promised[1]}",
                fix="Somebody has replaced it, or the index is out of date: ask who runs the repository.",
            )
        return ChartArchive(version=chosen.version, data=data, digest=f"sha256:{digest}")

    def _open_registry(self, source: ChartSource, token: str) -> tuple[RegistryChart, str]:
        """Return the chart in a registry, and its address."""
        host, _, path = source.repository.removeprefix(_OCI).rstrip("/").partition("/")
        credentials, _, host = host.rpartition("@")
        account = token or unquote(credentials)
        # Registries take a bare token as the password of any user.
        account = account if ":" in account or not account else f"token:{account}"
        reference = "/".join(part for part in (_OCI + host, path, source.chart) if part)
        if not _REFERENCE.fullmatch(reference):
            raise SourceError(
                f"{display(reference)} can't be the address of a chart in a registry",
                fix="Give `source` as oci://host/path in lower case, and `path` as the chart's name alone.",
            )
        from promotion.edges.charts.oci_registry import RegistryChart  # with urllib.request and ssl

        plain_http = _is_this_machine(host)
        return RegistryChart(self._web, reference, account=account, plain_http=plain_http), reference

    def _pull(self, source: ChartSource, token: str) -> ChartArchive:
        chart, reference = self._open_registry(source, token)
        found = chart.find(source.version)
        data = chart.fetch(found)
        where = Location("Chart.yaml", repository=reference)
        metadata = parse_metadata({"Chart.yaml": (read_chart_file(data, reference), where)})
        return ChartArchive(version=metadata.version, data=data, digest=found.digest)


def read_chart_file(data: bytes, name: str) -> bytes:
    """Return the Chart.yaml of a packed chart.

    Raises:
        SourceError: it isn't a chart's archive.
    """
    for path, content in read_files(data, name):
        if path == "Chart.yaml":
            return content
    raise SourceError(
        f"{name} isn't a usable chart archive: it has no Chart.yaml", fix="Check the repository."
    )


def resolve_url(repository: str, reference: str) -> str:
    """Return an address that is relative to a repository's folder; the repository's query stays with it."""
    parts = urlsplit(repository)
    folder = urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/", query="", fragment=""))
    url = urlsplit(join(folder, reference))
    is_relative = not urlsplit(reference).scheme
    return urlunsplit(url._replace(query=url.query or parts.query) if is_relative else url)


def _is_this_machine(host: str) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").lower()
        return name == "localhost" or nearness(name) == 2
    except ValueError:
        return False


def _label(source: ChartSource) -> str:
    return f"the chart {source.chart} of {display(source.repository)}"


def _choose_version(source: ChartSource, listing: ChartListing) -> str:
    try:
        version = choose_version(listing.versions, source.version)
    except ValueError as error:
        raise DefinitionError(f"{_label(source)}: {error}", fix="Correct the version.") from None
    if version is not None:
        return version
    newest = newest_versions(listing.versions, _SHOWN)
    existing = f"The newest are {', '.join(newest)}." if newest else "It has no versions at all."
    wanted = f"version {source.version}" if source.version else "release, only pre-releases"
    raise SourceError(f"{_label(source)} has no {wanted}", fix=existing)


def _no_chart(source: ChartSource, index: ChartIndex) -> SourceError:
    names = index.charts()
    similar = difflib.get_close_matches(source.chart, names, n=_SHOWN) or sorted(names)[:_SHOWN]
    fix = f"It has {', '.join(similar)}{' and others' if len(names) > len(similar) else ''}."
    what = f"the chart repository {display(source.repository)} has no chart {source.chart}"
    return SourceError(what, fix=fix if names else "It is empty.")


def find_new_address(repository: str) -> str:
    """Return where the repository `stable` or `incubator` is now; empty for any other address."""
    found = _OLD.fullmatch(repository)
    if not found:
        return ""
    return "https://charts.helm.sh/" + ("incubator" if found["host"] or found["path"] else "stable")
