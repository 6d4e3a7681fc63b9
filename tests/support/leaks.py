"""The real program, run with a credential of each kind, and everything that it prints or leaves behind."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support import registry
from support.canaries import Canary, find
from support.estate import Estate
from support.github_apps import as_pem, make_key
from support.gitserver import GitServer
from support.repositories import Repository
from support.runner import Step
from support.tools import helm_program
from support.watch import Watch
from support.webserver import WebServer

TOKEN = Canary("token", "ghs_LEAKtoken0aB1cD2eF3gH4iJ5kL6mN7oP8qR9")
SOURCE_TOKEN = Canary("source-token", "ghs_LEAKsource9zY8xW7vU6tS5rQ4pO3nM2lK1")
SSH_KEY = Canary(
    "ssh-key",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nLEAKkeyLineOne0123456789abcdef+/w\n"
    "LEAKkeyLineTwo9876543210fedcba/+Q\n-----END OPENSSH PRIVATE KEY-----",
)
GIT = Canary("a git source's variable", "LEAKgit/va+ri=able&0aB1cD2eF3gH4iJ5")
CHART = Canary("a chart repository's variable", "reader:LEAKchart0aB1/cD2+eF3gH4iJ5kL6")
REGISTRY = Canary("a registry's variable", "puller:LEAKregistry0aB1cD2eF3gH4iJ5kL6")
WEB = Canary("a manifest's variable", "LEAKweb-0aB1cD2eF3gH4iJ5kL6mN7oP8qR9")
ADDRESS = Canary("an input's address", "LEAKaddress0aB1cD2eF3gH4iJ5kL6mN7oP8")
INLINE = Canary("a component's address", "LEAKinline0aB1cD2eF3gH4iJ5kL6mN7oP8q")
APP_KEY = Canary("app-private-key", as_pem(make_key()).strip())
APP_TOKENS = tuple(
    Canary(f"the App's token {number}", f"ghs_LEAKapp{number}tO5kE4n0aB1cD2eF3gH4iJ5kL6mN")
    for number in range(8)
)
ALL = (TOKEN, SOURCE_TOKEN, SSH_KEY, GIT, CHART, REGISTRY, WEB, ADDRESS, INLINE)
INPUTS = (TOKEN, SOURCE_TOKEN, SSH_KEY)

# Writes down its words, then does its work; the ssh runs the command of the other side here.
_SPY = '#!/bin/sh\n{{ printf "%s\\n" "$0" "$@"; }} >> "{log}"\nexec {real} "$@"\n'
_LOCAL_SSH = "/bin/sh -c 'for last; do :; done; eval \"$last\"' --"
_MASK = b"::add-mask::"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


@dataclass(frozen=True)
class Seen:
    """A run that has ended: its exit code, what it printed, and all places where something of it may be."""

    code: int
    stdout: bytes
    stderr: bytes
    places: Mapping[str, bytes] = field(repr=False)
    step: Step | None = None

    @property
    def log(self) -> str:
        return (self.stdout + self.stderr).decode("utf-8", "replace")

    @property
    def masks(self) -> list[str]:
        """What the runner was told to hide, as it reads it."""
        lines = self.stdout.decode().splitlines()
        shown = (line.removeprefix("::add-mask::") for line in lines if line.startswith("::add-mask::"))
        return [text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") for text in shown]

    def leaks(self, canaries: Sequence[Canary] = ALL) -> list[str]:
        return find(canaries, self.places)


class LeakWorld:
    """An estate whose sources want a credential of each kind.

    Args:
        folder: an empty folder.
        site: serves a chart repository and a manifest.
        charts: a registry that wants `REGISTRY`.
    """

    def __init__(self, folder: Path, server: GitServer, site: WebServer, charts: registry.Registry) -> None:
        self.folder, self.server, self.site, self.charts = folder, server, site, charts
        self.estate = Estate(server, folder / "steps", token=TOKEN.value)
        self.traces = folder / "traces"
        self.spies = self._write_spies()
        self.runs = 0
        self.variables = {
            "GIT_TOKEN_OF_PETS": GIT.value,
            "CHART_TOKEN_OF_PETS": CHART.value,
            "REGISTRY_TOKEN_OF_PETS": REGISTRY.value,
            "WEB_TOKEN_OF_PETS": WEB.value,
        }
        self._write_sources()
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))  # what it starts may write core files

    def _write_spies(self) -> Path:
        spies = self.folder / "spies"
        spies.mkdir()
        for name in ("git", "ssh", "sh", "helm"):
            real = {"ssh": _LOCAL_SSH, "helm": str(helm_program())}.get(name) or shutil.which(name)
            if real:
                (spies / name).write_text(_SPY.format(log=self.folder / "argv.log", real=real), "utf-8")
                (spies / name).chmod(0o755)
        return spies

    def _write_sources(self) -> None:
        static = {"component.yaml": "name: {0}\ntype: static\npath: m\n", "m/a.yaml": CONFIG_MAP}
        self.private: dict[str, Repository] = {}
        for name, token in (("by-variable", GIT.value), ("by-address", INLINE.value), ("by-ssh", "")):
            made = self.private[name] = self.server.create(f"acme/{name}", branch="dev", private=True)
            made.commit({path: text.format(name) for path, text in static.items()})
            if token:
                self.server.allow(token, f"acme/{name}", "read")
        for name in ("cluster-hld", "cat-application", "dog-application", "cloud-native"):
            self.server.allow(SOURCE_TOKEN.value, f"acme/{name}", "read")
            self.server.allow(TOKEN.value, f"acme/{name}", "none")
        self.server.allow(ADDRESS.value, "acme/cluster-hld", "read")
        self.site.answer("/manifest.yaml", CONFIG_MAP.format("by-web").encode())
        host, files = self.server.url.removeprefix("http://"), self.site.url
        self.access = {
            f"{self.server.url}/acme/by-variable.git": "GIT_TOKEN_OF_PETS",
            f"{files}/charts": "CHART_TOKEN_OF_PETS",
            f"oci://{self.charts.host}/charts": "REGISTRY_TOKEN_OF_PETS",
            f"{files}/manifest.yaml": "WEB_TOKEN_OF_PETS",
        }
        git = "  - {{name: {}, method: git, source: '{}', branch: dev}}\n"
        self.component = (
            "name: pets-cluster\nsubcomponents:\n"
            f"  - {{name: cat, method: git, source: '{self.server.url}/acme/cat-application.git', path: hld,"
            " branch: dev}\n"
            + git.format("by-variable", f"{self.server.url}/acme/by-variable.git")
            + git.format("by-address", f"http://me:{INLINE.value}@{host}/acme/by-address.git")
            + git.format("by-ssh", f"ssh://git@git.example{self.private['by-ssh'].folder}")
            + f"  - {{name: shop, type: helm, method: helm, source: '{files}/charts', path: shop}}\n"
            f"  - {{name: legacy, type: helm, method: helm, source: 'oci://{self.charts.host}/charts',"
            " path: legacy}\n"
            f"  - {{name: web, type: static, method: http, source: '{files}/manifest.yaml'}}\n"
        )
        self.write({"component.yaml": self.component})

    def write(self, files: Mapping[str, str | None]) -> None:
        """Commit to the HLD, with the access file as it is."""
        access = "".join(f"{source}: {name}\n" for source, name in self.access.items())
        self.estate.repository("cluster-hld").commit({"access.yaml": access, **files})

    def materialize(self, **inputs: str) -> Step:
        host = self.server.url.removeprefix("http://")
        given = {
            "hld_repository": f"http://me:{ADDRESS.value}@{host}/acme/cluster-hld.git",
            "source_token": SOURCE_TOKEN.value,
            "ssh_key": SSH_KEY.value,
            "secrets": "allow",
        }
        return self.estate.push_event("cluster-hld", **{**given, **inputs})

    def environment(self, folder: Path, scratch: Path) -> dict[str, str]:
        """What a workflow, or a user with much curiosity, may have set."""
        traces = {
            name: str(self.traces / name)
            for name in ("GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE_PACKET", "GIT_TRACE2", "GIT_TRACE_SETUP")
        }
        self.traces.mkdir(exist_ok=True)
        (folder / "user-home").mkdir(parents=True, exist_ok=True)
        return {
            **self.variables,
            **traces,
            "ACTIONS_STEP_DEBUG": "true",
            "RUNNER_DEBUG": "1",
            "GIT_CURL_VERBOSE": "1",
            "GIT_TRACE_REDACT": "0",
            "HELM_DEBUG": "true",
            "HOME": str(folder / "user-home"),
            "PATH": f"{self.spies}:{os.environ['PATH']}",
            "TMPDIR": str(scratch),
            "TZ": "UTC",
        }

    def run(
        self,
        step: Step | Sequence[str],
        *,
        during: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
        **variables: str,
    ) -> Seen:
        """Run a step of a workflow, or a command, to its end, and gather all that can be seen of it.

        Args:
            during: told of the process once it runs.
        """
        self.runs += 1
        name = f"run-{self.runs}"
        folder = step.folder if isinstance(step, Step) else self.folder / "commands" / name
        scratch = self.folder / "scratch" / name
        scratch.mkdir(parents=True)
        if isinstance(step, Step):
            step.prepare(owner=os.getuid())
            given = {key: text.replace("/github/", f"{folder}/") for key, text in step.variables().items()}
            words, place = step.arguments, step.workspace
        else:
            given, words, place = {}, list(step), folder
            folder.mkdir(parents=True)
        process = subprocess.Popen(
            [Path(sys.executable).with_name("promotion"), *words],
            env={**given, **self.environment(folder, scratch), **variables},
            cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with Watch(scratch, self.folder / "kept" / name, process.pid) as watch:
            done = threading.Thread(target=during, args=(process,), daemon=True)
            done.start()
            stdout, stderr = process.communicate(timeout=120)
        done.join(10)
        places = self._gather(folder, watch, stdout, stderr)
        return Seen(process.returncode, stdout, stderr, places, step if isinstance(step, Step) else None)

    def _gather(self, folder: Path, watch: Watch, stdout: bytes, stderr: bytes) -> dict[str, bytes]:
        lines = stdout.split(b"\n")
        places = {
            "stdout": b"\n".join(line for line in lines if not line.startswith(_MASK)),
            "stderr": stderr,
            "command lines": b"\0".join(watch.command_lines),
        }
        left = [self.folder / "argv.log", *self.traces.rglob("*"), *folder.rglob("*")]
        left += self.estate.manifests.folder.rglob("*")
        places |= {str(path): path.read_bytes() for path in left if path.is_file()}
        git = ["git", f"--git-dir={self.estate.manifests.folder}"]
        objects = [*git, "cat-file", "--batch-all-objects", "--batch", "--buffer"]
        done = subprocess.run(objects, capture_output=True, check=True)
        places["all objects of the manifest repository"] = done.stdout
        for name, path in watch.files.items():
            data = name.read_bytes()
            if path.match("ssh/key") and watch.modes[path] == 0o600:
                data = data.replace(SSH_KEY.value.encode(), b"")
            if path.name in ("component.yaml", "component.json"):
                data = data.replace(INLINE.value.encode(), b"")  # who writes it into a source shows it there
            places[f"in passing: {path}"] = data
        return places


def wait_for(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
