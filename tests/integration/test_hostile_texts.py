"""Texts of repositories, of Helm and of git servers end up in logs, summaries and commits as texts only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from support.estate import Estate, Finished
from support.estate_copies import copy_server, create_estate

pytestmark = [pytest.mark.siege, pytest.mark.samples]

# Each has done harm somewhere. No shell, browser, terminal, runner or GitHub may act on any of them.
TEXTS = [
    "::add-mask::gotcha",
    "::stop-commands::gotcha",
    "::set-output name=changed::gotcha",
    "  ::error::gotcha",
    "\u2003::error::gotcha",
    "##[error]gotcha",
    "##vso[task.setvariable]gotcha",
    "x\n::add-mask::gotcha",
    "x\r::add-mask::gotcha",
    "x\r\n::add-mask::gotcha",
    "x\u2028::add-mask::gotcha",
    "x\x85::add-mask::gotcha",
    "x\x0b::add-mask::gotcha",
    "%0A::add-mask::gotcha",
    "\x1b[2J\x1b[31mgotcha",
    "\x1b]8;;https://evil.example\x07gotcha\x1b]8;;\x07",
    "\x9b31mgotcha",
    "\u202egnp.exe",
    "\u2066gotcha\u2069",
    "\x00gotcha",
    "<script>gotcha()</script>",
    "<img src=x onerror=gotcha()>",
    "<!-- gotcha",
    "</details><h1>gotcha</h1>",
    "![x](https://evil.example/gotcha)",
    "[x](javascript:gotcha())",
    "[x]: https://evil.example/gotcha",
    "<https://evil.example/gotcha>",
    "https://evil.example/gotcha",
    "www.evil.example/gotcha",
    "@acme/gotcha",
    "gotcha@evil.example",
    "fixes #1",
    "closes GH-2",
    "resolves acme/cat-application#3",
    "| gotcha | gotcha |",
    "gotcha\n---\ngotcha",
    "# gotcha",
    "- [ ] gotcha",
    "```\ngotcha",
    "~~~ gotcha",
    "`gotcha",
    "$`gotcha`$ $$gotcha$$",
    "[skip ci]",
    "[actions skip]",
    "skip-checks: true",
    "x\n\nSigned-off-by: gotcha <gotcha@evil.example>",
    "x\n\nSource-Commit: gotcha",
    "EOF\nchanged=gotcha",
    "ghadelimiter_gotcha",
    "$(touch gotcha) `touch gotcha`; touch gotcha",
    "${{ github.token }}",
    "{summary} {{ gotcha }} {gotcha}",
    'x"] --> gotcha; click n1 "https://evil.example"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "a" * 900,
]
# Names of components become names of files, so fewer signs are allowed there.
NAMES = [
    "fixes #1 @acme gotcha",
    "[skip ci] gotcha",
    "##[error]gotcha",
    "%0A%3A%3Aadd-mask%3A%3Agotcha",
    "![x](y) gotcha",
    "`gotcha`",
    "$(touch gotcha)",
    "--gotcha",
    "GH-1 www.evil.example gotcha",
    "&lt;script&gt;gotcha",
    "- [ ] gotcha",
    "{summary} {{gotcha}}",
]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Estate(server, tmp_path / "steps")


def write_hostile_manifests(estate: Estate) -> None:
    """An application whose names, images, labels and data are all hostile."""
    rows = []
    for number, text in enumerate(TEXTS):
        shown = json.dumps(text)
        rows.append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"a{number}", "namespace": text}}
        )
        rows.append({"apiVersion": "v1", "kind": text, "metadata": {"name": text}, "data": {text: shown}})
        image = {"name": text, "image": f"{text}:{text}"}
        spec = {"template": {"spec": {"containers": [image]}}}
        rows.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": text}, "spec": spec})
    manifests = "---\n".join(json.dumps(row) + "\n" for row in rows)
    entries = [{"name": name, "type": "static", "path": "./manifests"} for name in NAMES]
    component = {"name": "dog-application", "subcomponents": entries}
    estate.repository("dog-application").commit(
        {"hld/component.yaml": json.dumps(component), "hld/manifests/a.yaml": manifests}
    )


LINES = re.compile(r"::(?:group|notice|warning|error|debug)(?: [^:]*)?::.*|::endgroup::|::add-mask::\S+")


def check_log(done: Finished, estate: Estate) -> None:
    """No line of the log is a command that isn't ours, and none steers a terminal."""
    for line in done.log.split("\n"):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line), (
            ascii(line)
        )
        if not line.lstrip().startswith("::"):
            assert "##[" not in line, line
        else:
            assert LINES.fullmatch(line), line
            assert not re.match(r"::(add-mask|error|set-output|stop-commands)[^:]*::gotcha", line), line


def check_markdown(text: str, estate: Estate) -> None:
    """It renders to what we write, and the texts in it to themselves."""
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = set(re.findall(r"</?([a-z0-9]+)", re.sub(r"<code.*?</code>", "", page, flags=re.DOTALL)))
    assert tags <= {
        *("h2", "h3", "p", "ul", "li", "a", "br", "details", "summary", "pre", "blockquote", "hr"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }, tags
    assert set(re.findall(r'<a href="([^"]*)"', page)) <= set(
        re.findall(rf"{estate.server.url}[^)\s]*", text)
    )
    prose = unescape(re.sub(r"<code.*?</code>", "", page, flags=re.DOTALL))
    assert not re.search(r"(?<!\w)@\w|#\d|GH-\d|www\.", prose), prose


def check_message(text: str) -> None:
    assert not re.search(r"(?<!\w)@\w|#\d|GH-\d|\[skip|\[actions", text), text
    assert not re.search(r"^(?:Signed-off-by|skip-checks)", text, re.MULTILINE | re.IGNORECASE), text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text), ascii(text)


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_names_in_manifests_and_of_components(estate: Estate, dry_run: str) -> None:
    write_hostile_manifests(estate)
    step = estate.push_event(dry_run=dry_run, commit_message="{summary}\n\n{components}\n\n{changes}")
    done = estate.run(step, RUNNER_DEBUG="1", ACTIONS_STEP_DEBUG="true")
    assert done.code == 0, done.log
    check_log(done, estate)
    check_markdown(step.summary, estate)
    assert step.outputs["changed"] == "true"
    assert "gotcha" not in step.outputs
    report = json.loads((step.workspace / step.outputs["result"]).read_text("utf-8"))
    assert report["environment"] == "dev"
    assert not list(estate.folder.rglob("gotcha"))
    if dry_run == "false":
        check_message(estate.manifests.git("log", "-1", "--format=%B", "dev"))
        json.loads(estate.manifests.read("promotion.lock"))
        names = [path for path in estate.manifests.files() if path.startswith("dog-application/")]
        assert sorted(names) == sorted(f"dog-application/{name}.yaml" for name in NAMES)


def test_what_helm_says(estate: Estate) -> None:
    """Its errors, and its warnings of values that don't fit, with keys of the chart and the config."""
    keys = {f"{text}{number}": {"a": 1} for number, text in enumerate(TEXTS)}
    flat = dict.fromkeys(keys, 1)
    application = estate.repository("cat-application")
    application.commit(
        {"hld/chart/values.yaml": json.dumps(flat), "hld/config/common.yaml": json.dumps({"config": keys})}
    )
    application.commit(
        {"hld/chart/templates/service.yaml": "a: 1", "hld/chart/templates/deployment.yaml": "b: 1"}
    )
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log
    assert "gotcha" in done.log, "Helm warns of them"
    check_log(done, estate)
    check_markdown(done.step.summary, estate)

    words = json.dumps("\n".join(TEXTS))
    application.commit({"hld/chart/templates/deployment.yaml": f"{{{{ fail {words} }}}}"})
    done = estate.run(estate.push_event())
    assert done.code == 1
    assert len(done.errors) == 1
    check_log(done, estate)
    check_markdown(done.step.summary, estate)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_errors_that_name_what_is_wrong(estate: Estate, number: int) -> None:
    """A component's name, type, source, branch and path, and a key of its file."""
    text = TEXTS[number]
    if text.startswith("aaa"):
        text = "a" * 300
    field = ("name", "type", "source", "branch", "path", "method")[number % 6]
    entry = {
        "name": "sub",
        "type": "helm",
        "method": "git",
        "source": f"{estate.server.url}/acme/cloud-native.git",
    }
    component = {"name": "dog-application", text: 1, "subcomponents": [{**entry, "path": "hld", field: text}]}
    estate.repository("dog-application").commit({"hld/component.yaml": json.dumps(component)})
    done = estate.run(estate.push_event())
    assert done.code in (0, 1), done.log
    assert len(done.errors) == done.code
    check_log(done, estate)
    check_markdown(done.step.summary, estate)


def test_what_a_git_server_says(estate: Estate) -> None:
    hook = estate.manifests.folder / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    words = "\n".join(text for text in TEXTS if "\0" not in text)
    (hook.parent / "words").write_text(words)
    hook.write_text(f"#!/bin/sh\ncat '{hook.parent}/words' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = estate.run(estate.push_event())
    assert done.code == 1
    assert len(done.errors) == 1
    check_log(done, estate)
    check_markdown(done.step.summary, estate)
