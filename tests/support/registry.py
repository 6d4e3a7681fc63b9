"""An OCI registry on loopback that serves charts: to everyone, with a password, or with tokens."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

TOKEN = "t0ken-0f-the-regi5try"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_ARCHIVE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass
class Registry:
    """What a test sees of the registry; an empty `username` lets everyone in.

    With a `realm` it takes tokens only, and says that they are had there; its own are at `token_url`. It
    gives `page` tags at a time. `blobs_at` is another server that has the blobs, by their digests.
    `asked` is what it was asked, with the `Authorization` header.
    """

    host: str
    username: str = ""
    password: str = ""
    realm: str = ""
    page: int = 1000
    blobs_at: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, repository: str, version: str, archive: bytes) -> str:
        """Publish a chart's archive; gives its address. The chart's name ends `repository`."""
        metadata = {"apiVersion": "v2", "name": repository.rpartition("/")[2], "version": version}
        config = self._describe(_CONFIG, json.dumps(metadata).encode())
        layer = self._describe(_ARCHIVE, archive)
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]}
        digest = self._describe(_MANIFEST, json.dumps(manifest).encode())["digest"]
        self.tags.setdefault(repository, {})[version.replace("+", "_")] = str(digest)
        return f"oci://{self.host}/{repository}"

    def _describe(self, media_type: str, content: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blobs[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    @property
    def token_url(self) -> str:
        return f"http://{self.host}/token"

    def admits(self, authorization: str) -> bool:
        if self.realm:
            return authorization == f"Bearer {TOKEN}"
        return not self.username or authorization == self._basic

    @property
    def challenge(self) -> str:
        return (
            f'Bearer realm="{self.realm}",service="test, of course"' if self.realm else 'Basic realm="test"'
        )

    @property
    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def give_token(self, authorization: str) -> bytes:
        """Empty for whoever may have none."""
        return json.dumps({"token": TOKEN}).encode() if authorization in ("", self._basic) else b""

    def list_tags(self, repository: str, after: str) -> tuple[bytes, str]:
        """A page of the tags, and the path of the next."""
        tags = list(self.tags[repository])
        start = tags.index(after) + 1 if after else 0
        page = tags[start : start + self.page]
        more = f"/v2/{repository}/tags/list?last={page[-1]}" if tags[start + self.page :] else ""
        return json.dumps({"name": repository, "tags": page}).encode(), more

    def find(self, path: str) -> tuple[str, bytes] | None:
        """The media type and content at a path of the distribution API, but for tags."""
        if path == "/v2/":
            return "application/json", b"{}"
        for part, media_type in (("/manifests/", _MANIFEST), ("/blobs/", "application/octet-stream")):
            repository, found, name = path.removeprefix("/v2/").partition(part)
            digest = self.tags.get(repository, {}).get(name, name)
            if found and digest in self.blobs:
                return media_type, self.blobs[digest]
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def do_GET(self) -> None:
        registry, authorization = self.registry, self.headers.get("Authorization", "")
        registry.asked.append((self.path, authorization))
        path, _, query = self.path.partition("?")
        repository = path.removeprefix("/v2/").removesuffix("/tags/list")
        if path == "/token":
            token = registry.give_token(authorization)
            self._send(200 if token else 401, "application/json", token, {})
        elif not registry.admits(authorization):
            self._send(401, "application/json", b"{}", {"WWW-Authenticate": registry.challenge})
        elif path.endswith("/tags/list") and repository in registry.tags:
            body, more = registry.list_tags(repository, parse_qs(query).get("last", [""])[0])
            self._send(200, "application/json", body, {"Link": f'<{more}>; rel="next"'} if more else {})
        elif registry.blobs_at and "/blobs/" in path:
            digest = path.rpartition("/")[2]
            self._send(307, "text/plain", b"", {"Location": f"{registry.blobs_at}/{digest}"})
        elif found := registry.find(path):
            digest = f"sha256:{hashlib.sha256(found[1]).hexdigest()}"
            self._send(200, *found, {"Docker-Content-Digest": digest})
        else:
            self._send(404, "application/json", b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', {})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, status: int, media_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Type": media_type, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve(*, username: str = "", password: str = "") -> Iterator[Registry]:
    """A registry without TLS on a free port."""
    handler = type("Handler", (_Handler,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.registry = Registry(f"127.0.0.1:{server.server_port}", username, password)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield handler.registry
        finally:
            server.shutdown()
            thread.join()


def pack(chart: Path) -> bytes:
    """A chart folder as the archive that a registry serves."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(chart, arcname=chart.name)
    return archive.getvalue()
