"""The environment that git runs in: settings, credentials and the files that ssh needs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from promotion.common.phrases import say
from promotion.edges.git.remotes import Access, Remote
from promotion.edges.web.network import find_authorities, settle_for
from promotion.errors import AccessError, UsageError

_GITHUB_HOSTS = Path(__file__).with_name("github_known_hosts")

# Read after the caller's own settings, so that they win.
SETTINGS = (
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),  # a header would follow the redirect
    ("http.lowSpeedLimit", "1000"),  # bytes per second ...
    ("http.lowSpeedTime", "60"),  # ... for so many seconds are a hang
    ("credential.helper", ""),  # empties the list: no helper sees or gives a credential
    ("core.askPass", ""),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.unpackLimit", "1"),  # a pack stays a pack: one file instead of hundreds
    # A pack of kilobytes may unpack to gigabytes. Files longer than this pass through in pieces; what must be
    # whole, one at a time, ends at `_MOST_MEMORY`.
    ("core.bigFileThreshold", "32m"),
    ("pack.threads", "1"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("push.recurseSubmodules", "no"),
    # transfer.fsckObjects stays off: it refuses old repositories for flaws that any clone accepts. Git never
    # checks anything out for us; the object reader and the export refuse hostile names themselves.
)
_MOST_MEMORY = "384m"  # of one piece that git asks for
SSH_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "ForwardAgent=no",
    "ConnectTimeout=30",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
)


class GitEnvironment:
    """Builds the environment of each call.

    From the caller come `GIT_CONFIG_COUNT` and its entries (proxies, `insteadOf`), `GIT_CONFIG_GLOBAL`,
    `GIT_CONFIG_NOSYSTEM`, the limits in `GIT_ALLOW_PROTOCOL`, proxies and certificate authorities
    (`promotion.edges.web.network`); nothing else of git's.
    The machine's own file (/etc/gitconfig) is read, because a git for Windows or macOS keeps its
    certificates there; the user's is not, unless `GIT_CONFIG_GLOBAL` names it, because HOME is replaced.

    Args:
        access: the credentials of the run.
        scratch: a folder of ours for the ssh files and git's global settings.
        environment: the caller's environment.
        allow_local: whether repositories may be paths on this machine.

    Raises:
        UsageError: the caller's `GIT_CONFIG_COUNT` is malformed.
    """

    def __init__(
        self, access: Access, scratch: Path, *, environment: Mapping[str, str], allow_local: bool
    ) -> None:
        self._access = access
        self._scratch = scratch
        self.environment = environment
        self._lock = Lock()
        self._ssh_command = ""
        self._inherited = _inherited_entries(environment)
        allowed = ["https", "http", "ssh", *(["file"] if allow_local else [])]
        limits = environment.get("GIT_ALLOW_PROTOCOL")
        if limits is not None:
            allowed = [protocol for protocol in allowed if protocol in limits.split(":")]
        self._allowed = frozenset(allowed)
        self._plain_global = scratch / "gitconfig-plain"
        self._fixed = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(allowed),
            "GIT_CONFIG_GLOBAL": str(self._write_global(environment.get("GIT_CONFIG_GLOBAL", ""))),
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_ALLOC_LIMIT": _MOST_MEMORY,
        }
        if authorities := find_authorities(environment):
            self._fixed |= {"GIT_SSL_CAINFO": authorities, "GIT_PROXY_SSL_CAINFO": authorities}
        if "GIT_CONFIG_NOSYSTEM" in environment:
            self._fixed["GIT_CONFIG_NOSYSTEM"] = environment["GIT_CONFIG_NOSYSTEM"]

    def allows(self, scheme: str) -> bool:
        """Return whether git may use a protocol."""
        return scheme in self._allowed

    def callers_variables(self) -> dict[str, str]:
        """Return what shows git the settings that come from elsewhere, without ours."""
        return self._fixed | _number(self._inherited)

    def own_variables(self) -> dict[str, str]:
        """Return what a git gets that talks to nobody."""
        return self._fixed | _number(SETTINGS)

    def variables(
        self,
        remote: Remote,
        authorization: str,
        addresses: Sequence[str] = (),
        *,
        is_direct: bool = False,
        inherited: Sequence[tuple[str, str]] | None = None,
    ) -> dict[str, str]:
        """Return what a git that talks to `remote` gets; `authorization` is the value of its HTTP header, if
        any.

        Args:
            addresses: where the remote's host is; git looks it up itself if there are none.
            is_direct: whether no proxy may be asked.
            inherited: all settings that come from elsewhere, for a git that may use no credential; None for
                the caller's and the machine's.

        Raises:
            AccessError: the remote is reached by ssh and there is no key, or none may be used.
            UsageError: the key isn't one.
        """
        entries = list(self._inherited if inherited is None else inherited)
        if authorization:
            # two such headers are an error at GitHub; ours is for this very repository
            entries = [entry for entry in entries if not _is_authorization(*entry)]
            entries.append((f"http.{remote.url}.extraHeader", f"Authorization: {authorization}"))
        if addresses:
            _, host, port = remote.origin
            entries.append(("http.curloptResolve", f"{host}:{port}:{','.join(addresses)}"))  # git 2.37 on
        if is_direct:  # the setting for a whole URL comes before all others, and before the environment
            entries.append((f"http.{remote.url}.proxy", ""))
        variables = self._fixed | _number([*entries, *SETTINGS])
        if inherited is not None:
            variables |= {"GIT_CONFIG_GLOBAL": str(self._plain_global), "GIT_CONFIG_NOSYSTEM": "1"}
        if remote.kind == "http":
            variables |= settle_for(remote.url, self.environment)
        if remote.kind == "ssh" and inherited is not None:
            raise AccessError(
                f"{remote.name} is reached by ssh, which takes a key",
                fix="Name the repository by its https address.",
            )
        if remote.kind == "ssh":
            variables |= {"GIT_SSH_COMMAND": self._prepare_ssh(remote), "GIT_SSH_VARIANT": "ssh"}
        return variables

    def variables_for_all(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return what a program gets whose git talks to many repositories.

        Args:
            headers: the value of the `Authorization` header for all below a URL. The longest URL counts.

        Raises:
            UsageError: the ssh key isn't one.
        """
        entries = [entry for entry in self._inherited if not (headers and _is_authorization(*entry))]
        for url in sorted(headers, key=len):
            entries.append((f"http.{url}.extraHeader", ""))  # forgets the header of a shorter URL
            entries.append((f"http.{url}.extraHeader", f"Authorization: {headers[url]}"))
        variables = self._fixed | _number([*entries, *SETTINGS])
        if self._access.ssh_key.strip():
            some = Remote(url="", kind="ssh", name="a source")
            variables |= {"GIT_SSH_COMMAND": self._prepare_ssh(some), "GIT_SSH_VARIANT": "ssh"}
        return variables

    def variables_for_mirrors(self, mirrors: Mapping[str, Path]) -> dict[str, str]:
        """Return what a program gets whose git finds repositories on this machine, by address, and reaches no
        other.

        It gets no credentials.
        """
        entries = [(f"url.file://{folder}.insteadOf", address) for address, folder in mirrors.items()]
        return self._fixed | {"GIT_ALLOW_PROTOCOL": "file"} | _number([*entries, *SETTINGS])

    def close(self) -> None:
        """Remove the ssh key."""
        (self._scratch / "ssh" / "key").unlink(missing_ok=True)

    def _write_global(self, included: str) -> Path:
        """Return git's global settings: all that reaches the git at the other end of a local repository."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        path = self._scratch / "gitconfig"
        text = "[safe]\n\tdirectory = *\n"  # a repository of another user is fine: we run nothing of it
        self._plain_global.write_text(text, encoding="utf-8")
        if included and included != os.devnull:
            escaped = str(Path(included).absolute()).replace("\\", "\\\\").replace('"', '\\"')
            text = f'[include]\n\tpath = "{escaped}"\n{text}'
        path.write_text(text, encoding="utf-8")
        return path

    def _prepare_ssh(self, remote: Remote) -> str:
        key = self._access.ssh_key.replace("\r\n", "\n").strip()
        if not key:
            raise AccessError(
                f"{remote.name} is reached by ssh, and there is no key",
                fix=say("Give a deploy key as {ssh-key}, or use the repository's https address."),
            )
        if not key.startswith("-----BEGIN "):
            raise UsageError(say("{ssh-key} is not a private key"), fix="It begins with `-----BEGIN`.")
        with self._lock:
            if not self._ssh_command:
                self._ssh_command = self._write_ssh(key)
        return self._ssh_command

    def _write_ssh(self, key: str) -> str:
        folder = self._scratch / "ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{key}\n")
        hosts = self._access.ssh_known_hosts.replace("\r\n", "\n").strip()
        known = _GITHUB_HOSTS.read_text(encoding="utf-8") + f"{hosts}\n"
        (folder / "known_hosts").write_text(known, encoding="utf-8")
        # ssh splits an option's value at blanks and expands `%` itself
        shown = str(folder).replace("%", "%%")
        words = [
            "ssh",
            "-F",
            os.devnull,
            "-i",
            f"{shown}/key",
            "-o",
            f'UserKnownHostsFile="{shown}/known_hosts"',
        ]
        return shlex.join([*words, *(word for option in SSH_OPTIONS for word in ("-o", option))])


def _number(entries: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return settings as git reads them from its environment."""
    variables = {"GIT_CONFIG_COUNT": str(len(entries))}
    for number, (key, value) in enumerate(entries):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _inherited_entries(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    count = environment.get("GIT_CONFIG_COUNT", "") or "0"
    try:
        numbers = range(int(count))
        return [(environment[f"GIT_CONFIG_KEY_{n}"], environment[f"GIT_CONFIG_VALUE_{n}"]) for n in numbers]
    except (KeyError, ValueError):
        raise UsageError(
            f"GIT_CONFIG_COUNT is {count!r}, and its entries don't match",
            fix="Set GIT_CONFIG_KEY_<n> and GIT_CONFIG_VALUE_<n> for each n below it.",
        ) from None


def _is_authorization(key: str, value: str) -> bool:
    name = key.lower()
    return (
        name.startswith("http.")
        and name.endswith(".extraheader")
        and value.lower().startswith("authorization:")
    )
