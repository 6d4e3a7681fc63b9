"""Where credentials turn up while git runs: in the environment of that one process, and nowhere else."""

from __future__ import annotations

import base64
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotion.common.redaction import forms
from promotion.edges.git.remotes import Access
from promotion.errors import AccessError, PromotionError, SourceError, UsageError
from promotion.rendering.sources.git_source import GitSource
from support.gits import open_git
from support.gitserver import GitServer
from support.repositories import Repository

WRITER, READER, SOURCE = "ghs_writer_0123456789", "ghs_reader_0123456789", "for/one=source+0123456789"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IGEga2V5\n-----END OPENSSH PRIVATE KEY-----"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "server") as running:
        running.allow(WRITER, "acme/manifests", "write")
        running.allow(READER, "acme/cats", "read")
        running.allow(SOURCE, "acme/dogs", "read")
        for name in ("cats", "dogs", "manifests"):
            running.create(f"acme/{name}", private=True).commit({"file": name}, branch="dev")
        yield running


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A folder with a `git` and an `ssh` that write down their words and environment, then do their work."""
    folder = tmp_path / "spies"
    folder.mkdir()
    script = '#!/bin/sh\n{{ printf "%s\\n" "$0" "$@"; }} >> {log}.argv\nenv >> {log}.env\nexec {real} "$@"\n'
    git = shutil.which("git")
    assert git
    # a remote git would be started by the ssh program with a command in one word
    for name, real in (("git", git), ("ssh", "sh -c 'for last; do :; done; eval \"$last\"' --")):
        path = folder / name
        path.write_text(script.format(log=folder / "log", real=real))
        path.chmod(0o755)
    return folder


def path_with(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def shapes(*secrets: str) -> set[str]:
    """The secrets in all forms that they take on the way."""
    users = {f"{user}:{secret}" for secret in secrets for user in ("x-access-token", "me")}
    encoded = {base64.b64encode(text.encode()).decode() for text in users}
    return {form for secret in secrets for form in forms(secret)} | encoded


def test_tokens_reach_git_by_its_environment_only(tmp_path: Path, server: GitServer, log: Path) -> None:
    access = Access(server_url=server.url, token=WRITER, source_token=READER)
    host = server.url.removeprefix("http://")
    seen: list[str] = []
    with open_git(tmp_path / "scratch", access=access, environment=path_with(log), warn=seen.append) as git:
        git.fetch(GitSource(url="acme/cats", branch="dev")).export("")
        git.fetch(GitSource(url="acme/cats", branch="dev", version=server_tip(server)[:9]))
        git.fetch(GitSource(url=f"http://me:{SOURCE.replace('/', '%2F')}@{host}/acme/dogs.git", branch="dev"))
        git.fetch(GitSource(url=f"{server.url}/acme/dogs.git", branch="dev"), token=SOURCE)
        branch = git.open_branch("acme/manifests", "dev")
        git.push(branch, branch.write({"x": b"1"}, message="m", author="A", email="a@b", timestamp=0))
        for source, token in (
            (GitSource(url="acme/dogs", branch="dev"), ""),
            (GitSource(url="acme/cats", branch="none"), ""),
            (GitSource(url=f"http://me:{SOURCE}@{host}/acme/none.git"), ""),
            (GitSource(url=f"{server.url}/acme/none.git"), SOURCE),
        ):
            with pytest.raises(SourceError) as caught:
                git.fetch(source, token=token)
            seen += [
                str(caught.value),
                repr(caught.value),
                str(caught.value.__dict__),
                str(caught.value.__cause__),
            ]
        everywhere = {
            str(path): path.read_bytes() for path in (tmp_path / "scratch").rglob("*") if path.is_file()
        }
    everywhere |= {"argv": (log / "log.argv").read_bytes(), "messages": "\n".join(seen).encode()}
    for shape in shapes(WRITER, READER, SOURCE):
        assert [name for name, data in everywhere.items() if shape.encode() in data] == []
    environment = (log / "log.env").read_text()
    assert all(shapes(secret) & set(environment.split()) for secret in (WRITER, READER, SOURCE)), (
        "the spy is blind"
    )
    assert b"--force-with-lease" in everywhere["argv"]


def server_tip(server: GitServer) -> str:
    return Repository(server.root / "acme/cats.git").tip("dev")


def test_git_gets_nothing_else_of_the_callers_environment(
    tmp_path: Path, server: GitServer, log: Path
) -> None:
    hostile = {
        "GIT_SSH_COMMAND": "evil",
        "GIT_ASKPASS": "evil",
        "SSH_ASKPASS": "evil",
        "SSH_AUTH_SOCK": "/evil",
        "GIT_DIR": "/evil",
        "GIT_WORK_TREE": "/evil",
        "GIT_EXEC_PATH": "/evil",
        "GIT_PROXY_COMMAND": "evil",
        "GIT_EXTERNAL_DIFF": "evil",
        "GIT_TRACE_CURL": "/evil",
        "GIT_CONFIG_PARAMETERS": "'core.sshCommand=evil'",
        "GITHUB_TOKEN": "evil",
        "INPUT_TOKEN": "evil",
        "HOME": "/evil",
    }
    access = Access(server_url=server.url, source_token=READER)
    with open_git(tmp_path / "s", access=access, environment={**hostile, **path_with(log)}) as git:
        git.fetch(GitSource(url="acme/cats", branch="dev"))
    assert "evil" not in (log / "log.env").read_text()
    assert f"HOME={tmp_path / 's'}" in (log / "log.env").read_text().splitlines()


def test_the_callers_settings_come_before_ours(tmp_path: Path, server: GitServer, log: Path) -> None:
    helper = tmp_path / "asked"
    environment = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": f"!touch {helper}; echo",
        "GIT_CONFIG_KEY_1": "http.followRedirects",
        "GIT_CONFIG_VALUE_1": "true",
    }
    access = Access(server_url=server.url, token="ghs_unknown_0123456789")
    with (
        open_git(tmp_path / "s", access=access, environment={**environment, **path_with(log)}) as git,
        pytest.raises(AccessError),
    ):
        git.fetch(GitSource(url="acme/cats", branch="dev"))
    assert not helper.exists(), "no credential helper is asked"
    lines = (log / "log.env").read_text()
    assert lines.rindex("=http.followRedirects") > lines.index("GIT_CONFIG_KEY_1=http.followRedirects")


@pytest.mark.parametrize("count", ["x", "1", "-1.5"])
def test_malformed_settings_of_the_caller_are_named(tmp_path: Path, count: str) -> None:
    with (
        pytest.raises(UsageError, match="GIT_CONFIG_COUNT"),
        open_git(tmp_path / "s", environment={"GIT_CONFIG_COUNT": count}),
    ):
        pass


def test_a_global_file_that_the_caller_names_is_read(tmp_path: Path, server: GitServer) -> None:
    named = tmp_path / "named config"
    named.write_text(f'[url "{server.url}/acme/"]\n\tinsteadOf = https://pets.example/\n')
    with (
        open_git(tmp_path / "s", environment={"GIT_CONFIG_GLOBAL": str(named)}) as git,
        pytest.raises(AccessError, match=r"https://pets\.example/cats"),
    ):
        git.fetch(GitSource(url="https://pets.example/cats"))
    assert {request.path for request in server.requests} == {"/acme/cats/info/refs"}


def test_ssh_runs_with_our_key_and_known_hosts_only(tmp_path: Path, log: Path) -> None:
    """The spy of ssh runs the remote command here, so git's side of the conversation is real."""
    source = Repository(tmp_path / "srv" / "cats.git")
    source.commit({"file": "by ssh"})
    access = Access(ssh_key=KEY.replace("\n", "\r\n"), ssh_known_hosts="git.example ssh-ed25519 AAAA")
    scratch = tmp_path / "scratch folder %h"
    with open_git(scratch, access=access, environment=path_with(log)) as git:
        files = git.fetch(GitSource(url=f"ssh://git@git.example:2222{source.folder}"))
        assert files.read("file") == b"by ssh"
        assert git.fetch(GitSource(url=f"git@git.example:{source.folder}")).read("file") == b"by ssh"
        key, hosts = scratch / "git/ssh/key", scratch / "git/ssh/known_hosts"
        assert key.read_text() == f"{KEY}\n"
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700
        assert "git.example ssh-ed25519 AAAA" in hosts.read_text().splitlines()
    assert not key.exists(), "the key is removed at the end"
    words = (log / "log.argv").read_text().splitlines()
    escaped = str(scratch).replace("%", "%%")
    for word in (
        "/dev/null",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f"{escaped}/git/ssh/key",
        f'UserKnownHostsFile="{escaped}/git/ssh/known_hosts"',
        "git@git.example",
    ):
        assert word in words
    assert not any("bm90IGEga2V5" in word for word in (*words, (log / "log.env").read_text()))


@pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh program: OpenSSH reads our options in no test")
def test_openssh_understands_our_options(tmp_path: Path, log: Path) -> None:
    (log / "ssh").unlink()
    real = shutil.which("ssh")
    (log / "ssh").write_text(f'#!/bin/sh\n{real} -G "$@" > {log}/options 2>&1\nexit 1\n')
    (log / "ssh").chmod(0o755)
    scratch = tmp_path / "scratch folder"
    with (
        open_git(scratch, access=Access(ssh_key=KEY), environment=path_with(log)) as git,
        pytest.raises(SourceError),
    ):
        git.fetch(GitSource(url="git@github.com:acme/cats.git"))
    options = (log / "options").read_text().splitlines()
    assert f"identityfile {scratch}/git/ssh/key" in options
    assert any(
        line.startswith("userknownhostsfile") and f"{scratch}/git/ssh/known_hosts" in line for line in options
    )
    assert {"batchmode yes", "stricthostkeychecking true", "identitiesonly yes", "user git"} <= set(options)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [("", AccessError, "there is no key"), ("ssh-ed25519 AAAA", UsageError, "not a private key")],
)
def test_ssh_without_a_key(tmp_path: Path, key: str, error: type[PromotionError], message: str) -> None:
    with open_git(tmp_path / "s", access=Access(ssh_key=key)) as git, pytest.raises(error, match=message):
        git.fetch(GitSource(url="git@github.com:acme/cats.git"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("Host key verification failed.", "ssh key of the host is not known"),
        ("git@github.com: Permission denied (publickey).", "refuses the ssh key"),
        ("ERROR: Repository not found.", "is not there"),
    ],
)
def test_what_ssh_says_becomes_a_clear_error(tmp_path: Path, log: Path, words: str, message: str) -> None:
    (log / "ssh").write_text(f"#!/bin/sh\necho {shlex.quote(words)} >&2\nexit 255\n")
    with (
        open_git(tmp_path / "s", access=Access(ssh_key=KEY), environment=path_with(log)) as git,
        pytest.raises(AccessError, match=message),
    ):
        git.fetch(GitSource(url="git@github.com:acme/cats.git"))
