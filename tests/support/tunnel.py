"""A company's network on loopback: a proxy that alone knows its names, and TLS by its own authority."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOMAIN = "pets.invalid"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that break off are no matter."""


@contextlib.contextmanager
def _serve(handler: Any) -> Iterator[int]:
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _join(one: socket.socket, other: socket.socket) -> None:
    back = threading.Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join()


@contextlib.contextmanager
def open_proxy(account: str = "") -> Iterator[tuple[str, list[str]]]:
    """A proxy for `CONNECT`, by which every name is this machine; gives host and port, and what it is asked.

    Args:
        account: `user:password` that it wants.
    """
    asked: list[str] = []
    wanted = f"basic {base64.b64encode(account.encode()).decode()}"

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, _ = self.rfile.readline().decode().split(" ", 2)
            fields = {}
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.decode().partition(":")
                fields[name.lower()] = value.strip()
            scheme, _, given = fields.get("proxy-authorization", "").partition(" ")
            if account and f"{scheme.lower()} {given}" != wanted:
                self.wfile.write(
                    b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=x\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            asked.append(f"{method} {target}")
            with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as server:
                self.wfile.write(b"HTTP/1.1 200 Here you are\r\n\r\n")
                _join(self.connection, server)

    with _serve(Handler) as port:
        yield f"127.0.0.1:{port}", asked


@contextlib.contextmanager
def encrypt(port: int, certificate: Path) -> Iterator[int]:
    """Give a server of this machine a port at which it speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # in one thread each way, as a TLS socket wants its records whole
            with (
                context.wrap_socket(self.request, server_side=True) as client,
                socket.create_connection(("127.0.0.1", port)) as server,
            ):
                _join(client, server)

    with _serve(Handler) as found:
        yield found


def make_authority(folder: Path) -> tuple[Path, Path]:
    """A certificate authority's file, and one with a server's key and certificate by it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    texts = (f"Authority {x509.random_serial_number()}", DOMAIN)
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in texts]
    machine = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    reach: list[x509.GeneralName] = [machine, x509.DNSName(f"*.{DOMAIN}")]
    made = []
    for number, is_authority in enumerate((True, False)):
        builder = x509.CertificateBuilder(
            names[0], names[number], keys[number].public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
        constraints = x509.BasicConstraints(ca=is_authority, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(reach), critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    authority, server = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(made[0])
    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server.write_bytes(key + made[1])
    return authority, server
