"""What fab prints and writes: Helm's messages inside manifests, fab's warnings, its words when it fails.

fab reads Helm's two streams as one, so a message of Helm that happens to be YAML stays in the manifest
(fab: generators/helm.go:185; bug 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import yaml

from promotion.common.phrases import say
from promotion.common.text import plain
from promotion.common.yaml.composer import compose_all
from promotion.common.yaml.yaml_nodes import get
from promotion.errors import DefinitionError, Location, RenderError

# fab writes each document after a line of three dashes (fab: generators/helm.go:95-118, static.go:44-50).
_MARKER = re.compile(r"^---", re.MULTILINE)
# How a line of Helm's, or of a library in it, begins: `WARNING: ...`, `level=WARN msg=...` (Helm 4),
# `coalesce.go:175: warning: ...`, `2020/11/04 12:00:00 ...`, `W1104 12:00:00.123456 ...`.
_MESSAGE = re.compile(
    r"""["']?(?:WARNING(?=[:\s])|level=[A-Za-z]+ msg=|time=|[\w-]+\.go:\d+"""
    r"""|\d{4}/\d\d/\d\d \d\d:|[IWEF]\d{4} \d\d:)"""
)
# What each of these has in it: a text without it needs no look at its lines.
_HINT = re.compile(r"WARNING[:\s]|level=|time=|\.go:\d|\d{4}/\d\d/\d\d \d\d:|[IWEF]\d{4} \d\d:")
# How logrus writes, for a file and for a terminal.
_WARNING = re.compile(
    r"""level=warn(?:ing)?\b.*?\bmsg=(?P<text>"(?:[^"\\]|\\.)*"|\S+)|^WARN(?:ING)?\[[^\]\n]*\]\s*(?P<shown>.*)""",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"\w+")
_PANIC = re.compile(r"^(?:panic|fatal error): .*", re.MULTILINE)
_ERROR = re.compile(r"^Error: (?P<text>.*?)(?=^Usage:|\Z)", re.MULTILINE | re.DOTALL)
_GO_PANIC = 2  # the exit code
# What fab 0.17, which runs Helm 2, says of a newer Helm, whose commands and flags are others
# (https://helm.sh/docs/v3/faq/changes_since_helm2), and of a Helm 2 whose own repository is gone.
_OLD_HELM = (
    (
        re.compile(
            r"""unknown command ["']?init|unknown (?:shorthand )?flag: (?:--name\b|'n'|--client-only)"""
            r"""|unknown command ["']?(?:fetch|home)"""
        ),
        say(
            "This fab is 0.17 or older, and needs Helm 2, which has `helm init`; the helm that it found is "
            "newer. Put the folder of helm 2.17 first on PATH, or compare with fab 1.0."
        ),
    ),
    (
        re.compile(r"kubernetes-charts(?:-incubator)?\.storage\.googleapis\.com"),
        say(
            "That repository is https://charts.helm.sh/stable now (or /incubator). In the definition, write "
            "that; if it is Helm 2's own, take helm 2.17, which asks the new one."
        ),
    ),
)
_SHOWN = 20  # lines of what fab said


@dataclass(frozen=True)
class Cleaned:
    """A manifest without Helm's messages, and these, one line each."""

    manifest: bytes
    messages: tuple[str, ...] = ()


def clean_manifest(manifest: bytes) -> Cleaned:
    """Take Helm's messages out of the manifest of a chart; anything else stays as fab wrote it.

    A message is a document of its own that is no Kubernetes object, or a line at the left margin of one.
    """
    text = manifest.decode("utf-8", "surrogateescape")
    if not _HINT.search(text):
        return Cleaned(manifest)
    kept, messages = [], []
    for document in split(text):
        if is_message(document):
            messages.append(" ".join(document.removeprefix("---").split()))
            continue
        lines = document.splitlines(keepends=True)
        said = [line for line in lines if _MESSAGE.match(line)]
        messages += [line.strip() for line in said]
        kept.append("".join(line for line in lines if not _MESSAGE.match(line)) if said else document)
    return Cleaned(
        "".join(kept).encode("utf-8", "surrogateescape") if messages else manifest, tuple(messages)
    )


def split(text: str) -> Iterator[str]:
    """Yield the documents of a text, each with the line before it that begins it."""
    starts = [match.start() for match in _MARKER.finditer(text)]
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        if text[start:end]:
            yield text[start:end]


def is_message(document: str) -> bool:
    """Return whether a document is nothing but what Helm had to say."""
    if not any(_MESSAGE.match(line) for line in document.splitlines()):
        return False
    try:
        nodes = compose_all(document, Location("manifest"))
    except (DefinitionError, UnicodeEncodeError):
        return False
    return not any(get(node, "apiVersion") or get(node, "kind") for node in nodes) and all(
        isinstance(node, yaml.MappingNode) and all(_MESSAGE.match(f"{key.value}: ") for key, _ in node.value)
        for node in nodes
    )


def check_manifest(manifest: bytes, path: str, component: str) -> None:
    """Refuse what isn't Kubernetes YAML: fab pastes every file of a static folder, READMEs too (bug 18).

    Raises:
        RenderError: a document isn't YAML, or isn't a map.
    """
    fix = say("Look at the component's files: fab pastes all of them. Or use {engine: native}.")
    try:
        text = manifest.decode("utf-8")
        if "\\u" in text:
            text = "".join(map(_without_json, split(text)))
        nodes = compose_all(text, Location(f"fab's {path}"))
    except UnicodeDecodeError:
        raise RenderError(f"fab's {path} isn't UTF-8", component=component, fix=fix) from None
    except DefinitionError as error:
        raise RenderError(error.what, where=error.where, component=component, fix=fix) from None
    for node in nodes:
        if not isinstance(node, yaml.MappingNode) and node.value not in ("", "~", "null"):
            raise RenderError(
                "a document of a Kubernetes manifest must be a map",
                where=Location(f"fab's {path}", node.start_mark.line + 1),
                component=component,
                fix=fix,
            )


def _without_json(document: str) -> str:
    """Return a document, or empty lines for one in JSON: its escapes in pairs, for an emoji, are no YAML."""
    if "\\u" not in document:
        return document
    try:
        is_map = isinstance(json.loads(document.removeprefix("---")), dict)
    except (ValueError, RecursionError):
        return document
    return "---" + "\n" * document.count("\n") if is_map else document


def find_warnings(log: str, withheld: Collection[str] = ()) -> list[str]:
    """Return the warnings in what fab printed, one line each; it logs to its standard output.

    Args:
        withheld: variables that fab doesn't get, so that it warns of each; that means nothing.
    """
    found = (match["shown"] or match["text"] or "" for match in _WARNING.finditer(plain(log)))
    texts = [text.strip().strip('"').replace('\\"', '"') for text in found]
    return [text for text in texts if text and not set(_WORD.findall(text)) & set(withheld)]


def explain_failure(
    command: str, code: int, stdout: str, stderr: str, show: Callable[[str], str] = str
) -> RenderError:
    """Return the error for a fab that failed, in its own words.

    Args:
        command: as `fab install`.
        code: 1 for an error; 2 for a panic of Go; negative for a signal that ended it.
        stdout, stderr: what it printed.
        show: hides secrets in what is told of that.
    """
    printed = plain(f"{stderr}\n{stdout}")
    if panic := _PANIC.search(printed):
        return RenderError(
            f"{command} crashed: {show(panic[0].strip())}", fix=say("Run it again, or use {engine: native}.")
        )
    if code == _GO_PANIC:
        return RenderError(
            f"{command} crashed: {_end(show(printed))}", fix=say("Run it again, or use {engine: native}.")
        )
    if code < 0:
        return RenderError(f"{command} was ended by signal {-code}: {_end(show(printed))}")
    found = _ERROR.search(printed)
    words = found["text"] if found and found["text"].strip() else printed
    if fix := next((fix for sign, fix in _OLD_HELM if sign.search(printed)), ""):
        return RenderError(f"{command} failed: {_end(words)}", fix=fix)
    return RenderError(
        f"{command} failed: {_end(show(words))}",
        fix="Correct the definition; `promotion render` tells where.",
    )


def _end(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()][-_SHOWN:]
    return "\n".join(lines) or "it said nothing"
