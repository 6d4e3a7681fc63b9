"""How errors name inputs: all inputs of all commands, as a workflow and as a terminal has them."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from promotion.cli import main as cli
from promotion.cli.catalog import COMMANDS
from promotion.common.phrases import name_input
from promotion.common.settings import Input
from support.repositories import Repository

TOOLS = Path(__file__).parents[2] / ".cache/bin"
# What an input refuses, whatever else is given; and what each command beside it needs to look at it.
REFUSED = {
    "hld-path": "/absolute",
    "app-id": "1",
    "app-private-key": "no key",
    "helm": "./no-helm",
    "kube-version": "latest",
    "kubernetes-version": "latest",
    "environment": "nowhere",
    "manifest-repository": "not a repository",
    "manifest-branch": "refs/tags/v1",
    "manifest-path": "../outside",
    "environments": "a=b=c",
    "hld-repository": "not a repository",
    "commit-message": "{nope}",
    "commit-author": "nobody",
    "allowed-secrets": "no-namespace",
    "to": "yesterday",
    "after": "soon",
    "event-type": "x" * 101,
    "action": "no-version",
    "hld": "not a repository",
    "manifests": "not a repository",
    "fab": "http://x.invalid/fab#sha256=1",
    "auto-merge": "true",
    "part-timeout": "soon",
}
# Any text may be meant by these: only who looks for it, in git or on GitHub, can say that it isn't there.
FREE = {
    *("hld-ref", "configs", "token", "source-token", "status-token", "ssh-key", "ssh-known-hosts"),
    *("api-versions", "component", "lift", "application", "clusters-file", "from", "repository"),
    *("rules", "rules-file", "rules-ref"),
}
FREE_IN = {
    *((name, "environment") for name in ("explain", "ownership", "rollback")),
    *(("promote", "to"), ("compare", "helm")),
}
BESIDE = {"fab": {"engine": "fab"}}

CASES = [
    pytest.param(name, entry, id=f"{name}-{entry.name}")
    for name, command in COMMANDS.items()
    for entry in command.inputs
    if entry.name not in FREE and (name, entry.name) not in FREE_IN
]


@pytest.fixture
def words(tmp_path: Path) -> dict[str, list[str]]:
    """What each command is started with: enough, so that only the input in question is wrong."""
    hld, manifests = Repository(tmp_path / "hld.git", branch="dev"), Repository(tmp_path / "manifests.git")
    chart = {"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n", "templates/a.yaml": "kind: X\n"}
    files = {f"chart/{path}": text for path, text in chart.items()}
    files[".github/promotion-ownership.yml"] = '"*": any\n'
    hld.commit({"component.yaml": "name: shop\ntype: helm\npath: chart\n", **files})
    there = ["--environment=dev", f"--manifest-repository={manifests.folder}"]
    definition = f"--hld-repository={hld.folder}"
    return {
        "render": [str(hld.folder), str(tmp_path / "out")],
        "compare": [str(hld.folder)],
        "explain": ["shop", *there],
        "status": there[1:],
        "ownership": ["check", there[0], definition],
        "materialize": [*there, definition],
        "guard": [],
        "preview": ["--head=dev", there[0], definition],
        "promote": ["--repository=acme/shop", "--to=stage"],
        "notify": ["--environment=dev", "--hld-repository=acme/hld"],
        "init": [
            *("hld", str(tmp_path), "--action=acme/gitops-promotion@v1"),
            *("--hld-repository=acme/hld", "--manifest-repository=acme/manifests"),
        ],
        "rollback": [*there, "--to=2h"],
        "matrix": ["--environment=dev", definition],
        "doctor": [f"--hld={hld.folder}", f"--manifests={manifests.folder}"],
    }


def run(name: str, entry: Input, value: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command with the value of an input as its runner, or a shell, hands it over."""
    for variable in entry.variables:
        monkeypatch.setenv(variable, value)
    return cli.main([name, *(word for word in words if not word.startswith(f"--{entry.name}="))])


@pytest.mark.siege
@pytest.mark.parametrize("in_actions", [False, True], ids=["terminal", "action"])
@pytest.mark.parametrize(("name", "entry"), CASES)
def test_an_input_is_named_as_it_was_given(
    name: str,
    entry: Input,
    in_actions: bool,
    words: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in [one for one in os.environ if one.startswith(("GITHUB_", "INPUT_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{TOOLS}:{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    if in_actions:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for other, value in BESIDE.get(entry.name, {}).items():
        if any(one.name == other for one in COMMANDS[name].inputs):
            monkeypatch.setenv(f"INPUT_{other.upper()}", value)
    value = "ture" if entry.kind in ("boolean", "choice") else REFUSED[entry.name]
    assert run(name, entry, value, words[name], monkeypatch) > 0
    said = "".join(capsys.readouterr())
    phrase = name_input(entry.name)
    is_action = in_actions and COMMANDS[name].action is not None
    assert (str(phrase) if is_action else phrase.terminal) in said
    assert (phrase.terminal if is_action else f"input {entry.name}") not in said
    assert "defect" not in said


def test_every_input_is_looked_at() -> None:
    known = {entry.name for command in COMMANDS.values() for entry in command.inputs}
    plain = {
        entry.name
        for entry in itertools.chain.from_iterable(command.inputs for command in COMMANDS.values())
        if entry.kind not in ("boolean", "choice")
    }
    assert plain == (REFUSED.keys() | FREE) & plain
    assert known >= REFUSED.keys() | FREE


@pytest.mark.parametrize("name", ["guard", "promote", "notify"])
@pytest.mark.parametrize("in_actions", [False, True], ids=["terminal", "action"])
def test_a_token_that_is_missing_is_named(
    name: str,
    in_actions: bool,
    words: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in [one for one in os.environ if one.startswith(("GITHUB_", "INPUT_"))]:
        monkeypatch.delenv(variable)
    if in_actions:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    assert cli.main([name, *words[name]]) == 2
    said = "".join(capsys.readouterr()).lower()
    assert f"there is no token. Set {'input token' if in_actions else 'GITHUB_TOKEN'}".lower() in said
