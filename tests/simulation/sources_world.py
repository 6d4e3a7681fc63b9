"""The repositories of the definition and its applications, as states that teams push, and what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support.definitions import MemorySnapshot

SERVER = "https://git.test"
HLD = f"{SERVER}/acme/hld"
CHARTS = "https://charts.test"
BRANCH = "dev"
KINDS = ("chart", "static", "remote", "nested")
OWN = "own"  # the part that lies in the definition's own repository


def address(name: str) -> str:
    """The address of an application's repository."""
    return f"{SERVER}/acme/{name}"


@dataclass(frozen=True, kw_only=True)
class AppState:
    """What an application's repository holds. `flaw` is empty, or what is broken in it."""

    kind: str
    values: int = 0
    content: int = 0
    note: int = 0
    flaw: str = ""

    @property
    def flaws(self) -> Sequence[str]:
        """What can be broken: what is read, what is rendered, what is judged."""
        more = {"chart": ["chart"], "static": ["manifest", "secret"]}.get(self.kind, [])
        return ["component", "missing", *more]

    def files(self, name: str) -> Mapping[str, str]:
        """Every path with its text."""
        part = {
            "chart": "type: helm\npath: chart\n",
            "static": "type: static\npath: manifests\n",
            "remote": f"type: helm\nmethod: helm\nsource: {CHARTS}\npath: library\n",
            "nested": f"subcomponents:\n- {{name: deep, source: '{address('shared')}', "
            "method: git, branch: dev}\n",
        }[self.kind]
        files = {"component.yaml": f"name: {name}\n{part}", "README.md": f"note {self.note}\n"}
        if self.kind != "static":
            config = f"config: {{values: {self.values}}}\n"
            files["config/common.yaml"] = (
                f"subcomponents: {{deep: {{{config.strip()}}}}}\n" if self.kind == "nested" else config
            )
        if self.kind == "chart":
            files["chart/Chart.yaml"] = f"name: {name}\nversion: 0.1.0\n"
            files["chart/content"] = f"{self.content} {'broken' if self.flaw == 'chart' else ''}\n"
        if self.kind == "static":
            files["manifests/all.yaml"] = static(name, self.content)
        if self.flaw == "manifest":
            files["manifests/all.yaml"] += "---\nkind: [\n"
        if self.flaw == "secret":
            files["manifests/secret.yaml"] = SECRET
        if self.flaw == "component":
            files["component.yaml"] = "name: [\n"
        if self.flaw == "missing":
            del files["component.yaml"]
        return files


SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {password: open-sesame}\n"


def static(name: str, content: int) -> str:
    """A manifest that is published as it is."""
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{made: 'static {content}'}}\n"
    )


@dataclass(frozen=True, kw_only=True)
class HldState:
    """What the definition's own repository holds: its entries, and what it sets for each.

    `own` is the content of the part that lies in it, None if there is none. A `flaw` in "own" is that part's;
    any other is nobody's.
    """

    entries: tuple[str, ...]
    config: tuple[tuple[str, int], ...] = ()
    own: int | None = None
    note: int = 0
    flaw: str = ""

    @property
    def parts(self) -> Sequence[str]:
        """Their names."""
        return (*self.entries, *([] if self.own is None else [OWN]))

    def files(self, _: str) -> Mapping[str, str]:
        """Every path with its text."""
        entries = "".join(
            f"- {{name: {name}, source: '{address(name)}', method: git, branch: dev}}\n"
            for name in self.entries
        )
        if self.own is not None:
            entries += f"- {{name: {OWN}, type: static, path: files}}\n"
        config = "".join(f"  {name}: {{config: {{over: {number}}}}}\n" for name, number in self.config)
        files = {
            "component.yaml": f"name: cluster\nsubcomponents:\n{entries}" if entries else "name: cluster\n"
        }
        if config:
            files["config/common.yaml"] = f"subcomponents:\n{config}"
        files["README.md"] = f"note {self.note}\n"
        if self.own is not None:
            files["files/all.yaml"] = "kind: [\n" if self.flaw == OWN else static(OWN, self.own)
        if self.flaw == "component":
            files["component.yaml"] = "subcomponents: {\n"
        return files


State = AppState | HldState


@dataclass
class SourceRepository:
    """A repository with one branch: `log` has where its tip ever was, None while it was deleted."""

    name: str
    log: list[str | None] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)

    @property
    def tip(self) -> str | None:
        """The commit of the branch."""
        return self.log[-1]

    @property
    def state(self) -> State:
        """The state of the last commit, also when the branch is deleted."""
        return self.states[next(commit for commit in reversed(self.log) if commit)]

    def push(self, state: State) -> str:
        """Commit a state."""
        commit = hashlib.sha1(f"{self.name} {len(self.log)}".encode()).hexdigest()  # noqa: S324
        self.states[commit] = state
        self.log.append(commit)
        return commit

    def snapshot(self, commit: str) -> MemorySnapshot:
        """The files of a commit."""
        return MemorySnapshot(self.states[commit].files(self.name), commit)


@dataclass
class SourcesWorld:
    """All that is rendered. `releases` are those of the one chart repository, the newest last; `charts` what
    was fetched, by digest.
    """

    hld: SourceRepository
    apps: Mapping[str, SourceRepository]
    shared: SourceRepository
    releases: list[str] = field(default_factory=lambda: ["1.0.0"])
    down: set[str] = field(default_factory=set)
    charts: dict[str, str] = field(default_factory=dict)

    def find(self, url: str) -> SourceRepository | None:
        """The repository at an address."""
        for repository in self.repositories:
            if url == address(repository.name):
                return repository
        return None

    @property
    def repositories(self) -> Sequence[SourceRepository]:
        """All of them."""
        return (self.hld, self.shared, *self.apps.values())


def expected_part(
    name: str, hld: HldState, app: AppState | None, shared: AppState | None, release: str
) -> dict[str, str]:
    """What each manifest of a part is made of, by its path: a model that shares nothing with the program.

    `app` is None for the definition's own files.
    """
    if app is None:
        return {f"{OWN}.yaml": f"static {hld.own}"}
    config = dict(hld.config)
    values = {"values": app.values} | ({"over": config[name]} if name in config else {})
    match app.kind:
        case "static":
            return {f"{name}/{name}.yaml": f"static {app.content}"}
        case "chart":
            return {f"{name}/{name}.yaml": made(f"{app.content}", values)}
        case "remote":
            return {f"{name}/{name}.yaml": made(f"library {release}", values)}
        case _:
            assert shared is not None
            return {f"{name}/deep/shared.yaml": made(f"{shared.content}", {"values": app.values})}


def made(content: str, values: Mapping[str, object]) -> str:
    """The mark that Helm leaves in a manifest: all that decided it."""
    return f"chart {content} with {' '.join(f'{key}={value}' for key, value in sorted(values.items()))}"
