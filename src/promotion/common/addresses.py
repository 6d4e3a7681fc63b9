"""Tell the addresses of repositories and servers from paths, and show them without credentials."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCP = re.compile(r"[\w.-]+@[\w.-]+:(?!//)")  # git@github.com:owner/name
_SCP_HOST = re.compile(r"^[\w.-]+@([\w.-]+):/?")
_USER_INFO = re.compile(r"(?<=://)[^/?#]*@")
_SSH_USER = re.compile(r"(?<=://)([^/?#@:]*):[^/?#]*@")
_QUERY = re.compile(r"^[^#\s]+")
_GIT = re.compile(r"(?:https?|ssh|git\+ssh)://|[^/]+@[^/]+:", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.-]{1,100}")
_URL_PATH = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*([^?#]*)", re.IGNORECASE)


def is_address(source: str) -> bool:
    """Return whether a component's `source` names a server: a URL, or git's `user@host:path`."""
    return "://" in source or bool(_SCP.match(source))


def is_local(repository: str) -> bool:
    """Return whether a repository is on this machine. If the HLD is, its sources may be, too."""
    return repository.startswith(("/", "./", "../", "file://"))


def without_credentials(address: str) -> str:
    """Return the address as it may be shown: no user, no password and no query, which may hold a signature.

    Ssh keeps its user, which is no secret.
    """
    head, question, tail = address.partition("?")
    if question and "://" in head:
        address = f"{head}?{_QUERY.sub('…', tail)}"
    if address.lower().startswith(("ssh://", "git+ssh://")):
        return _SSH_USER.sub(r"\1@", address)
    return _USER_INFO.sub("", address)


def path_of(url: str) -> str:
    """Return a URL's path, without its query and fragment."""
    match = _URL_PATH.match(url)
    return match[1] if match else url


def is_repository(address: str, name: str) -> bool:
    """Return whether an address is that of a repository, given as `owner/name`."""
    return bool(name) and path_of(address).strip("/").removesuffix(".git").casefold() == name.casefold()


def identify(address: str) -> str:
    """Return host and path, which are equal for all addresses of one repository."""
    plain = without_credentials(address).casefold().rstrip("/").removesuffix(".git")
    if "://" not in plain:
        return _SCP_HOST.sub(r"\1/", plain)
    scheme, _, rest = plain.partition("://")
    host, _, path = rest.rpartition("@")[2].partition("/") if scheme.endswith("ssh") else rest.partition("/")
    return f"{host.partition(':')[0] if scheme.endswith('ssh') else host}/{path}"


def name_on(server_url: str, address: str) -> str:
    """Return the `owner/name` of a repository on the run's own server; empty for one elsewhere."""
    if is_name(address):
        return address.removesuffix(".git")
    plain = without_credentials(address).rstrip("/").removesuffix(".git")
    name = "/".join(re.split(r"[/:]", plain)[-2:])
    is_here = _GIT.match(address) and identify(address) == identify(f"{server_url}/{name}")
    return name if is_here and is_name(name) else ""


def is_name(text: str) -> bool:
    """Return whether a text is `owner/name` with characters that GitHub allows."""
    return bool(_NAME.fullmatch(text)) and text.rpartition("/")[2] not in (".", "..")


def is_api_of(url: str, server_url: str) -> bool:
    """Return whether the API is that of the server, so that the server's token may go there."""
    api, server = urlsplit(url), urlsplit(server_url)
    return api.scheme in ("https", server.scheme) and api.hostname in (
        server.hostname,
        f"api.{server.hostname}",
    )
