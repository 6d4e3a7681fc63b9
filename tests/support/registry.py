"""An OCI registry on loopback that serves charts, with or without a password."""

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

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_ARCHIVE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass
class Registry:
    """What a test sees of the registry; an empty `username` lets everyone in."""

    host: str
    username: str = ""
    password: str = ""
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

    def admits(self, authorization: str | None) -> bool:
        account = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return not self.username or authorization == f"Basic {account}"

    def find(self, path: str) -> tuple[str, bytes] | None:
        """The media type and content at a path of the distribution API."""
        if path == "/v2/":
            return "application/json", b"{}"
        repository, _, rest = path.removeprefix("/v2/").partition("/tags/list")
        if not rest and repository in self.tags:
            return "application/json", json.dumps({"tags": list(self.tags[repository])}).encode()
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
        if not self.registry.admits(self.headers.get("Authorization")):
            self._send(401, "application/json", b"{}", {"WWW-Authenticate": 'Basic realm="test"'})
        elif found := self.registry.find(self.path.partition("?")[0]):
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
