"""Charts in OCI registries, over HTTP: what `helm pull` does, with our rules for credentials.

The protocol is the OCI distribution specification's, tokens are had as from Docker's registries
(distribution: docs/spec/auth/token). Helm's own client reads the user's Docker settings, and sends a
credential to whatever server a registry names.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from urllib.request import parse_http_list, parse_keqv_list

from promotion.edges.charts.chart_archive import MOST_BYTES
from promotion.edges.web.web_address import display, is_same_site, join, origin, split_credentials
from promotion.edges.web.web_client import WebAnswer, WebClient
from promotion.errors import AccessError, DefinitionError, SourceError
from promotion.rendering.charts.chart_versions import choose_version, newest_versions

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
# What Helm takes (pkg/registry, its constants).
_ARCHIVES = ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_EXACT = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_MOST_BYTES = 4 * 2**20  # of a manifest or a page of tags
_MOST_PAGES = 100
_SHOWN = 5
_DOCKER = ("docker.io", "index.docker.io")
_FIX = "Give a token that may read the registry, with an access.yaml."


@dataclass(frozen=True, kw_only=True)
class PackedChart:
    """A chart in a registry: the version that its tag says, and the digest of its archive."""

    version: str
    digest: str


class RegistryChart:
    """One chart of a registry, to be asked for by one thread.

    Args:
        web: asks servers.
        reference: as `oci://ghcr.io/acme/charts/shop`.
        account: `user:password`, for the registry and the server of the same site that gives its tokens;
            empty for none.
        plain_http: the registry speaks no TLS.
    """

    def __init__(
        self, web: WebClient, reference: str, *, account: str = "", plain_http: bool = False
    ) -> None:
        host, _, self._name = reference.removeprefix("oci://").partition("/")
        host = "registry-1.docker.io" if host in _DOCKER else host
        self._web, self._reference, self._account = web, reference, account
        self._base = f"{'http' if plain_http else 'https'}://{host}/v2/{self._name}/"
        self._header = b""
        split_credentials(self._base)  # raises if it is no address

    def find(self, wanted: str) -> PackedChart:
        """Return the newest version that `wanted` admits: a version or a range; empty for the newest release.

        Raises:
            AccessError: the registry refuses the account, or wants one.
            DefinitionError: `wanted` is no version and no range.
            SourceError: there is no such chart or version, or no connection.
        """
        version = wanted if _EXACT.fullmatch(wanted) else self._choose(wanted)
        tag = version.replace("+", "_")  # a tag can't have a plus (Helm does the same)
        manifest = self._read(f"manifests/{tag}", accept=_MANIFEST, what=f" {version}")
        layers = manifest.get("layers")
        for layer in layers if isinstance(layers, list) else ():
            if isinstance(layer, dict) and layer.get("mediaType") in _ARCHIVES:
                digest = str(layer.get("digest"))
                if _DIGEST.fullmatch(digest):
                    return PackedChart(version=version, digest=digest)
        raise self._failure("what is there is no Helm chart", f" {version}")

    def fetch(self, chart: PackedChart) -> bytes:
        """Return the archive; errors as of `find`."""
        label = f" {chart.version}"
        answer = self._ask(f"blobs/{chart.digest}", what=label, limit=MOST_BYTES, archive=True)
        if f"sha256:{hashlib.sha256(answer.body).hexdigest()}" != chart.digest:
            raise self._failure("its archive isn't what the registry's manifest promises", label)
        return answer.body

    def _choose(self, wanted: str) -> str:
        versions = [tag.replace("_", "+") for tag in self._list_tags()]
        try:
            version = choose_version(versions, wanted)
        except ValueError as error:
            raise DefinitionError(f"chart {self._reference}: {error}", fix="Correct the version.") from None
        if version is None:
            newest = ", ".join(newest_versions(versions, _SHOWN))
            existing = f"The newest are {newest}." if newest else "It has no versions at all."
            raise self._failure("the registry has no such version", f" {wanted}".rstrip(), existing)
        return version

    def _list_tags(self) -> Sequence[str]:
        tags: list[str] = []
        path = "tags/list?n=1000"
        for _ in range(_MOST_PAGES):
            answer = self._ask(path)
            found = self._parse(answer.body).get("tags")
            tags += [str(tag) for tag in found] if isinstance(found, list) else []
            following = re.search(r"<([^>]*)>\s*;\s*rel=\"?next", answer.headers.get("Link", ""))
            if not following:
                return tags
            path = following[1]
        raise self._failure("it has too many tags")

    def _read(self, path: str, *, accept: str, what: str) -> Mapping[str, Any]:
        return self._parse(self._ask(path, accept=accept, what=what).body)

    def _parse(self, body: bytes) -> Mapping[str, Any]:
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise self._failure("the registry's answer isn't what it must be")
        return data

    def _ask(
        self, path: str, *, accept: str = "", what: str = "", limit: int = _MOST_BYTES, archive: bool = False
    ) -> WebAnswer:
        """Ask the registry; if it wants to know who we are, tell it, once."""
        url = join(self._base, path)
        if origin(url) != origin(self._base):
            raise self._failure(f"the registry leads to {display(url)}")
        for attempt in range(2):
            answer = self._web.ask(url, header=self._header, accept=accept, limit=limit, archive=archive)
            if answer.status != HTTPStatus.UNAUTHORIZED or attempt:
                break
            self._header = self._authenticate(answer.headers.get("WWW-Authenticate", ""), what)
        if answer.status == HTTPStatus.OK:
            return answer
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise self._refusal(what)
        reason = "it isn't there" if answer.status == HTTPStatus.NOT_FOUND else f"status {answer.status}"
        raise self._failure(reason, what)

    def _authenticate(self, challenge: str, what: str) -> bytes:
        """Return the header that a registry asks for (RFC 9110, section 11.6.1)."""
        scheme, _, rest = challenge.partition(" ")
        basic = b"Basic " + base64.b64encode(self._account.encode()) if self._account else b""
        if scheme.lower() == "basic" and basic:
            return basic
        if scheme.lower() != "bearer":
            raise self._refusal(what)
        try:
            asked = parse_keqv_list(parse_http_list(rest))
        except ValueError:
            raise self._refusal(what) from None
        return self._get_token(asked, basic, what)

    def _get_token(self, asked: Mapping[str, str], basic: bytes, what: str) -> bytes:
        realm, _ = split_credentials(asked.get("realm", ""))
        if origin(self._base)[0] == "https" != origin(realm)[0]:
            raise self._refusal(what, f"its tokens come from {display(realm)}, without encryption")
        if basic and not is_same_site(self._base, realm):
            raise self._refusal(
                what, f"its tokens come from {display(realm)}, which is none of its own servers"
            )
        query = {"service": asked.get("service", ""), "scope": f"repository:{self._name}:pull"}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode({k: v for k, v in query.items() if v})}"
        answer = self._web.ask(url, header=basic, limit=_MOST_BYTES, named_by=self._base)
        if answer.status != HTTPStatus.OK:
            raise self._refusal(what)
        given = self._parse(answer.body)
        token = str(given.get("token") or given.get("access_token") or "")
        if not token or not token.isascii() or not token.isprintable():
            raise self._refusal(what)
        return b"Bearer " + token.encode()

    def _refusal(self, what: str, reason: str = "") -> AccessError:
        given = "the registry refuses the token" if self._account else "the registry asks for a token"
        return AccessError(f"chart {self._reference}{what} can't be pulled: {reason or given}", fix=_FIX)

    def _failure(self, reason: str, what: str = "", fix: str = "") -> SourceError:
        fix = fix or "Check the chart's address and version."
        return SourceError(f"chart {self._reference}{what} can't be pulled: {reason}", fix=fix)
