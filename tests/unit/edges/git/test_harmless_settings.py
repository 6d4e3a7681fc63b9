"""Which of the machine's settings a git inherits that may use no credential."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from promotion.edges.git.harmless_settings import list_harmless


def read(file: Path, text: str) -> dict[str, str]:
    """What is left of a file as git itself reads it."""
    file.write_text(text)
    words = ["git", "config", "--file", str(file), "--list", "-z"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    return dict(list_harmless(done.stdout))


def test_how_to_reach_a_server_is_inherited(tmp_path: Path) -> None:
    text = '[http]\nproxy = http://p\nsslCAInfo = /ca\n[http "https://a.b/c"]\nsslVerify = true\n'
    assert read(tmp_path / "config", text) == {
        "http.proxy": "http://p",
        "http.sslcainfo": "/ca",
        "http.https://a.b/c.sslverify": "true",
    }


@pytest.mark.parametrize("base", ["https://mirror.example/", "http://m:81/github", "file:///git/", "/git/"])
def test_a_mirror_that_anybody_may_read_is_inherited(tmp_path: Path, base: str) -> None:
    text = f'[url "{base}"]\ninsteadOf = https://github.com/\n'
    assert read(tmp_path / "config", text) == {f"url.{base}.insteadof": "https://github.com/"}


@pytest.mark.parametrize(
    "text",
    [
        '[url "https://x-access-token:t@github.com/"]\ninsteadOf = https://github.com/\n',
        '[url "git@github.com:"]\ninsteadOf = https://github.com/\n',
        '[url "ssh://github.com/"]\ninsteadOf = https://github.com/\n',
        '[url "github.com:"]\ninsteadOf = https://github.com/\n',
        '[url "https://me@mirror.example/"]\ninsteadOf = https://github.com/\n',
        '[url "ext::sh -c x /"]\ninsteadOf = https://github.com/\n',
        '[url "https://mirror.example/"]\npushInsteadOf = https://github.com/\n',
        "[http]\nextraHeader = Authorization: Basic eA==\n",
        '[http "https://github.com/"]\nextraHeader = Authorization: Basic eA==\n',
        '[http "https://proxy.example/"]\nextraHeader = a\ncookieFile = /c\n',
        "[http]\ncookieFile = /c\nsslCert = /c\nsslKey = /k\nemptyAuth = true\ndelegation = always\n",
        "[credential]\nhelper = store\n",
        '[credential "https://github.com"]\nhelper = !gh auth git-credential\n',
        "[core]\nsshCommand = ssh -i /key\naskPass = /ask\ngitProxy = /p\n",
        "[include]\npath = /other\n",
        '[remote "origin"]\nurl = https://t@github.com/x\nproxy = http://p\n',
        "[http]\nproxy\n",
    ],
)
def test_what_may_bring_a_credential_is_not(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "config", text) == {}
