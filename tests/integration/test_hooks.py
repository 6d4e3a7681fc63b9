"""Hooks: the order they run in, what they see, what they may change, and how they fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from promotion.common.redaction import Redactor
from promotion.edges.child_process import ProcessRunner
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.edges.hook_workspace import HookWorkspace
from promotion.errors import DefinitionError, RenderError
from promotion.rendering.component_rendering import render_components
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.model import Folder, Provenance, Rendered, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemoryFetcher

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "INPUT_TOKEN": "secret-token"}
ACCOUNT = "kind: ServiceAccount\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class Fetcher(MemoryFetcher):
    """Gives repositories and charts as folders, as real ones do."""

    def __init__(self, folder: Path, **kinds: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(
            git=kinds.get("git"), charts=list(kinds.get("charts", ())), web=kinds.get("web", {}).get("", {})
        )
        self._folder, self._files = folder, {**kinds.get("git", {}), **kinds.get("charts", {})}

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        super().git(source, token=token)
        folder = write(self._folder / f"git-{len(self.asked)}", self._files[str(source)])
        return FolderSnapshot(folder, self._folder, revision=f"commit of {source}")

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        chart = super().chart(source, token=token)
        folder = write(self._folder / f"chart-{len(self.asked)}", self._files[str(source)])
        return ResolvedChart(path=folder, version=chart.version, digest=chart.digest)

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        return ResolvedChart(path=snapshot.export(path), version="0.1.0", digest=snapshot.digest(path))


class World:
    """A definition in a folder, and what is made of it with hooks allowed."""

    def __init__(self, tmp_path: Path) -> None:
        self.hld = tmp_path / "hld"
        self.scratch = tmp_path / "scratch"
        self.scratch.mkdir()
        self.fetched = tmp_path / "fetched"
        self.fetched.mkdir()

    def plan(self, files: Mapping[str, str], **kinds: Mapping[str, Mapping[str, str]]) -> RenderPlan:
        source = FolderSnapshot(write(self.hld, files), self.scratch)
        redact = Redactor(["secret-token"])
        commands = ProcessRunner(ENVIRONMENT, redact, self.scratch)
        return resolve_definition(
            Folder(LocalSource()),
            source,
            ["prod"],
            fetcher=Fetcher(self.fetched, **kinds),
            environment={},
            workspace=HookWorkspace(source, commands, self.scratch),
        )

    def static(self, files: Mapping[str, str], **kinds: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Path to text of the manifests, of a definition without charts."""
        plan = self.plan(files, **kinds)
        return {part.path: part.manifest.decode() for part in render_components(plan, NoHelm(), workers=2)}


class NoHelm:
    version = "4"

    def prepare(self) -> None:
        raise AssertionError

    def render(self, release: object) -> Rendered:
        raise AssertionError


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


LOG = """
name: {name}
hooks:
  before-install: ["echo {name} before-install >> {log}"]
  after-install: ["echo {name} after-install, $(ls components 2>&1 | head -1) >> {log}"]
  before-generate: ["echo {name} before-generate >> {log}"]
  after-generate: ["echo {name} after-generate >> {log}"]
"""


def test_the_order_is_fabrikates(world: World) -> None:
    log = str(world.scratch / "log")
    nested = (
        LOG.format(name="cluster", log=log)
        + "subcomponents: [{name: x, method: git, source: 'https://git.test/x'}]"
    )
    world.plan(
        {"component.yaml": nested},
        git={"https://git.test/x": {"component.yaml": LOG.format(name="x", log=log)}},
    )
    lines = Path(log).read_text().splitlines()
    assert lines[:2] == ["cluster before-install", "cluster after-install, x"]
    assert lines[2] == "x before-install"
    assert lines[3].startswith("x after-install")
    phases = [
        f"{name} {phase}" for name in ("cluster", "x") for phase in ("before-generate", "after-generate")
    ]
    assert lines[4:] == phases


def test_files_that_hooks_make_count(world: World) -> None:
    made = world.static(
        {
            "component.yaml": """
                name: cluster
                hooks: {before-install: ["mkdir -p made/m && cp template made/component.yaml"]}
                subcomponents: [{name: made, source: ./made}]
            """,
            "template": """
                name: made
                generator: static
                path: m
                hooks: {before-generate: ["", "echo 'kind: A' > m/a.yaml"], after-generate: ["rm -r m"]}
            """,
        }
    )
    assert made == {"made/made.yaml": "---\nkind: A\n\n"}


def test_the_users_folder_and_a_fetched_repository_are_not_changed(world: World) -> None:
    files = {
        "component.yaml": "name: cluster\nhooks: {before-install: ['echo >> component.yaml; touch new']}"
    }
    world.plan(files)
    assert [path.name for path in world.hld.iterdir()] == ["component.yaml"]
    assert (world.hld / "component.yaml").read_text() == files["component.yaml"]


def test_links_and_programs_are_there_and_what_leads_out_hurts_nobody(world: World) -> None:
    files = {
        "component.yaml": "name: cluster\nhooks: {before-install: [./link, test ! -e .git]}",
        "program": "#!/bin/sh\n",
        ".git/config": "",
    }
    write(world.hld, files)
    (world.hld / "program").chmod(0o755)
    (world.hld / "link").symlink_to("program")
    (world.hld / "python").symlink_to("/usr/bin/python3")
    world.plan({})


def test_a_repository_is_laid_out_below_its_component_and_may_be_changed_there(world: World) -> None:
    root = """
        name: cluster
        hooks: {after-install: ["sed -i s/from-git/from-hook/ components/x/m/a.yaml"]}
        subcomponents:
          - {name: x, method: git, source: "https://git.test/x", path: .}
          - {name: y, method: git, source: "https://git.test/x"}
    """
    repository = {"component.yaml": "{name: real, generator: static, path: m}", "m/a.yaml": "name: from-git"}
    made = world.static({"component.yaml": root}, git={"https://git.test/x": repository})
    assert made == {
        "x/real.yaml": "---\nname: from-hook\n",
        "y/real.yaml": "---\nname: from-git\n",
    }


def test_charts_and_manifests_that_were_fetched_may_be_changed(world: World) -> None:
    root = """
        name: cluster
        subcomponents:
          - name: redis
            generator: helm
            method: helm
            source: https://charts.test
            path: redis
            hooks: {after-install: ["echo more >> helm_repos/redis/values.yaml"]}
          - name: crds
            generator: static
            method: http
            source: https://files.test/crds.yaml
            hooks: {after-install: ["echo 'b: 2' >> components/crds/crds.yaml"]}
    """
    plan = world.plan(
        {"component.yaml": root},
        charts={"https://charts.test/redis": {"values.yaml": "some\n"}},
        web={"": {"https://files.test/crds.yaml": "a: 1\n"}},
    )
    redis, crds = plan.jobs
    assert redis.chart is not None
    assert (redis.chart.path / "values.yaml").read_text() == "some\nmore\n"
    assert (redis.chart.version, redis.trace(LocalSource()).source) == ("1.2.3", "https://charts.test/redis")
    assert crds.files[0].data == b"a: 1\nb: 2\n"


def test_the_origin_of_a_laid_out_repository_is_the_repository(world: World) -> None:
    root = "subcomponents: [{name: x, generator: static, method: git, source: 'https://git.test/x', path: m}]"
    (job,) = world.plan({"component.yaml": root}, git={"https://git.test/x": {"m/a.yaml": ACCOUNT}}).jobs
    assert job.trace(LocalSource()) == Provenance(
        "https://git.test/x", "", "commit of https://git.test/x", "m"
    )


def test_the_wrapper_of_a_root_from_git_has_install_hooks_only(world: World) -> None:
    log = str(world.scratch / "log")
    root = LOG.format(name="wrapper", log=log) + "method: git\nsource: https://git.test/x\n"
    world.plan({"component.yaml": root}, git={"https://git.test/x": {"component.yaml": "name: inner"}})
    assert Path(log).read_text().splitlines() == ["wrapper before-install", "wrapper after-install, wrapper"]


def test_two_sources_of_one_name_in_one_folder_are_an_error(world: World) -> None:
    root = "subcomponents: [{name: x, method: git, source: 'https://a.test'}, {name: x, method: git, source: 'https://b.test'}]"
    with pytest.raises(DefinitionError, match=r"https://a\.test and https://b\.test.*components/x"):
        world.plan(
            {"component.yaml": root}, git={f"https://{x}.test": {"component.yaml": "name: x"} for x in "ab"}
        )


def test_a_hook_sees_no_secret(world: World) -> None:
    root = "name: x\nhooks: {before-install: ['env > seen; ! grep -q INPUT_ seen']}"
    world.plan({"component.yaml": root})


def test_a_hook_that_uses_what_it_is_not_given_is_told(world: World) -> None:
    told: list[str] = []
    source = FolderSnapshot(write(world.hld, {"a": "b"}), world.scratch)
    commands = ProcessRunner({**ENVIRONMENT, "CLUSTER": "west"}, str, world.scratch)
    withheld = {"CLUSTER", "GITHUB_TOKEN"}
    workspace = HookWorkspace(source, commands, world.scratch, withheld=withheld, warn=told.append)
    workspace.run('echo "${CLUSTER:-none} $HOME $(pwd)" > said', "", phase="before-generate")
    workspace.run("CLUSTER=east; echo $CLUSTER $MINE", "", phase="before-generate")
    assert workspace.open("").read("said") != b""
    (text,) = told
    assert text.startswith('the before-generate hook `echo "${CLUSTER:-none}')
    assert "uses $CLUSTER, which is empty there" in text


def test_a_hook_that_fails_stops_everything_with_its_code_and_words(world: World) -> None:
    root = "{name: shop, hooks: {before-generate: ['echo to stdout; exit 3', 'touch ../ran']}}"
    with pytest.raises(RenderError, match=r"before-generate hook .* exit code 3") as caught:
        world.plan({"component.yaml": root})
    assert caught.value.component == "shop"
    assert str(caught.value.where) == "component.yaml:1:1"
    assert "to stdout" in caught.value.what
    assert not (world.scratch / "ran").exists()


def test_a_failure_shows_no_secret(world: World) -> None:
    with pytest.raises(RenderError) as caught:
        world.plan(
            {"component.yaml": "{name: shop, hooks: {before-install: ['x=secret; echo $x-token; false']}}"}
        )
    assert "secret-token" not in str(caught.value)
    assert "***" in str(caught.value)


def test_remarks_are_on_the_files_as_hooks_leave_them(world: World) -> None:
    made = "echo '{name: web, brnach: x}' > web/component.yaml"
    definition = (
        f'name: cluster\nhooks: {{after-install: ["{made}"]}}\nsubcomponents: [{{name: web, source: web}}]\n'
    )
    plan = world.plan(
        {"component.yaml": definition, "web/component.yaml": "name: web", "config/prod.yaml": ""}
    )
    assert [(str(remark.where), remark.component) for remark in plan.remarks] == [
        ("web/component.yaml:1:13", "web")
    ]
