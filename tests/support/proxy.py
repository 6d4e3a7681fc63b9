"""An HTTP proxy on loopback between a program and its servers, where the network's troubles are made."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

EVER = 10**6


@dataclass(kw_only=True)
class Trouble:
    """What goes wrong with the next `times` requests whose method and path contain `path`.

    Args:
        status: the answer's status, with `headers`; the server behind isn't asked.
        hang: no answer comes, until the client gives up.
        reset: the connection is reset at once, or where `cut` or `cut_request` says.
        cut: so many bytes of the answer's body come, and then the end, in good order unless `reset`.
        pretend: with `cut`, as if that were the whole answer.
        cut_request: so many bytes of the request's body go to the server, then both connections break.
        rate: bytes of the answer that come in a second.
        drip: the answer's head never ends: a letter comes every so many seconds.
    """

    path: str = ""
    times: int = 1
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False
    cut: int | None = None
    pretend: bool = False
    cut_request: int | None = None
    rate: float = 0
    drip: float = 0

    def __str__(self) -> str:
        given = {name: value for name, value in vars(self).items() if value not in (0, None, "", {}, False)}
        return " ".join(f"{name}={value}" for name, value in given.items() if name != "times") or "none"


class FaultProxy:
    """A proxy for plain HTTP; use it in a `with` block.

    Args:
        upstream: host and port behind it, for clients that take it for the server itself.
        watch: told of each request, as `POST /acme/cats.git/git-upload-pack`, when it comes (`asked`), when
            the server has answered (`answered`) and when the client has got that (`passed on`).
    """

    def __init__(self, upstream: str = "", *, watch: Callable[[str, str], None] = lambda *_: None) -> None:
        self.upstream, self.watch = upstream, watch
        self.requests: list[str] = []
        self.closing = threading.Event()
        self._troubles: list[Trouble] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def variables(self) -> dict[str, str]:
        """What makes a program use it."""
        return {"http_proxy": f"http://{self.host}"}

    def make(self, trouble: Trouble) -> None:
        """Let the next requests go wrong."""
        with self._lock:
            self._troubles.append(trouble)

    def take(self, request: str) -> Trouble:
        """The trouble that a request meets."""
        with self._lock:
            self.requests.append(request)
            for trouble in self._troubles:
                if trouble.path in request and trouble.times > 0:
                    trouble.times -= 1
                    return trouble
        return Trouble()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True
    proxy: FaultProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections that break are what it is for."""


class _Handler(socketserver.StreamRequestHandler):
    """One request, for each connection is closed after it."""

    disable_nagle_algorithm = True
    server: _Server
    connection: socket.socket

    def handle(self) -> None:
        head = self._read_head()
        method, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
        address = urlsplit(target)
        path = address._replace(scheme="", netloc="").geturl()
        request, proxy = f"{method} {path}", self.server.proxy
        trouble = proxy.take(request)
        proxy.watch("asked", request)
        if trouble.hang:
            self._wait()
        elif trouble.status:
            self._refuse(trouble)
        elif trouble.drip:
            self._drip(trouble.drip)
        elif trouble.reset and trouble.cut is None and trouble.cut_request is None:
            self._break()
        else:
            body = b"".join(self._read_body(head))
            answer = self._ask(address.netloc or proxy.upstream, method, path, head, body, trouble)
            proxy.watch("answered", request)
            self._answer(answer, trouble)
            proxy.watch("passed on", request)

    def _read_head(self) -> bytes:
        lines = []
        while line := self.rfile.readline():
            if line == b"\r\n":
                return b"".join(lines)
            lines.append(line)
        raise ConnectionError("the client has gone")

    def _read_body(self, head: bytes) -> list[bytes]:
        if re.search(rb"^transfer-encoding: *chunked", head, re.MULTILINE | re.IGNORECASE):
            parts = []
            while True:
                line = self.rfile.readline()
                size = int(line, 16)
                parts += [line, self.rfile.read(size + 2)]
                if not size:
                    return parts
        length = re.search(rb"^content-length: *(\d+)", head, re.MULTILINE | re.IGNORECASE)
        return [self.rfile.read(int(length[1]))] if length else []

    def _ask(
        self, host: str, method: str, path: str, head: bytes, body: bytes, trouble: Trouble
    ) -> tuple[bytes, bytes]:
        """The server's answer: head and body."""
        name, _, port = host.partition(":")
        fields = [
            line
            for line in head.split(b"\r\n")[1:]
            if line and not line.lower().startswith((b"connection", b"proxy-"))
        ]
        first = f"{method} {path} HTTP/1.1".encode("latin-1")
        sent = b"\r\n".join([first, *fields, b"Connection: close", b"", b""])
        with socket.create_connection((name, int(port or 80))) as server:
            if trouble.cut_request is not None:
                server.sendall(sent + body[: trouble.cut_request])
                self._break()
                raise ConnectionError("the connection was to break")
            server.sendall(sent + body)
            answer = b""
            while part := server.recv(2**16):
                answer += part
        head, _, content = answer.partition(b"\r\n\r\n")
        return head + b"\r\nConnection: close\r\n\r\n", content

    def _answer(self, answer: tuple[bytes, bytes], trouble: Trouble) -> None:
        head, body = answer
        body = body if trouble.cut is None else body[: trouble.cut]
        if trouble.pretend:
            length = f"Content-Length: {len(body)}".encode()
            head = re.sub(rb"^content-length:[^\r]*", length, head, flags=re.MULTILINE | re.IGNORECASE)
        self.wfile.write(head)
        if trouble.rate:
            step = max(1, int(trouble.rate / 20))
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                if self.server.proxy.closing.wait(step / trouble.rate):
                    return
        else:
            self.wfile.write(body)
        if trouble.reset:
            time.sleep(0.05)  # else the reset would overtake what was sent
            self._break()

    def _refuse(self, trouble: Trouble) -> None:
        lines = [f"HTTP/1.1 {trouble.status} Trouble", *(f"{k}: {v}" for k, v in trouble.headers.items())]
        text = "\r\n".join([*lines, "Content-Length: 0", "Connection: close", "", ""])
        self.wfile.write(text.encode("latin-1"))

    def _drip(self, pause: float) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not self.server.proxy.closing.wait(pause):
            self.wfile.write(b"x")

    def _wait(self) -> None:
        """Until the client has gone."""
        self.connection.settimeout(0.1)
        while not self.server.proxy.closing.is_set():
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(2**16):
                    return

    def _break(self) -> None:
        """Reset the connection instead of closing it in good order."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
