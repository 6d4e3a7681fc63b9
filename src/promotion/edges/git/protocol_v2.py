"""Git's protocol, version 2, over HTTP in this process (git: Documentation/gitprotocol-v2).

Only what goes well is done here. Whatever else happens is a `WireError`, and then the git program is asked,
which has the rules for redirects, retries and refusals, and the words for what is wrong.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from dulwich.errors import GitProtocolError
from dulwich.protocol import Protocol as Packets
from dulwich.protocol import pkt_line

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.git.remotes import Remote
from promotion.edges.web.http_pool import HttpAnswer, HttpPool, LineError
from promotion.edges.web.web_address import origin

_SERVICE = "git-upload-pack"
_AGENT = "git/2-gitops-promotion"  # some servers look at the beginning
_HEAD = (f"agent={_AGENT}", "object-format=sha1")
_OID = re.compile(r"[0-9a-f]{40}")
_HEAD_LENGTH = 12  # of a pack: its name, its version, the number of its objects
_DELIMITER = b"0001"
_PASSING = (429, 500, 502, 503, 504)
_MOST_LINES = 1_000_000  # of one answer about refs; a server may tell more than it was asked for


class WireError(Exception):
    """The git program is to be asked.

    Args:
        is_passing: whether it was a fault of the line, which may be better at the next try.
        is_answer: whether it is about this repository alone, such as a refusal.
        pause: seconds that the server asks to wait before the next try.
    """

    def __init__(
        self, reason: str, *, is_passing: bool = False, is_answer: bool = False, pause: float = 0
    ) -> None:
        super().__init__(reason)
        self.is_passing, self.is_answer, self.pause = is_passing, is_answer, pause


class TooManyObjectsError(Exception):
    """A pack has more objects than were wanted."""


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What a server can do: `filters`: leave out files; `hears`: the lines about us that it understands."""

    speaks_v2: bool
    filters: bool = False
    hears: tuple[str, ...] = ()


class ProtocolV2:
    """Asks servers what their refs point at, and for objects. Each origin is asked for its abilities once."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str, int], threading.Lock] = {}
        self._abilities: dict[tuple[str, str, int], Abilities] = {}

    def abilities(self, remote: Remote, authorization: str) -> Abilities:
        """Return what the server of a repository can do.

        Raises:
            WireError: it doesn't say.
        """
        key = origin(remote.url)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # whoever is refused leaves the question to the next, who may have a better token
            if key not in self._abilities:
                self._abilities[key] = self._discover(remote, authorization)
            return self._abilities[key]

    def find(self, remote: Remote, authorization: str, names: Sequence[str]) -> Mapping[str, str]:
        """Return what refs point at, through annotated tags; those missing are left out.

        Args:
            authorization: the value of the HTTP header; empty for none.
            names: of refs, in full, or HEAD.

        Raises:
            WireError: it can't be told.
        """
        lines = ["peel\n", *(f"ref-prefix {name}\n" for name in names)]
        wanted, found = frozenset(names), dict[str, str]()
        with self._command(remote, authorization, "ls-refs", lines) as packets:
            for number, line in enumerate(_until_flush(packets)):
                if number > _MOST_LINES:
                    raise WireError("it has too many refs")
                name, oid = _parse_ref(line)
                if name in wanted:
                    found[name] = oid
        return found

    def fetch(
        self,
        remote: Remote,
        authorization: str,
        wants: Iterable[str],
        write: Callable[[bytes], object],
        *,
        options: Sequence[str] = (),
        most: int = 2**32,
    ) -> Sequence[str]:
        """Write the pack with some objects, and all that they need, somewhere; gives the shallow commits.

        Args:
            wants: ids of objects.
            write: takes the pack, piece by piece.
            options: such as `deepen 1` or `filter blob:none`.
            most: a pack with more objects is left.

        Raises:
            TooManyObjectsError: the pack has more objects; next to nothing of it was read.
            WireError: it can't be had. A part of the pack may be written then.
        """
        lines = ["ofs-delta\n", "no-progress\n", *(f"{option}\n" for option in options)]
        lines += [*(f"want {oid}\n" for oid in wants), "done\n"]
        shallow: list[str] = []
        with self._command(remote, authorization, "fetch", lines) as packets:
            for section in iter(packets.read_pkt_line, b"packfile\n"):
                if section != b"shallow-info\n":  # that there is no such object, most likely
                    raise WireError(f"instead of a pack: {section!r:.80}", is_answer=True)
                shallow += _parse_shallow(_until_flush(packets))
            _copy_pack(_until_flush(packets), write, most)
        return shallow

    def _discover(self, remote: Remote, authorization: str) -> Abilities:
        url = f"{remote.url}/info/refs?service={_SERVICE}"
        with self._exchange("GET", url, authorization, "advertisement") as packets:
            line = packets.read_pkt_line()
            if line == f"# service={_SERVICE}\n".encode():
                packets.read_pkt_line()
                line = packets.read_pkt_line()
            if line != b"version 2\n":
                return Abilities(speaks_v2=False)
            names = dict(
                _split(capability.decode("utf-8", "replace").rstrip("\n"))
                for capability in _until_flush(packets)
            )
        features = names.get("fetch", "").split()
        is_ours = {"ls-refs", "fetch"} <= names.keys() and names.get("object-format", "sha1") == "sha1"
        return Abilities(
            speaks_v2=is_ours and "shallow" in features,
            filters="filter" in features,
            hears=tuple(line for line in _HEAD if _split(line)[0] in names),
        )

    @contextmanager
    def _command(
        self, remote: Remote, authorization: str, command: str, lines: Sequence[str]
    ) -> Iterator[Packets]:
        abilities = self.abilities(remote, authorization)
        if not abilities.speaks_v2:
            raise WireError("the server doesn't speak version 2", is_answer=True)
        head = [f"command={command}\n", *(f"{line}\n" for line in abilities.hears)]
        body = b"".join(pkt_line(line.encode()) for line in head) + _DELIMITER
        body += b"".join(pkt_line(line.encode()) for line in lines) + pkt_line(None)
        url = f"{remote.url}/{_SERVICE}"
        with self._exchange("POST", url, authorization, "result", body) as packets:
            yield packets

    @contextmanager
    def _exchange(
        self, method: str, url: str, authorization: str, kind: str, body: bytes = b""
    ) -> Iterator[Packets]:
        headers = {"User-Agent": _AGENT, "Git-Protocol": "version=2"}
        if authorization:
            headers["Authorization"] = authorization
        if body:
            headers |= {
                "Content-Type": f"application/x-{_SERVICE}-request",
                "Accept": f"application/x-{_SERVICE}-{kind}",
            }
        try:
            with self._pool.send(method, url, headers, body) as answer:
                _check(answer, f"application/x-{_SERVICE}-{kind}")
                yield Packets(answer.read, _refuse_to_write)
        except LineError as error:
            raise WireError(str(error), is_passing=error.is_passing) from None
        except GitProtocolError as error:  # breaks off within a line, as well
            raise WireError(type(error).__name__, is_passing=True) from None


def _check(answer: HttpAnswer, kind: str) -> None:
    if answer.status != 200:
        is_passing = answer.status in _PASSING
        pause = answer.retry_after or 0 if is_passing else 0
        raise WireError(
            f"status {answer.status}", is_passing=is_passing, is_answer=not is_passing, pause=pause
        )
    if answer.kind != kind:
        raise WireError(f"an answer of type {answer.kind!r:.80}")


def _until_flush(packets: Packets) -> Iterator[bytes]:
    """Yield the lines of a section."""
    while (line := packets.read_pkt_line()) is not None:
        if line.startswith(b"ERR "):
            raise WireError("the server reports an error", is_answer=True)
        yield line


def _parse_ref(line: bytes) -> tuple[str, str]:
    """Read `<oid> <name>[ peeled:<oid>]`; a ref without a commit gets no name that anybody asks for."""
    oid, _, rest = line.decode("utf-8", "surrogateescape").rstrip("\n").partition(" ")
    name, *attributes = rest.split(" ")
    if oid == "unborn":
        return "", oid
    peeled = next((word.removeprefix("peeled:") for word in attributes if word.startswith("peeled:")), oid)
    if not _OID.fullmatch(peeled):
        raise WireError(f"not a ref: {line!r:.80}")
    return name, peeled


def _parse_shallow(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        kind, _, oid = line.decode("ascii", "replace").rstrip("\n").partition(" ")
        if kind != "shallow" or not _OID.fullmatch(oid):
            raise WireError(f"not a shallow commit: {line!r:.80}")
        yield oid


def _copy_pack(packets: Iterable[bytes], write: Callable[[bytes], object], most: int) -> None:
    head = b""
    for packet in packets:
        if packet[:1] == b"\x01":
            write(packet[1:])
            if len(head) < _HEAD_LENGTH:
                head += packet[1 : _HEAD_LENGTH + 1]
                if int.from_bytes(head[8:_HEAD_LENGTH], "big") > most:
                    raise TooManyObjectsError
        elif packet[:1] != b"\x02":  # 2 is progress, 3 an error
            raise WireError("the server breaks off the pack with an error")


def _split(capability: str) -> tuple[str, str]:
    name, _, value = capability.partition("=")
    return name, value


def _refuse_to_write(data: bytes) -> int:
    raise AssertionError(f"nothing is written to an answer, and not {data!r:.20}")
