"""A stand-in for the fab program, for machines where no fab can be had.

It does what fab v1.0.0-alpha.1 does, as the Fabrikate semantics describe it: the commands and exit codes
(section 1), what install fetches and where it puts it (5), the files that generate writes (7), hooks (8), and
the bugs that a user sees: empty files, Helm's error stream in manifests, twins of which one is lost. To read
definitions it uses our own code. `write_standin` makes the executable.

A file `behaviour` beside the executable makes it misbehave, a word on each line: `panic`, `hang`, `fail`,
`lose PATH`, `rename PATH NEW`, `warn`, `helm-warning`. What it was asked is in `calls.jsonl` there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import yaml

from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.errors import PromotionError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.tree_visit import Visited
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.manifests.manifest_file import inject_namespace
from promotion.rendering.model import Folder, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource

ROOT = Path("/")


class FabError(Exception):
    """fab ends with exit code 1."""


def write_standin(folder: Path, *behaviour: str, seen_at: str = "", python: str = "") -> Path:
    """Write the executable, all that it needs beside it, into a folder; gives its path.

    Args:
        seen_at: the folder as the program will see it, if that is another, as in a container.
        python: a Python there that has our package; without one the program is forked (`fab_server`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = seen_at or str(folder)
    program = folder / "fab"
    if python:
        script = f'FAB_STANDIN="{here}" exec "{python}" "{here}/{Path(__file__).name}" "$@"'
    else:
        from support import fab_server

        (folder / "client.py").write_text(fab_server.CLIENT, "utf-8")
        words = f'"{sys.executable}" -I -S "{here}/client.py" "{fab_server.start_server()}"'
        script = f'FAB_STANDIN="{here}" exec {words} "$@"'
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    shutil.copy(__file__, folder)
    (folder / "behaviour").write_text("".join(f"{line}\n" for line in behaviour), "utf-8")
    return program


def read_calls(folder: Path) -> list[dict[str, object]]:
    """What was asked of the stand-in, and of git by it: `argv`, `cwd` and `env` of each."""
    file = folder / "calls.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


class Fab:
    """One run of the program."""

    def __init__(self, home: Path, environments: Sequence[str]) -> None:
        self._home, self._environments = home, tuple(environments)
        lines = (home / "behaviour").read_text("utf-8").splitlines()
        self.behaviour = [line.split() for line in lines if line.strip()]
        self._access: dict[str, str] = {}
        self._cloned: dict[str, Path] = {}
        self._snapshots: dict[Source, Snapshot] = {LocalSource(): FolderSnapshot(ROOT, Path(gettempdir()))}
        self._root = Folder(LocalSource(), Path.cwd().as_posix().lstrip("/"))

    def is_told(self, word: str) -> bool:
        return any(line[0] == word for line in self.behaviour)

    def note(self, argv: Sequence[str]) -> None:
        call = {"argv": list(argv), "cwd": str(Path.cwd()), "env": dict(os.environ)}
        with (self._home / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(call) + "\n")

    def install(self) -> None:
        for name in ("git", "helm", "sh", "curl"):
            if not shutil.which(name):
                raise FabError(f'exec: "{name}": executable file not found in $PATH')
        self._descend((), self._install)

    def generate(self) -> None:
        manifests: list[tuple[str, bytes]] = []

        def make(item: Visited) -> None:
            hooks = item.component.definition.hooks
            self._run_hooks(item, hooks.before_generate)
            manifest = self._generate(item)
            self._run_hooks(item, hooks.after_generate)
            if not item.replaced:
                manifests.append((item.component.manifest_path, manifest))

        self._descend(self._environments, make)
        folder = Path("generated") / ("-".join(self._environments) or "common")
        shutil.rmtree(folder, ignore_errors=True)
        for path, manifest in manifests:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(manifest)
        for line in self.behaviour:
            if line[0] == "lose":
                (folder / line[1]).unlink()
            elif line[0] == "rename":
                (folder / line[1]).rename(folder / line[2])

    def _descend(self, layers: Sequence[str], work: Callable[[Visited], None]) -> None:
        done: set[tuple[str, ...]] = set()
        while True:
            tree = walk_tree(self._root, Reader(self._snapshots), layers, ran=done)
            front = [item for item in tree.visited if item.key not in done]
            if not front:
                return
            for item in front:
                work(item)
                done.add(item.key)
                for need in item.needs:
                    if isinstance(need.source, GitSource):
                        folder = ROOT / need.source.copy
                        self._snapshots[need.source] = FolderSnapshot(folder, Path(gettempdir()))

    def _install(self, item: Visited) -> None:
        component, definition = item.component, item.component.definition
        folder = ROOT / component.folder.path_in_copy()
        for source, variable in Reader(self._snapshots).access(component.folder).items():
            token = os.environ.get(variable, "")
            if not token:
                log("warning", f"Access token environment variable {variable} is not set")
            self._access.setdefault(source, token or variable)
        self._run_hooks(item, definition.hooks.before_install)
        for entry in definition.subcomponents:
            if entry.type == "component" and entry.method == "git":
                target = folder / "components" / entry.name
                self._clone(GitSource(url=entry.source, branch=entry.branch, version=entry.version), target)
        if item.replaced:
            own = GitSource(url=definition.source, branch=definition.branch, version=definition.version)
            self._clone(own, folder / "components" / component.name)
        match item.content:
            case ChartSource():
                self._pull(item.content, folder / "helm_repos" / component.name)
            case WebSource():
                self._download(item.content.url, folder / "components" / component.name, component.name)
            case Folder(source=GitSource() as source) if definition.method == "git":
                if definition.type == "helm":
                    target = folder / "helm_repos" / component.name
                    self._clone(source, target)
                    run(["helm", "dependency", "update", str(target / definition.path)])
        self._run_hooks(item, definition.hooks.after_install)

    def _run_hooks(self, item: Visited, commands: Sequence[str]) -> None:
        for command in filter(None, commands):
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=ROOT / item.component.folder.path_in_copy(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise FabError(
                    f"error running hook: exit status {done.returncode}: {done.stdout}{done.stderr}"
                )

    def _clone(self, source: GitSource, target: Path) -> None:
        key = f"{source.url}@{source.branch or 'master'}:{source.version or 'head'}"
        if key not in self._cloned:
            temporary = Path(gettempdir(), str(uuid.uuid4()))
            url, token = source.url, self._access.get(source.url, "")
            if token and (match := re.fullmatch(r"(https?)://([^@]+@)?(.+)", url)):
                url = f"{match[1]}://{token}@{match[3]}"
            options = [] if source.version else ["--depth", "1"]
            options += ["--branch", source.branch] if source.branch else []
            self._git(["clone", url, *options, str(temporary)])
            if source.version:
                self._git(["-C", str(temporary), "checkout", source.version])
            self._cloned[key] = temporary
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self._cloned[key], target, symlinks=True)

    def _git(self, words: Sequence[str]) -> None:
        self.note(["git", *words])
        run(["git", *words], GIT_TERMINAL_PROMPT="0")

    def _pull(self, source: ChartSource, target: Path) -> None:
        temporary = Path(gettempdir(), str(uuid.uuid4()))
        words = ["--version", source.version, "--untar", "--untardir", str(temporary)]
        run(["helm", "pull", source.chart, *words, "--repo", source.repository])
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        (temporary / source.chart).rename(target)

    def _download(self, url: str, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(url) as response:  # noqa: S310
                body = response.read()
        except urllib.error.HTTPError as error:  # its page becomes the manifest
            body = error.read()
        (folder / f"{name}.yaml").write_bytes(body)

    def _generate(self, item: Visited) -> bytes:
        component, definition = item.component, item.component.definition
        folder = ROOT / component.folder.path_in_copy()
        if definition.type == "static":
            is_web = isinstance(item.content, WebSource)
            return read_static(folder / "components" / component.name if is_web else folder / definition.path)
        if definition.type != "helm":
            return b""
        if definition.method in ("git", "helm"):
            chart = (
                folder
                / "helm_repos"
                / component.name
                / (definition.path if definition.method == "git" else "")
            )
        else:
            chart = folder / definition.path
        text = self._template(item, chart)
        if component.inject_namespace and component.namespace:
            text = inject_namespace(text, component.namespace)
        return text.encode()

    def _template(self, item: Visited, chart: Path) -> str:
        component = item.component
        values = Path(gettempdir(), f"{uuid.uuid4()}.yaml")
        values.write_text(write_values(component.values), "utf-8")
        words = ["--values", str(values), "--namespace", component.namespace or "default"]
        printed = run(["helm", "template", component.name, str(chart), *words])
        values.unlink()
        if self.is_told("helm-warning"):
            printed = f"WARNING: This chart is deprecated\n{printed}"
        kept = []
        for piece in printed.split("\n---"):
            try:
                document = next(iter(yaml.compose_all(piece, yaml.SafeLoader)), None)
            except yaml.YAMLError:
                document = None
            if isinstance(document, yaml.MappingNode) and document.value:
                kept.append(f"---\n{piece}\n")
            elif document is None and piece.strip():
                log("warning", "Failed to unmarshal a document of the manifest")
        return "".join(kept)


def read_static(folder: Path) -> bytes:
    """Every entry of a folder, pasted."""
    try:
        files = sorted(folder.iterdir(), key=lambda file: os.fsencode(file.name))
        return b"".join(b"---\n" + file.read_bytes() + b"\n" for file in files)
    except OSError as error:
        raise FabError(f"read {error.filename}: {error.strerror}") from error


def write_values(values: Mapping[str, Any]) -> str:
    """Values as text that Helm reads as they are meant."""
    text = json.dumps(values, ensure_ascii=False)
    return re.sub(r"(?<=[:\[,] )(-?)Infinity(?=[,\]}])", r"\1.inf", text).replace(": NaN", ": .nan")


def run(argv: Sequence[str], **variables: str) -> str:
    """Both streams of a program as one, as Go's CombinedOutput gives them."""
    done = subprocess.run(
        argv,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    if done.returncode:
        raise FabError(f"{argv[0]} {argv[1]}: exit status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def log(level: str, text: str) -> None:
    stream = sys.stderr if level == "error" else sys.stdout
    message = text.replace('"', '\\"').replace("\n", "\\n")
    print(f'time="2020-11-04T12:00:00Z" level={level} msg="{message}"', file=stream, flush=True)


def main(argv: Sequence[str]) -> int:
    command, words = (argv[0], argv[1:]) if argv else ("", [])
    fab = Fab(Path(os.environ["FAB_STANDIN"]), words if command == "generate" else ())
    fab.note(["fab", *argv])
    if fab.is_told("hang"):
        time.sleep(600)
    if fab.is_told("panic"):
        print("panic: interface conversion: {} is string\n\ngoroutine 1 [running]:", file=sys.stderr)
        return 2
    if fab.is_told("warn"):
        log("warning", "something to look at")
    try:
        work(fab, command, words)
    except (FabError, PromotionError) as error:
        print(f"Error: {error}\nUsage:\n  fab {command} [flags]\n", file=sys.stderr)
        log("error", str(error))
        return 1
    log("info", f"fab {command} is done")
    return 0


def work(fab: Fab, command: str, words: Sequence[str]) -> None:
    if fab.is_told("fail"):
        raise FabError("nothing works today")
    if command == "install" and len(words) <= 1:
        os.chdir(words[0] if words else ".")
        fab.install()
    elif command == "generate":
        fab.generate()
    else:
        raise FabError(f"unknown command {command!r} for {words}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
