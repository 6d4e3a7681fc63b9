"""A git server that sends whatever pack it is given, whether an honest git could have made it or not."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_FLUSH, _DELIMITER = b"0000", b"0001"
_MOST = 65_515  # bytes of data in one line


def _line(data: bytes) -> bytes:
    return f"{len(data) + 4:04x}".encode() + data


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    commit: bytes
    pack: bytes

    def do_GET(self) -> None:
        lines = (b"version 2\n", b"agent=tests\n", b"ls-refs\n", b"fetch=shallow\n", b"object-format=sha1\n")
        first = _line(b"# service=git-upload-pack\n") + _FLUSH
        self._send("advertisement", first + b"".join(map(_line, lines)) + _FLUSH)

    def do_POST(self) -> None:
        body = self._body()
        if b"command=ls-refs" in body:
            refs = (b" HEAD symref-target:refs/heads/dev\n", b" refs/heads/dev\n")
            self._send("result", b"".join(_line(self.commit + ref) for ref in refs) + _FLUSH)
            return
        answer = _line(b"shallow-info\n") + _line(b"shallow " + self.commit + b"\n") + _DELIMITER
        answer += _line(b"packfile\n")
        for start in range(0, len(self.pack), _MOST):
            answer += _line(b"\x01" + self.pack[start : start + _MOST])
        self._send("result", answer + _FLUSH)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever has enough hangs up
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve(commit: str, pack: bytes) -> Iterator[str]:
    """A repository whose only commit, on branch dev, comes in this pack; gives its address."""
    handler = type("Handler", (_Handler,), {"commit": commit.encode(), "pack": pack})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/acme/bomb.git"
        finally:
            server.shutdown()
            thread.join()
