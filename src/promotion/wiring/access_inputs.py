"""The credentials among a command's inputs."""

from __future__ import annotations

from promotion.common.settings import Settings
from promotion.edges.git.remotes import Access
from promotion.wiring.runtime import Runtime, open_app, read_server_url, read_token


def read_access(settings: Settings, runtime: Runtime, *, may_write: bool = False) -> Access:
    """Return the credentials among the inputs, hidden from now on.

    Args:
        may_write: whether a GitHub App's token for the manifest repository may write.

    Raises:
        UsageError: the inputs for a GitHub App are malformed.
    """
    token = read_token(settings, runtime)
    secrets = {name: settings.text(name) for name in ("source-token", "ssh-key") if settings.has(name)}
    runtime.hide(token, *secrets.values())
    return Access(
        server_url=read_server_url(runtime.environment),
        token=token,
        source_token=secrets.get("source-token", ""),
        app=open_app(settings, runtime),
        manifest_right="write" if may_write else "read",
        ssh_key=secrets.get("ssh-key", ""),
        ssh_known_hosts=settings.text("ssh-known-hosts") if settings.has("ssh-known-hosts") else "",
    )
