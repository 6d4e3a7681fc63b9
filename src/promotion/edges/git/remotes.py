"""Where repositories are, and which credential may go there."""

from __future__ import annotations

import base64
import re
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.web.web_address import PORTS, display, origin
from promotion.errors import SourceError
from promotion.rendering.sources.credential_reach import Reach

if TYPE_CHECKING:
    from promotion.edges.github.app_tokens import AppTokens

_SHORT_NAME = re.compile(r"(?P<owner>[A-Za-z0-9_][A-Za-z0-9_.-]*)/(?P<name>[A-Za-z0-9_.][A-Za-z0-9_.-]*)")
# git takes `host:path` for ssh if no slash stands before the colon (git: connect.c, url_is_local_not_ssh)
_SCP = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?P<path>[^-:@][^@]*)"
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
# git: refs.c, check_refname_component
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[./-]|[./]$|^@$")


@dataclass(frozen=True, kw_only=True)
class Access:
    """The credentials of a run, from the inputs. Empty texts mean none.

    `token` writes the manifest repository, `source_token`, or else `token`, reads the others; both only
    at `server_url`. An `app` comes before `token`, which is left for repositories without it.
    `manifest_right` is what the App's token may do with the contents of the manifest repository.
    `ssh_known_hosts` is text in the format of OpenSSH's file.
    """

    server_url: str = "https://github.com"
    token: str = field(default="", repr=False)
    source_token: str = field(default="", repr=False)
    app: AppTokens | None = None
    manifest_right: str = "read"
    ssh_key: str = field(default="", repr=False)
    ssh_known_hosts: str = ""

    def is_home(self, remote: Remote) -> bool:
        """Return whether a repository is on the server of this run, to which its tokens may go."""
        return remote.kind == "http" and remote.origin == origin(self.server_url)

    def is_by_app(self, remote: Remote, *, write: bool) -> bool:
        """Return whether it is the App that gives the token."""
        return self.app is not None and (write or not self.source_token) and self.is_home(remote)

    def token_at_home(self, remote: Remote, *, write: bool = False) -> str:
        """Return the token for a repository of the server of this run.

        Args:
            write: whether the manifest repository is meant.

        Raises:
            SourceError: the App's can't be had.
        """
        name = self.short_name(remote)
        if write:
            made = self.app.token_for(name, f"contents: {self.manifest_right}") if self.app and name else ""
            return made or self.token
        if self.source_token:
            return self.source_token
        made = self.app.reader(name) if self.app and name else ""
        return made or self.token

    def short_name(self, remote: Remote) -> str:
        """Return `owner/name`, also of a moved repository; empty for what can't be one of GitHub's."""
        short = remote.url.removeprefix(f"{self.server_url.rstrip('/')}/").removesuffix(".git")
        return short if _SHORT_NAME.fullmatch(short) else ""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """An address that we are willing to give to git.

    `url` holds no credential; `kind` is `http` (for https too), `ssh` or `file`; `name` is for messages;
    `username` and `password` are what the address as written held.
    """

    url: str
    kind: str
    name: str
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what a credential is given for."""
        return origin(self.url)


def parse_remote(address: str, *, server_url: str, allow_local: bool) -> Remote:
    """Return the remote that an address names.

    Args:
        address: `owner/name` (a repository at `server_url`), an http, https or ssh URL, `user@host:path`,
            or, if `allow_local`, a `file://` URL or a path that is absolute or begins with `./` or `../`.

    Raises:
        SourceError: it is none of these. The message holds no credential.
    """
    if not address or address.startswith("-") or re.search(r"[\x00-\x20\x7f\\]", address):
        raise _refused(
            address, "is empty, begins with `-` or holds blanks, backslashes or control characters"
        )
    if match := _SHORT_NAME.fullmatch(address):
        name = f"{match['owner']}/{match['name'].removesuffix('.git')}"
        if match["name"] not in (".", "..", ".git"):
            return Remote(url=f"{server_url.rstrip('/')}/{name}.git", kind="http", name=name)
    if address.startswith(("/", "./", "../", "file://")):
        return _local(address, allow_local)
    scheme, colon, _ = address.partition("://")
    if colon:
        return _from_url(address, scheme.lower(), server_url)
    if "::" not in address and (match := _SCP.fullmatch(address)):
        return Remote(url=address, kind="ssh", name=address)
    raise _refused(address, "is no address of a git repository that we know")


def check_ref(name: str, *, what: str = "branch") -> str:
    """Return the name of a branch or tag, if git can have a ref of that name and no program takes it for an
    option.

    Raises:
        SourceError: it breaks git's rules for ref names (git-check-ref-format).
    """
    if not name or _BAD_REF.search(name):
        raise SourceError(f"{name!r} can't be the name of a {what}", fix="See `git help check-ref-format`.")
    return name


def authorization(
    remote: Remote, access: Access, *, token: str = "", write: bool = False, reach: Reach = Reach.OWN
) -> str:
    """Return the value of the HTTP header that gets us into a repository; empty if there is nothing to send.

    Args:
        token: a token, or `user:password`, for this very repository, which comes before all others.
        write: whether the manifest repository is meant.
        reach: whether any credential of ours may go there.

    Raises:
        SourceError: an App's token can't be had.
    """
    if remote.kind != "http" or reach is Reach.PUBLIC:
        return ""
    if not token and not remote.password and access.is_home(remote):
        token = access.token_at_home(remote, write=write)
    pair = token.strip() or (f"{remote.username}:{remote.password}" if remote.password else "")
    if not pair:
        return ""
    if ":" not in pair:
        pair = f"{remote.username or 'x-access-token'}:{pair}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def is_same_server(old: Remote, new: Remote) -> bool:
    """Return whether a credential for `old` may go to `new`: the same origin, or the same host by https at
    last.
    """
    upgrade = (("http", old.origin[1], 80), ("https", old.origin[1], 443))
    return old.origin == new.origin or (old.origin, new.origin) == upgrade


def is_same_place(old: Remote, new: Remote) -> bool:
    """Return whether a server has sent us to another spelling of the same repository."""
    paths = (urlsplit(remote.url).path.removesuffix(".git") for remote in (old, new))
    return is_same_server(old, new) and len(set(paths)) == 1


def redirected(remote: Remote, url: str) -> Remote:
    """Return the remote that a server sends us to; a credential in the old address stays with the old origin.

    Raises:
        SourceError: the new address isn't http or https, or gives up encryption.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", remote.origin[0]) or parts.scheme not in PORTS or not parts.hostname:
        raise SourceError(f"{remote.name} redirects to {display(url)!r}, where we don't follow")
    new = _from_url(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), parts.scheme, "")
    if new.origin == remote.origin:
        return replace(new, username=remote.username, password=remote.password)
    return new


def _local(address: str, allow_local: bool) -> Remote:
    if not allow_local:
        raise _refused(
            address,
            "is a path on this machine, which only a local definition may name",
            fix="Name the repository by its https or ssh URL.",
        )
    if address.startswith("file://"):
        host, slash, path = address.removeprefix("file://").partition("/")
        if host not in ("", "localhost") or not slash:
            raise _refused(address, "names another machine")
        return Remote(url=f"file:///{path}", kind="file", name=address)
    return Remote(url=str(Path(address).absolute()), kind="file", name=address)


def _from_url(address: str, scheme: str, server_url: str) -> Remote:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _refused(address, "has a host or port that can't be read") from None
    host = parts.netloc.rpartition("@")[2]
    bare = host[: host.rindex(":")] if port is not None else host.removesuffix(":")
    if not _HOST.fullmatch(bare):
        raise _refused(address, "has no host, or one that can't be right")
    if scheme == "ssh":
        return _ssh(parts, host, address)
    if scheme not in PORTS:
        raise _refused(address, f"uses {scheme}, which we don't speak", fix="Use https or ssh.")
    if parts.query or parts.fragment:
        raise _refused(address, "holds `?` or `#`", fix="Give a token by access.yaml, not in the address.")
    url = f"{scheme}://{host.lower()}{parts.path.rstrip('/')}"
    return Remote(
        url=url,
        kind="http",
        name=_name(url, server_url),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _name(url: str, server_url: str) -> str:
    """Return `owner/name` for a repository at the server of this run, else the URL."""
    prefix = f"{server_url.rstrip('/')}/"
    short = url.removeprefix(prefix).removesuffix(".git")
    return short if server_url and url.startswith(prefix) and _SHORT_NAME.fullmatch(short) else url


def _ssh(parts: SplitResult, host: str, address: str) -> Remote:
    if parts.username is not None and not _USER.fullmatch(parts.username):
        raise _refused(address, "has a user name that can't be right")
    if len(parts.path) < 2 or parts.path.startswith("/-"):
        raise _refused(address, "has no path")
    user = f"{parts.username}@" if parts.username else ""
    url = f"ssh://{user}{host}{parts.path}"
    return Remote(url=url, kind="ssh", name=url)


def _refused(address: str, why: str, fix: str = "") -> SourceError:
    # it is malformed, so a credential may stand anywhere before an `@` or after a `?`
    shown = re.sub(r"^([A-Za-z0-9+.-]*://|).*@", r"\1", address).partition("?")[0]
    fix = fix or "Give `owner/name`, an https or ssh URL, or `git@host:path`."
    return SourceError(f"the address {shown!r} {why}", fix=fix)
