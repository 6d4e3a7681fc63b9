"""How this machine reaches others: its proxies and its certificate authorities, found once for all who ask.

Programs and libraries read different variables, and the same ones in different ways. Git's libcurl reads
`http_proxy` in lower case only (libcurl-env(3)), Go both, capitals first (golang.org/x/net/http/httpproxy).
Git reads `GIT_SSL_CAINFO`, Go `SSL_CERT_FILE` and `SSL_CERT_DIR` (crypto/x509, root_unix.go), requests
`REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` (Session.merge_environment_settings). Here, what is set by any of
these names counts for all of them, and the programs that we start get it by every name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from promotion.edges.cancellation import Cancellation
from promotion.edges.scratch import open_scratch
from promotion.edges.web.web_address import is_excepted, split_exceptions
from promotion.errors import UsageError

FILES = ("GIT_SSL_CAINFO", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FOLDERS = ("SSL_CERT_DIR", "GIT_SSL_CAPATH")  # each may be several, as of PATH
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
VARIABLES = (*FILES, "SSL_CERT_DIR", *_PROXIES, *(name.upper() for name in _PROXIES))
_CERTIFICATE = re.compile(rb"-----BEGIN (TRUSTED |)CERTIFICATE-----.*?-----END \1CERTIFICATE-----", re.DOTALL)


def find_proxy(url: str, environment: Mapping[str, str]) -> str:
    """Find the proxy for an address; empty for none. Names in lower case come before those in capitals."""
    scheme = urlsplit(url).scheme
    proxy = _read(environment, f"{scheme}_proxy") or _read(environment, "all_proxy")
    return "" if not proxy or is_excepted(url, _read(environment, "no_proxy")) else proxy


def find_proxies(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Find the proxy for an address, as requests takes it."""
    proxy = find_proxy(url, environment)
    return {urlsplit(url).scheme: proxy} if proxy else {}


def find_authorities(environment: Mapping[str, str]) -> str:
    """Find the file of the certificate authorities that are trusted; empty for the usual ones.

    Of folders `open_network` has made one.
    """
    return next((path for name in FILES if (path := environment.get(name))), "")


def find_passwords(environment: Mapping[str, str]) -> Iterator[str]:
    """Find the passwords of all proxies, as written and as meant."""
    for name in (*_PROXIES, *(name.upper() for name in _PROXIES)):
        user = environment.get(name, "").rpartition("@")[0].rpartition("/")[2]
        if password := user.partition(":")[2]:
            yield from dict.fromkeys((password, unquote(password)))


def settle(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with each setting by all of its names."""
    settled = dict(environment)
    values = {name: _read(environment, name) for name in _PROXIES}
    values["no_proxy"] = ",".join(split_exceptions(values["no_proxy"]))  # Go takes no blanks between entries
    for name in ("http_proxy", "https_proxy"):  # Go knows no other
        values[name] = values[name] or values["all_proxy"]
    for name, value in values.items():
        for spelling in (name, name.upper()) if value else ():
            settled[spelling] = value
    if file := find_authorities(environment):
        settled |= dict.fromkeys(FILES, file)
    return settled


def settle_for(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make a program of libcurl's reach an address as we would: our reading of
    `NO_PROXY` knows networks and ports, which not each version of it does.
    """
    if not any(_read(environment, name) for name in _PROXIES[:3]):
        return {}
    proxy, scheme = find_proxy(url, environment), urlsplit(url).scheme
    excepted = dict.fromkeys(("no_proxy", "NO_PROXY"), "" if proxy else "*")
    return {**excepted, **({f"{scheme}_proxy": proxy, f"{scheme}_proxy".upper(): proxy} if proxy else {})}


@contextmanager
def open_network(environment: Mapping[str, str], cancellation: Cancellation) -> Iterator[dict[str, str]]:
    """Give the environment with everything settled. Several files or folders of authorities become one file,
    which is removed at the end: what each of them names is trusted.

    Raises:
        UsageError: a file isn't there, or holds no certificate.
    """
    files = {path: name for name in reversed(FILES) if (path := environment.get(name))}
    folders = [path for name in _FOLDERS for path in environment.get(name, "").split(":") if path]
    named = [(Path(path), _read_named(Path(path), name)) for path, name in reversed(files.items())]
    parts = [part for _, found in named for part in found]
    parts += [part for folder in folders for part in _read_folder(Path(folder))]
    with ExitStack() as stack:
        if parts and (len(named) != 1 or named[0][0].is_dir() or folders):
            bundle = stack.enter_context(open_scratch(cancellation)) / "authorities.pem"
            bundle.write_bytes(b"\n".join([*dict.fromkeys(parts), b""]))
            environment = {**environment, **dict.fromkeys(FILES, str(bundle))}
        yield settle({name: text for name, text in environment.items() if name not in _FOLDERS})


def _read(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper(), "")


def _read_named(path: Path, name: str) -> list[bytes]:
    """Return the certificates of a file, or of a folder's files, that a variable names."""
    try:
        parts = _read_folder(path) if path.is_dir() else _find_certificates(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{name} names the certificates in {path}, which can't be read: {error.strerror}",
            fix="Name a file that is there; for a container, one that is in it.",
        ) from error
    if not parts:
        raise UsageError(f"{name} names {path}, which holds no certificate", fix="Name a file in PEM format.")
    return parts


def _read_folder(folder: Path) -> list[bytes]:
    """Return the certificates of a folder's files, as Go takes them; what can't be read has none."""
    parts: list[bytes] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(OSError):
            parts += _find_certificates(path.read_bytes())
    return parts


def _find_certificates(data: bytes) -> list[bytes]:
    return [match[0] for match in _CERTIFICATE.finditer(data)]
