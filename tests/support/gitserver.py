"""A real git server for tests: `git http-backend` behind HTTP, with Basic authentication and faults."""

from __future__ import annotations

import base64
import gzip
import itertools
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from support.repositories import Repository

NOBODY = ""  # the token of a reader without one


@dataclass(frozen=True)
class Request:
    """What a client asked: the `Authorization` header is None if it sent none.

    `connection` numbers the connections that it came by; `command` is what it wants by protocol 2: `ls-refs`
    or `fetch`.
    """

    method: str
    path: str
    query: str
    authorization: str | None
    status: int
    received: int
    sent: int
    agent: str = ""
    connection: int = 0
    command: str = ""


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path contains `path`, after the first `skip`.

    `status` answers with that, `headers` and `body`; `delay` waits (seconds) first; `reset` breaks the
    connection at once; `cut` sends so many bytes of the right answer's body, then breaks the connection.
    `before` is called before the answer is made, `after` when it is made and not yet sent. With `is_late` a
    request whose connection is reset is served all the same, after `before`.
    """

    times: int = 1
    path: str = ""
    skip: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    reset: bool = False
    cut: int | None = None
    before: Callable[[], object] = field(default=lambda: None, repr=False)
    after: Callable[[], object] = field(default=lambda: None, repr=False)
    is_late: bool = False


class GitServer:
    """Serves bare repositories below `root` on a loopback port; use it in a `with` block.

    Repositories made by `create` are public to read; `allow` gives or takes rights. With a certificate (a
    file that `webserver.make_certificate` wrote) it speaks https. It may listen on a socket of others, which
    stays open after it.
    """

    def __init__(
        self, root: Path, *, certificate: Path | None = None, listener: socket.socket | None = None
    ) -> None:
        self.root = root
        self.requests: list[Request] = []
        self.redirects: dict[str, str] = {}
        self.users: dict[str, str] = {}  # a user name that may read one repository, with an empty password
        self.speaks_v2 = True
        self.latency = 0.0  # seconds before each answer
        self.connections = itertools.count(1)
        self._faults: list[Fault] = []
        self._rights: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler, bind_and_activate=listener is None)
        if listener:
            self._server.socket.close()
            self._server.socket = listener.dup()
            self._server.server_port = listener.getsockname()[1]
        self._server.owner = self
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> GitServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def create(self, name: str, *, branch: str = "main", private: bool = False) -> Repository:
        """An empty repository `owner/name`, at `<url>/owner/name.git`."""
        if not private:
            self.allow(NOBODY, name, "read")
        return Repository(self.root / f"{name}.git", branch=branch)

    def allow(self, token: str, name: str, right: str) -> None:
        """Give a token `read`, `write` or `none` on a repository."""
        self._rights[token, name] = right

    def fail(self, fault: Fault) -> None:
        """Let the next requests go wrong."""
        with self._lock:
            self._faults.append(fault)

    def redirect(self, old: str, new: str) -> None:
        """Send requests for the repository `old` to `new`, a URL without a slash at the end."""
        self.redirects[old] = new

    def right(self, token: str | None, name: str) -> str:
        """What a client may do; `unknown` for a token that nobody has."""
        if token is None:
            return self._rights.get((NOBODY, name), "none")
        if self.users.get(token) == name:
            return "read"
        if not any(known == token for known, _ in self._rights):
            return "unknown"
        return self._rights.get((token, name)) or self._rights.get((NOBODY, name), "none")

    def take_fault(self, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.path not in path or fault.times < 1:
                    continue
                if fault.skip:
                    fault.skip -= 1
                else:
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    owner: GitServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that break off are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        self.connection_number = next(self.server.owner.connections)
        super().setup()

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        body = b"".join(self._read_body())
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self._serve(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _read_body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _serve(self, body: bytes) -> None:
        owner = self.server.owner
        address = urlsplit(self.path)
        fault = owner.take_fault(self.path)
        status, headers, data = 0, dict[str, str](), b""
        time.sleep(owner.latency)
        if fault:
            time.sleep(fault.delay)
            if fault.reset:
                self._break()
            fault.before()
            if fault.reset and not fault.is_late:
                return
            status, headers, data = fault.status, dict(fault.headers), fault.body
        if not status:
            status, headers, data = self._answer(address.path, address.query, body)
        if fault:
            fault.after()
            if fault.reset:
                return
        cut = fault.cut if fault else None
        sent = data if cut is None else data[:cut]
        owner.requests.append(
            Request(
                self.command,
                address.path,
                address.query,
                self.headers.get("Authorization"),
                status,
                len(body),
                len(sent),
                self.headers.get("User-Agent", ""),
                self.connection_number,
                _read_command(body),
            )
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(sent)
        if cut is not None:
            self.wfile.flush()
            self._break()

    def _break(self) -> None:
        """Reset the connection instead of closing it in good order."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.connection.close()

    def _answer(self, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        owner = self.server.owner
        name, dot_git, rest = path.lstrip("/").partition(".git/")
        if not dot_git:  # GitHub's addresses need no ending
            *words, rest = path.lstrip("/").split("/", 2)
            name, path = "/".join(words), f"/{'/'.join(words)}.git/{rest}"
        if name in owner.redirects:
            suffix = f"/{rest}" + (f"?{query}" if query else "")
            return 301, {"Location": owner.redirects[name] + suffix}, b""
        writing = "git-receive-pack" in (query + rest)
        token = self._token()
        right = owner.right(token, name)
        if right == "unknown" or (token is None and right != "write" and (writing or right == "none")):
            return 401, {"WWW-Authenticate": 'Basic realm="git"'}, b"remote: Invalid username or password.\n"
        if right == "none" or not (owner.root / f"{name}.git").is_dir():
            return 404, {}, b"Not Found"
        if writing and right != "write":
            return 403, {"Content-Type": "text/plain"}, b"Write access to repository not granted."
        return self._run_backend(path, query, body)

    def _token(self) -> str | None:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return password or user

    def _run_backend(self, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._wants_objects(path):
            return self._upload(path, body)
        if not (key := self._find_key(path, query)):
            return self._ask_git(path, query, body)
        if key not in _CAPABILITIES:
            _CAPABILITIES[key] = self._ask_git(path, query, body)
        status, headers, data = _CAPABILITIES[key]
        return status, dict(headers), data

    def _find_key(self, path: str, query: str) -> tuple[bytes, str] | None:
        """Return what decides what git says to the first request of a reader, by protocol 2.

        That tells no refs, only what git and the repository's settings allow
        (https://git-scm.com/docs/protocol-v2#_http_transport).
        """
        protocol = self.headers.get("Git-Protocol", "") if self.server.owner.speaks_v2 else ""
        folder, rest = self._split(path)
        if protocol != "version=2" or (rest, query) != ("info/refs", "service=git-upload-pack"):
            return None
        return ((folder / "config").read_bytes(), protocol) if _is_whole(folder) else None

    def _split(self, path: str) -> tuple[Path, str]:
        """Return the repository's folder, and what is wanted of it."""
        name, _, rest = path.lstrip("/").partition(".git/")
        return self.server.owner.root / f"{name}.git", rest

    def _wants_objects(self, path: str) -> bool:
        folder, rest = self._split(path)
        kind = self.headers.get("Content-Type")
        is_request = kind == "application/x-git-upload-pack-request" and self.command == "POST"
        return is_request and rest == "git-upload-pack" and _is_whole(folder)

    def _upload(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Start what `git http-backend` starts for this (`service_rpc` in git's http-backend.c), without it:
        most of what is asked is this, and the backend takes longer to start than to answer.
        """
        headers = {
            "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
            "Pragma": "no-cache",
            "Cache-Control": "no-cache, max-age=0, must-revalidate",
            "Content-Type": "application/x-git-upload-pack-result",
        }
        argv, folder = [_find_program("git-upload-pack"), "--stateless-rpc", "."], self._split(path)[0]
        done = subprocess.run(
            argv, cwd=folder, env=self._environment(), input=body, capture_output=True, check=False
        )
        return 200, headers, done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "") if self.server.owner.speaks_v2 else "",
        }

    def _ask_git(self, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        environment = {
            **self._environment(),
            "GIT_PROJECT_ROOT": str(self.server.owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "tester",
            "REMOTE_ADDR": "127.0.0.1",
        }
        argv = [_find_program("git-http-backend")]
        done = subprocess.run(argv, env=environment, input=body, capture_output=True, check=False)
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0]) if head else 500
        return status, headers, data


_CAPABILITIES: dict[tuple[bytes, str], tuple[int, dict[str, str], bytes]] = {}


def _is_whole(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("HEAD", "config", "objects", "refs"))


@cache
def _find_program(name: str) -> str:
    """Return the program itself: `git` in front of it takes as long again to start."""
    folder = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout
    return f"{folder.strip()}/{name}"


def _read_command(body: bytes) -> str:
    found = re.match(rb"[0-9a-f]{4}command=([a-z-]+)", body)
    return found[1].decode() if found else ""
