"""A git server for measurements: `git http-backend` behind kept HTTP connections, in a process of its own.

    python -m benchmark.server ROOT PORT

It waits before each answer, and at the start of each connection, as long as a round trip is to take.
`GET /-/take` gives what was counted since the last time, as JSON; `GET /-/delay/0.04` sets the seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_CHUNK = 256 * 1024


@dataclass
class Counts:
    """What crossed the wire: connections, requests, and bytes both ways with their heads."""

    connections: int = 0
    requests: int = 0
    received: int = 0
    sent: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, root: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.root, self.delay = root, 0.0
        self.counts, self.lock = Counts(), threading.Lock()

    def count(self, **numbers: int) -> None:
        with self.lock:
            for name, number in numbers.items():
                setattr(self.counts, name, getattr(self.counts, name) + number)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client may break off."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.is_new = True

    def do_GET(self) -> None:
        if self.path.startswith("/-/"):
            self._control(self.path.removeprefix("/-/"))
        else:
            self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _control(self, words: str) -> None:
        if words.startswith("delay/"):
            self.server.delay = float(words.removeprefix("delay/"))
        with self.server.lock:
            body = json.dumps(asdict(self.server.counts)).encode()
            self.server.counts = Counts()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _serve(self) -> None:
        server = self.server
        body = b"".join(self._read_body())
        time.sleep(server.delay * (2 if self.is_new else 1))  # a connection costs a round trip, too
        head = len(self.raw_requestline) + len(str(self.headers))
        server.count(connections=int(self.is_new), requests=1, received=head + len(body))
        self.is_new = False
        with subprocess.Popen(
            ["git", "http-backend"],
            env=self._environment(len(body)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=False,
        ) as process:
            assert process.stdin and process.stdout
            process.stdin.write(body)
            process.stdin.close()
            self._send(process.stdout)  # type: ignore[arg-type]

    def _send(self, output: object) -> None:
        status, headers = 200, []
        while line := output.readline().rstrip(b"\r\n"):  # type: ignore[attr-defined]
            name, _, value = line.decode().partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 200
        while data := output.read1(_CHUNK):  # type: ignore[attr-defined]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            sent += len(data)
        self.wfile.write(b"0\r\n\r\n")
        self.server.count(sent=sent)

    def _read_body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _environment(self, length: int) -> dict[str, str]:
        address = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": self.server.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "benchmark",
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }


if __name__ == "__main__":
    _Server(sys.argv[1], int(sys.argv[2])).serve_forever()
