"""A team that attacks the pipeline: its repository, the real program, and what a breach would show."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from promotion.cli import main as cli
from support import payloads, webserver
from support.gitserver import GitServer
from support.packs import Pack
from support.repositories import Content, Repository
from support.runner import Step
from support.webserver import WebServer

ACTION = Path(__file__).resolve().parents[2] / "action.yml"
TOKEN = "ghs_siege0token0of0forty0characters0long0"
SECRETS = {
    "STACK_TOKEN": "stack-t0ken-of-the-platform",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
OTHERS = {"CAT_TOKEN": "meow-meow"}  # for the attacker's own use, if the cluster says so
# What a run must not bring out, beside those: from files of this machine, and of other repositories.
INSIDE = ("root:x:0:0", "PATH=", "INPUT_TOKEN=", "[core]", "the-neighbours-secret")
DOG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dog}\n"
OURS = {"dog.yaml", "promotion.lock", "README.md"}


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, what it printed without the masks for the runner, its first error."""

    code: int
    log: str

    @property
    def error(self) -> str:
        lines = [line for line in self.log.splitlines() if line.startswith("::error")]
        return lines[0].replace("%0A", "\n").replace("%25", "%") if lines else ""


class Siege:
    """A cluster of two: `cat`, whose repository is the attacker's, and `dog`, an honest one.

    `stranger` is a web server of the attacker's; `canary` a file that no run may make; `private` a repository
    on the git server's disk that nobody may read; `allowed` what may be in the manifest repository beside
    the attacker's folder.
    """

    def __init__(self, folder: Path, server: GitServer, stranger: WebServer) -> None:
        self.folder, self.server, self.stranger = folder, server, stranger
        self.canary = folder / "canary"
        self.cat = self._create("acme/cat", "read")
        self.hld = self._create("acme/cluster-hld", "read")
        self.manifests = self._create("acme/manifests", "write")
        self.private = Repository(server.root / "hidden/private.git", branch="dev")
        self.private.commit({"component.yaml": "name: private", "m/x.yaml": "kind: the-neighbours-secret"})
        self.manifests.commit({"README.md": "ours"})
        self._definition = {
            "component.yaml": f"name: cluster\nsubcomponents:\n- {{name: dog, type: static, path: dog}}\n"
            f"- {{name: cat, method: git, source: '{self.address('acme/cat')}', branch: dev, path: hld}}\n",
            "dog/dog.yaml": DOG,
        }
        self.allowed = set(OURS)
        self._runs = 0
        self._present: dict[Repository, Mapping[str, Content]] = {}
        self._seen = ""

    def address(self, name: str) -> str:
        return f"{self.server.url}/{name}.git"

    def attack(
        self, files: Mapping[str, Content] | str, *, hld: Mapping[str, Content] | None = None, **inputs: str
    ) -> Outcome:
        """Make the attacker's files all that is in his repository, run the action, and look for a breach.

        Args:
            files: whose definition is in `hld`; a text alone is its component file.
            hld: what the cluster's own definition has beside the usual.
            inputs: of the action, with `_` for `-`.
        """
        self._replace(self.cat, {"hld/component.yaml": files} if isinstance(files, str) else files)
        self._replace(self.hld, {**self._definition, **(hld or {})})
        outcome = self.run(**inputs)
        self.check(outcome)
        return outcome

    def repel(
        self,
        files: Mapping[str, Content] | str,
        words: str,
        *,
        hld: Mapping[str, Content] | None = None,
        **inputs: str,
    ) -> None:
        """An attack that has to end in an error with these words (a regular expression), and nothing of the
        attacker's published.
        """
        before = self._read_manifests("cat/")
        outcome = self.attack(files, hld=hld, **inputs)
        assert outcome.code == 1, outcome.log
        assert re.search(words, outcome.error), outcome.error
        assert self._read_manifests("cat/") == before

    def push(self, pack: Pack, commit: str) -> None:
        """Make a commit of a pack the attacker's branch, whether an honest git would or not."""
        self._replace(self.hld, self._definition)
        self.cat.git("index-pack", "--stdin", stdin=pack.data())
        self.cat.git("update-ref", "refs/heads/dev", commit)
        self._present.pop(self.cat, None)

    def run(self, **inputs: str) -> Outcome:
        """Run the action as the runner does, in this process."""
        step, environment = self._prepare(inputs)
        printed = io.StringIO()
        with (
            patch.dict(os.environ, environment, clear=True),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            code = cli.main(step.arguments)
        return _tell(code, printed.getvalue(), step)

    def run_apart(self, *before: str, **inputs: str) -> Outcome:
        """Run it in a process of its own; `before` are words before the program's name."""
        step, environment = self._prepare(inputs)
        words = [*before, str(Path(sys.executable).with_name("promotion")), *step.arguments]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        return _tell(done.returncode, done.stdout + done.stderr, step)

    def check(self, outcome: Outcome) -> None:
        """Fail if the attacker got what he wanted, or found a defect."""
        assert outcome.code in (0, 1), outcome.log
        assert not self.canary.exists(), "a command of the attacker's ran"
        told = outcome.log + "".join(str(asked) for asked in self.stranger.asked)
        for secret in (*SECRETS.values(), TOKEN, *INSIDE):
            assert secret not in told, f"{secret} came out"
        if self._seen != self.manifests.tip():
            self._check_manifests()
            self._seen = self.manifests.tip()

    def _check_manifests(self) -> None:
        written = self._read_manifests()
        for secret in (*SECRETS.values(), TOKEN, *INSIDE):
            assert not any(secret in text for text in written.values()), f"{secret} was written"
        assert {path for path in written if not path.startswith("cat/")} <= self.allowed, "written elsewhere"
        assert written["README.md"] == "ours"
        assert written.get("dog.yaml", DOG).removeprefix("---\n").strip() == DOG.strip(), (
            "a neighbour's changed"
        )

    def _read_manifests(self, beginning: str = "") -> dict[str, str]:
        paths = self.manifests.files()
        return {path: self.manifests.read(path) for path in paths if path.startswith(beginning)}

    def _replace(self, repository: Repository, files: Mapping[str, Content]) -> None:
        known = self._present.get(repository)
        if known is None:  # it may hold what can't be named here
            repository.commit({"": None, **files})
        elif known != files:
            repository.commit({**dict.fromkeys(known), **files})
        self._present[repository] = files

    def _create(self, name: str, right: str) -> Repository:
        repository = self.server.create(name, branch="dev", private=True)
        self.server.allow(TOKEN, name, right)
        return repository

    def _prepare(self, inputs: Mapping[str, str]) -> tuple[Step, dict[str, str]]:
        """A step, and its environment."""
        step = self._step(inputs)
        step.prepare(owner=os.getuid())
        paths = {name: text.replace("/github/", f"{step.folder}/") for name, text in step.variables().items()}
        return step, {"PATH": os.environ["PATH"], "TZ": "UTC", **SECRETS, **OTHERS, **paths}

    def _step(self, inputs: Mapping[str, str]) -> Step:
        self._runs += 1
        payload = payloads.small_push("acme/cat", "dev", self.cat.tip())
        own = {
            "hld-repository": "acme/cluster-hld",
            "manifest-repository": "acme/manifests",
            "token": TOKEN,
            "deployments": "off",
        }
        return Step(
            folder=self.folder / f"run-{self._runs}",
            action=ACTION,
            event="push",
            payload=payload,
            token=TOKEN,
            server_url=self.server.url,
            inputs=own | {name.replace("_", "-"): value for name, value in inputs.items()},
        )


def _tell(code: int, printed: str, step: Step) -> Outcome:
    lines = [line for line in printed.splitlines() if not line.startswith("::add-mask::")]
    return Outcome(code, "\n".join([*lines, step.summary, *step.outputs.values()]))


@contextmanager
def lay_siege(folder: Path) -> Iterator[Siege]:
    """The cluster on a real git server over HTTP, and the attacker's web server."""
    with GitServer(folder / "server") as server, webserver.serve() as stranger:
        yield Siege(folder, server, stranger)
