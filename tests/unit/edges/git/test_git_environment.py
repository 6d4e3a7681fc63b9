"""The environment that git gets for one call."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from promotion.edges.git import git_environment
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.git.remotes import Access, parse_remote

# As published on the page that the file names, next to the keys themselves.
PUBLISHED = {
    "ssh-ed25519": "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    "ecdsa-sha2-nistp256": "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    "ssh-rsa": "uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
}
CATS = parse_remote("acme/cats", server_url="https://github.com", allow_local=False)


def build(folder: Path, caller: dict[str, str] | None = None, *, allow_local: bool = False) -> dict[str, str]:
    settings = GitEnvironment(Access(), folder, environment=caller or {}, allow_local=allow_local)
    return settings.variables(CATS, "Basic secret")


def entries(variables: dict[str, str]) -> list[tuple[str, str]]:
    numbers = range(int(variables["GIT_CONFIG_COUNT"]))
    return [(variables[f"GIT_CONFIG_KEY_{n}"], variables[f"GIT_CONFIG_VALUE_{n}"]) for n in numbers]


def test_the_host_keys_of_github_have_the_published_fingerprints() -> None:
    text = Path(git_environment.__file__).with_name("github_known_hosts").read_text()
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    assert {hosts for hosts, _, _ in lines} == {"github.com,[ssh.github.com]:443"}
    digests = {kind: hashlib.sha256(base64.b64decode(key)).digest() for _, kind, key in lines}
    assert {kind: base64.b64encode(one).decode().rstrip("=") for kind, one in digests.items()} == PUBLISHED


def test_the_header_is_for_this_very_repository(tmp_path: Path) -> None:
    headers = [(key, value) for key, value in entries(build(tmp_path)) if "xtraheader" in key.lower()]
    assert headers == [("http.https://github.com/acme/cats.git.extraHeader", "Authorization: Basic secret")]


def test_ours_come_after_the_callers(tmp_path: Path) -> None:
    caller = {
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "http.proxy",
        "GIT_CONFIG_VALUE_0": "http://proxy:3128",
        "GIT_CONFIG_KEY_1": "http.extraHeader",
        "GIT_CONFIG_VALUE_1": "X-Gateway: 1",
        "GIT_CONFIG_KEY_2": "http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_2": "AUTHORIZATION: basic theirs",
    }
    found = entries(build(tmp_path, caller))
    assert found[:2] == [("http.proxy", "http://proxy:3128"), ("http.extraHeader", "X-Gateway: 1")]
    assert "basic theirs" not in str(found), "two such headers are an error"
    assert found[-len(git_environment.SETTINGS) :] == list(git_environment.SETTINGS)


@pytest.mark.parametrize(
    ("limits", "allow_local", "allowed"),
    [
        (None, False, "https:http:ssh"),
        (None, True, "https:http:ssh:file"),
        ("file", True, "file"),
        ("file:ext:https", False, "https"),
        ("", True, ""),
    ],
)
def test_the_caller_can_only_narrow_the_protocols(
    tmp_path: Path, limits: str | None, allow_local: bool, allowed: str
) -> None:
    caller = {} if limits is None else {"GIT_ALLOW_PROTOCOL": limits}
    assert build(tmp_path, caller, allow_local=allow_local)["GIT_ALLOW_PROTOCOL"] == allowed


def test_a_companys_certificates(tmp_path: Path) -> None:
    assert "GIT_SSL_CAINFO" not in build(tmp_path)
    assert build(tmp_path, {"SSL_CERT_FILE": "/ca.pem"})["GIT_SSL_CAINFO"] == "/ca.pem"
    assert (
        build(tmp_path, {"SSL_CERT_FILE": "/ca.pem", "GIT_SSL_CAINFO": "/git.pem"})["GIT_SSL_CAINFO"]
        == "/git.pem"
    )


def test_nothing_secret_is_written(tmp_path: Path) -> None:
    build(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "gitconfig": "[safe]\n\tdirectory = *\n",
        "gitconfig-plain": "[safe]\n\tdirectory = *\n",
    }
