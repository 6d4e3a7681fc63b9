"""A web server on loopback that serves what it is told, faults included."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of the server.

    Args:
        delay: seconds of silence before it.
        drip: seconds between single bytes of the body.
        promise: a `Content-Length` other than the body's.
        drop: close the connection without any answer.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    promise: int | None = None
    drop: bool = False


@dataclass(frozen=True)
class Asked:
    """One request that the server got."""

    path: str
    headers: Mapping[str, str]


class WebServer:
    """What a test sees of the server: `answers` by path (the last one of a list stays), `asked` so far."""

    def __init__(self, port: int, folder: Path | None = None) -> None:
        self.port, self.folder = port, folder
        self.url = f"http://127.0.0.1:{port}"
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    def answer(self, path: str, *answers: Answer | bytes) -> str:
        """Say what a path gets, one answer for each request; gives its address."""
        self.answers[path] = [a if isinstance(a, Answer) else Answer(body=a) for a in answers]
        return self.url + path

    def paths(self) -> list[str]:
        return [request.path for request in self.asked]

    def take(self, request: Asked) -> Answer:
        with self._lock:
            self.asked.append(request)
            answers = self.answers.get(request.path)
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        file = self.folder / request.path.partition("?")[0].lstrip("/") if self.folder else None
        if file and file.is_file():
            return Answer(body=file.read_bytes())
        return Answer(status=404, body=b"not here")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: WebServer

    def do_GET(self) -> None:
        answer = self.site.take(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}))
        time.sleep(answer.delay)
        with contextlib.suppress(OSError):
            if not answer.drop:
                self._send(answer)
        if answer.drop or answer.promise is not None:
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        length = len(answer.body) if answer.promise is None else answer.promise
        for name, value in {"Content-Length": str(length), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not answer.drip:
            self.wfile.write(answer.body)
            return
        for position in range(len(answer.body)):
            self.wfile.write(answer.body[position : position + 1])
            self.wfile.flush()
            time.sleep(answer.drip)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a test that hangs up need not wait for an answer with a delay
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many tests want."""


@contextlib.contextmanager
def serve(folder: Path | None = None, certificate: Path | None = None) -> Iterator[WebServer]:
    """A server on a free port, with the files of a folder where no answer is set.

    With a certificate (a file that `make_certificate` wrote) it speaks https.
    """
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        site = handler.site = WebServer(server.server_port, folder)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            site.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def make_certificate(file: Path) -> None:
    """Write a certificate for 127.0.0.1, signed by itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encodings = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*encodings) + certificate.public_bytes(serialization.Encoding.PEM))
