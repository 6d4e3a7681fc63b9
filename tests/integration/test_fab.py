"""Real fab as the engine, by a stand-in that does what it does: the command line, real git, real Helm."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from promotion.common.redaction import Redactor
from promotion.edges.child_process import ProcessRunner
from promotion.edges.fab.fab_process import FabProgram
from promotion.edges.fab.fab_program import Program
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.errors import RenderError
from promotion.rendering.fab.clone_layout import Pinned
from support.charts import chart_files
from support.estate import TOKEN, Estate
from support.gits import ENVIRONMENT, open_git
from support.gitserver import GitServer
from support.prepared import run_program
from support.repositories import Content, Link, Repository
from support.standin_fab import read_calls, write_standin
from support.tools import helm_program
from support.webserver import make_certificate, serve

CAT = "cat-application/cat-application.yaml"
HOOKS = "hooks:\n  before-generate:\n    - cp account.txt made/account.yaml\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {}\n"
STATIC = {
    "component.yaml": "name: cat\ntype: static\npath: manifests\n",
    "manifests/account.yaml": ACCOUNT.format("cat"),
}


@dataclass(frozen=True)
class Done:
    code: int
    log: str


@dataclass(frozen=True)
class Bench:
    """A definition, programs on a PATH, and the command line."""

    folder: Path

    @property
    def tools(self) -> Path:
        return self.folder / "tools"

    @property
    def calls(self) -> list[dict[str, object]]:
        return read_calls(self.tools)

    def commands(self, program: str = "fab") -> list[list[str]]:
        return [call["argv"][1:] for call in self.calls if call["argv"][0] == program]  # type: ignore[index]

    def write(self, files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = self.folder / "hld" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return self.folder / "hld"

    def run(self, *words: str | Path, path: str = "", **variables: str) -> Done:
        search = path or f"{self.tools}:{os.environ['PATH']}"
        environment = {**ENVIRONMENT, "PATH": search, "GITHUB_WORKSPACE": str(self.folder), **variables}
        done = run_program(words, env=environment, cwd=self.folder, merged=True)
        return Done(done.returncode, done.stdout)

    def render(self, *words: str, path: str = "", **variables: str) -> Done:
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        return self.run("render", "--engine", "fab", self.folder / "hld", out, *words, path=path, **variables)

    def output(self) -> dict[str, str]:
        out = self.folder / "out"
        files = (path for path in out.rglob("*") if path.is_file())
        return {path.relative_to(out).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    behave(made)
    (made.tools / "helm").symlink_to(helm_program())
    return made


def behave(bench: Bench, *behaviour: str) -> None:
    write_standin(bench.tools, *behaviour)


def repository(bench: Bench, files: Mapping[str, Content], name: str = "cat") -> Repository:
    made = Repository(bench.folder / f"git/{name}.git")
    made.commit(files)
    return made


# The main job


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


def test_the_main_job_with_fab_commits_the_same_as_natively(estate: Estate, bench: Bench) -> None:
    path = f"{bench.tools}:{os.environ['PATH']}"
    done = estate.run(estate.push_event(engine="fab"), PATH=path)
    assert done.code == 0, done.log
    files = estate.manifests.files()
    fab = {name: documents(estate.manifests.read(name)) for name in files if name.endswith(".yaml")}
    lock = json.loads(estate.manifests.read("promotion.lock"))
    digest = hashlib.sha256((bench.tools / "fab").read_bytes()).hexdigest()
    assert lock["versions"]["promotion"].endswith(f" fab sha256:{digest}")
    assert lock["versions"]["helm"].startswith("4.")
    assert lock["components"][CAT]["revision"] == estate.repository("cat-application").tip()
    assert lock["components"][CAT]["source"] == f"{estate.server.url}/acme/cat-application.git"

    again = estate.run(estate.push_event(engine="fab"), PATH=path)
    assert again.step.outputs["changed"] == "false"

    done = estate.run(estate.push_event(), PATH=path)
    assert done.code == 0, done.log
    native = estate.manifests.files()
    assert native.keys() == files.keys()
    assert {name: documents(estate.manifests.read(name)) for name in native if name.endswith(".yaml")} == fab


def test_fab_gets_no_token_where_nothing_of_others_runs(estate: Estate, bench: Bench) -> None:
    done = estate.run(estate.push_event(engine="fab"), PATH=f"{bench.tools}:{os.environ['PATH']}")
    assert done.code == 0, done.log
    log = "".join(line for line in done.log.splitlines() if not line.startswith("::add-mask::"))
    said = json.dumps(bench.calls) + log
    assert TOKEN not in said
    assert base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode() not in said
    assert {call["env"]["GIT_ALLOW_PROTOCOL"] for call in bench.calls} == {"file"}  # type: ignore[index]


def documents(text: str) -> list[object]:
    return [document for document in yaml.safe_load_all(text) if document]


# What Bedrock's command line writes (microsoft/bedrock-cli: src/commands/hld/reconcile.ts)

MIDDLEWARE = """apiVersion: traefik.containo.us/v1alpha1
kind: Middleware
metadata:
  name: api-dev
spec:
  stripPrefix:
    forceSlash: false
    prefixes:
      - /api
"""


def bedrock(charts: Repository) -> dict[str, str]:
    """A repository's folder, a service's in it, a ring's in that, and there `chart` and `static`."""
    below = "name: {}\nsubcomponents:\n  - name: {}\n    type: component\n    method: local\n    path: ./{}\n"
    ring = (
        "name: dev\nsubcomponents:\n"
        f"  - name: chart\n    type: helm\n    method: git\n    source: {charts.url}\n"
        "    path: api\n    branch: main\n"
        "  - name: static\n    type: static\n    method: local\n    path: ./static\n"
    )
    return {
        "component.yaml": below.format("default-component", "shop", "shop"),
        "shop/component.yaml": below.format("shop", "api", "api"),
        "shop/config/common.yaml": "",
        "shop/api/component.yaml": below.format("api", "dev", "dev"),
        "shop/api/config/common.yaml": "",
        "shop/api/dev/component.yaml": ring,
        "shop/api/dev/config/common.yaml": "",
        "shop/api/dev/static/middlewares.yaml": MIDDLEWARE,
    }


@pytest.mark.parametrize("engine", ["native", "fab"])
def test_a_definition_as_bedrock_writes_it_is_rendered(bench: Bench, engine: str) -> None:
    charts = repository(bench, {f"api/{name}": text for name, text in chart_files("api").items()})
    hld = bench.write(bedrock(charts))
    done = bench.run("render", "--engine", engine, hld, bench.folder / "out", "prod")
    assert done.code == 0, done.log
    output = {path: documents(text) for path, text in bench.output().items()}
    release = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "api-1.0.0"}}
    assert output == {
        "shop/api/dev/chart.yaml": [release],
        "shop/api/dev/static.yaml": [yaml.safe_load(MIDDLEWARE)],
    }
    assert "chart.yaml" not in done.log, "nothing is wrong with the name"


@pytest.mark.parametrize("engine", ["native", "fab"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fleet", "component fleet: its manifest fleet.yaml has the name fleet.yaml, which Fleet takes"),
        ("cloudbuild", "which Cloud Build may run, and which Flux 2 leaves out"),
    ],
)
def test_names_that_one_other_tool_reads_are_written_with_a_warning(
    bench: Bench, engine: str, name: str, words: str
) -> None:
    hld = bench.write({**STATIC, "component.yaml": STATIC["component.yaml"].replace("cat", name)})
    done = bench.run("render", "--engine", engine, hld, bench.folder / "out", "prod")
    assert done.code == 0, done.log
    assert bench.output().keys() == {f"{name}.yaml"}
    assert done.log.count(words) == 1


@pytest.mark.parametrize("engine", ["native", "fab"])
@pytest.mark.parametrize("name", ["kustomization", "Chart", "myChart"])
def test_names_that_flux_or_argo_cd_read_as_instructions_are_refused(
    bench: Bench, engine: str, name: str
) -> None:
    hld = bench.write({**STATIC, "component.yaml": STATIC["component.yaml"].replace("cat", name)})
    done = bench.run("render", "--engine", engine, hld, bench.folder / "out", "prod")
    assert done.code == 1, done.log
    assert f"the name '{name}' makes the file {name}.yaml, in which" in done.log
    assert not (bench.folder / "out").exists()


# How fab is run


def test_install_then_generate_run_in_the_components_folder_of_a_copy(bench: Bench) -> None:
    hld = bench.write({
        ".git/HEAD": "",
        "clusters/west/component.yaml": "name: west\nsubcomponents:\n  - name: cat\n    source: ../../cat\n",
        **{f"cat/{name}": text for name, text in STATIC.items()},
    })  # fmt: skip
    before = sorted(path for path in hld.rglob("*"))
    words = ("--engine", "fab", "--hld-path", "clusters/west", hld, bench.folder / "out", "prod", "azure")
    done = bench.run("render", *words, CAT_TOKEN="t0ken", INPUT_TOKEN="t1ken")
    assert done.code == 0, done.log
    assert bench.output() == {"cat/cat.yaml": f"---\n{ACCOUNT.format('cat')}\n"}
    assert bench.commands() == [["install"], ["generate", "prod", "azure"]]
    (folder,) = {Path(str(call["cwd"])) for call in bench.calls}
    assert folder.parts[-2:] == ("clusters", "west")
    assert not folder.is_relative_to(bench.folder)
    assert not folder.exists(), "what we wrote is removed"
    assert sorted(path for path in hld.rglob("*")) == before
    environment = bench.calls[0]["env"]
    assert isinstance(environment, dict)
    scratch = folder.parents[2]
    for name in ("HOME", "TMPDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"):
        assert Path(environment[name]).is_relative_to(scratch), name
    assert not {"CAT_TOKEN", "INPUT_TOKEN", "GITHUB_WORKSPACE"} & environment.keys()


def test_common_is_left_to_fab(bench: Bench) -> None:
    bench.write(STATIC)
    assert bench.render("prod", "common").code == 0
    assert bench.commands()[-1] == ["generate", "prod"]


@pytest.mark.parametrize("kind", ["branch", "tag", "commit", "short", "default", "tag as branch", "both"])
def test_clones_are_at_the_commit_that_was_resolved(kind: str, bench: Bench) -> None:
    source = repository(bench, STATIC)
    wanted = source.commit({**STATIC, "manifests/account.yaml": ACCOUNT.format("wanted")}, branch="stable")
    source.tag("v1", at=wanted, annotated=True)
    if kind == "default":
        source.git("update-ref", "refs/heads/main", wanted)
    fields = {
        "branch": "branch: stable",
        "tag": "version: v1",
        "commit": f"version: {wanted}",
        "short": f"version: {wanted[:9]}",
        "default": "path: ''",
        "tag as branch": "branch: v1",
        "both": "branch: main\n    version: v1",
    }
    entry = f"  - name: cat\n    method: git\n    source: {source.url}\n    {fields[kind]}\n"
    bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
    done = bench.render("prod")
    assert done.code == 0, done.log
    assert "name: wanted" in bench.output()["cat/cat.yaml"]


def test_charts_of_each_kind_are_rendered(bench: Bench) -> None:
    source = repository(bench, {f"charts/app/{name}": text for name, text in chart_files("app").items()})
    entries = (
        f"  - name: remote\n    type: helm\n    method: git\n    source: {source.url}\n    path: charts/app\n"
        "  - name: local\n    type: helm\n    path: app\n"
    )
    bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entries}"})
    bench.write({f"app/{name}": text for name, text in chart_files("app").items()})
    done = bench.render("prod")
    assert done.code == 0, done.log
    assert bench.output().keys() == {"remote.yaml", "local.yaml"}


# What is caught


def test_without_a_program_the_error_says_where_to_get_one(bench: Bench) -> None:
    bench.write(STATIC)
    (bench.tools / "fab").unlink()
    done = bench.render("prod")
    assert done.code == 1
    assert "https://github.com/microsoft/fabrikate/releases" in done.log
    assert "native engine" in done.log
    compared = bench.run("compare", bench.folder / "hld", "prod")
    assert compared.code
    assert "Get it from https://github.com/microsoft/fabrikate/releases" in compared.log
    assert "shows the differences" not in compared.log


def test_programs_that_fab_needs_are_looked_for_before_it_runs(bench: Bench) -> None:
    bench.write(STATIC)
    (bench.tools / "helm").unlink()
    for name in ("git", "sh"):
        (bench.tools / name).symlink_to(str(shutil.which(name)))
    done = bench.render("prod", path=str(bench.tools))
    assert done.code == 1
    assert "fab needs helm and curl on PATH" in done.log
    assert "Install helm and curl (or set --helm to its path, or an https address" in done.log
    assert not bench.calls


def test_options_that_fab_cannot_give_to_helm_are_refused(bench: Bench) -> None:
    bench.write(STATIC)
    done = bench.render("prod", "--kube-version", "1.30")
    assert done.code == 2
    assert "kube-version has no effect" in done.log


def test_hooks_are_denied_before_fab_runs(bench: Bench) -> None:
    source = repository(bench, {**STATIC, "component.yaml": STATIC["component.yaml"] + HOOKS})
    entry = f"  - name: cat\n    method: git\n    source: {source.url}\n"
    bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
    done = bench.render("prod")
    assert done.code == 1
    assert "hooks" in done.log
    assert not bench.calls


def test_hooks_that_are_allowed_run_in_fab_and_once(bench: Bench) -> None:
    hooks = (
        "hooks:\n  before-install:\n    - mkdir made\n  before-generate:\n    - cp account.txt made/a.yaml\n"
    )
    text = "name: cat\ntype: static\npath: made\n" + hooks
    bench.write({"component.yaml": text, "account.txt": ACCOUNT.format("made")})
    done = bench.render("prod", "--hooks", "allow")
    assert done.code == 0, done.log
    assert bench.output() == {"cat.yaml": f"---\n{ACCOUNT.format('made')}\n"}


def test_with_hooks_tokens_go_to_git_by_its_environment(bench: Bench, tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        source = server.create("acme/cat", branch="main", private=True)
        server.allow("s3cr3t-t0ken", "acme/cat", "read")
        source.commit(STATIC)
        url = f"{server.url}/acme/cat.git"
        entry = f"  - name: cat\n    method: git\n    source: {url}\n"
        hooks = "hooks:\n  before-install:\n    - 'true'\n"
        bench.write({
            "component.yaml": f"name: cluster\nsubcomponents:\n{entry}{hooks}",
            "access.yaml": f"{url}: CAT_TOKEN\n",
        })  # fmt: skip
        done = bench.render("prod", "--hooks", "allow", CAT_TOKEN="s3cr3t-t0ken")
    assert done.code == 0, done.log
    assert bench.output().keys() == {"cat/cat.yaml"}
    assert not [call for call in bench.calls if "s3cr3t-t0ken" in str(call["argv"])]
    assert "CAT_TOKEN" not in str(bench.calls[0]["env"])
    assert f"http.{url}.extraHeader" in str(bench.calls[0]["env"])
    assert "s3cr3t" not in done.log


def test_a_token_of_an_access_file_reaches_no_address(bench: Bench, tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        source = server.create("acme/cat", branch="main", private=True)
        server.allow("s3cr3t-t0ken", "acme/cat", "read")
        source.commit(STATIC)
        url = f"{server.url}/acme/cat.git"
        entry = f"  - name: cat\n    method: git\n    source: {url}\n"
        text = f"name: cluster\nsubcomponents:\n{entry}"
        bench.write({"component.yaml": text, "access.yaml": f"{url}: CAT_TOKEN\n"})
        done = bench.render("prod", CAT_TOKEN="s3cr3t-t0ken")
    assert done.code == 0, done.log
    (clone,) = bench.commands("git")
    assert clone[:2] == ["clone", url.replace("http://", "http://CAT_TOKEN@")]
    assert "s3cr3t" not in json.dumps(bench.calls) + done.log
    assert "warning" not in done.log, "that fab doesn't have the token is no news"


def test_a_credential_in_an_address_works_with_a_warning(bench: Bench, tmp_path: Path) -> None:
    with GitServer(tmp_path / "server") as server:
        source = server.create("acme/cat", branch="main", private=True)
        server.allow("s3cr3t-t0ken", "acme/cat", "read")
        source.commit(STATIC)
        url = f"{server.url}/acme/cat.git"
        entry = f"  - name: cat\n    method: git\n    source: {url.replace('://', '://x:s3cr3t-t0ken@')}\n"
        bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
        done = bench.render("prod")
    assert done.code == 0, done.log
    words = f"component.yaml:3:5: component cat: the address {url} is written with a credential, which all"
    assert done.log.count(words) == 1
    assert f"name a variable for {url} in an access.yaml" in done.log
    assert "s3cr3t" not in done.log


def test_helm_3_finds_an_empty_list_of_repositories(bench: Bench) -> None:
    """Its `helm repo list` fails without the file, which Helm 4 doesn't need."""
    hook = "hooks:\n  before-generate:\n    - cp $HELM_CONFIG_HOME/repositories.yaml manifests/account.yaml\n"
    bench.write({**STATIC, "component.yaml": STATIC["component.yaml"] + hook})
    done = bench.render("prod", "--hooks", "allow")
    assert done.code == 0, done.log
    assert bench.output() == {"cat.yaml": "---\napiVersion: v1\nrepositories: []\n\n"}


def test_a_link_that_leads_out_is_refused_before_fab_follows_it(bench: Bench) -> None:
    secret = bench.folder / "secret.yaml"
    secret.write_text("password: hunter2\n", "utf-8")
    source = repository(bench, {**STATIC, "manifests/link.yaml": Link(str(secret))})
    entry = f"  - name: cat\n    method: git\n    source: {source.url}\n"
    bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
    done = bench.render("prod")
    assert done.code == 1
    assert "leads out" in done.log
    assert ["generate", "prod"] not in bench.commands()
    assert "hunter2" not in done.log


def test_links_that_nobody_needs_may_lead_out(bench: Bench) -> None:
    hld = bench.write(STATIC)
    (hld / ".venv").mkdir()
    (hld / ".venv/python").symlink_to(sys.executable)
    (hld / ".venv/again").symlink_to("../.venv")
    (hld / ".venv/itself").symlink_to("itself")
    done = bench.render("prod")
    assert done.code == 0, done.log
    assert bench.output().keys() == {"cat.yaml"}


def test_a_link_of_the_folder_that_leads_out_is_refused_where_it_is_needed(bench: Bench) -> None:
    (bench.folder / "secret.yaml").write_text("password: hunter2\n", "utf-8")
    hld = bench.write(STATIC)
    (hld / "manifests/link.yaml").symlink_to("../../secret.yaml")
    done = bench.render("prod")
    assert done.code == 1
    assert "leads out" in done.log
    assert ["generate", "prod"] not in bench.commands()


@pytest.mark.parametrize("name", ["generated", "components"])
def test_fab_writes_through_no_link_that_leads_out(name: str, bench: Bench) -> None:
    source = repository(bench, STATIC)
    entry = f"  - name: cat\n    method: git\n    source: {source.url}\n"
    hld = bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
    (bench.folder / "mine/cat").mkdir(parents=True)
    (bench.folder / "mine/cat/file").write_text("mine\n", "utf-8")
    (hld / name).symlink_to("../mine")
    done = bench.render("prod")
    assert done.code == 1
    assert "leads out of the definition's folder" in done.log
    assert [path.name for path in (bench.folder / "mine").rglob("*")] == ["cat", "file"]


def test_helms_warnings_are_taken_out_and_told(bench: Bench) -> None:
    bench.write({"component.yaml": "name: app\ntype: helm\npath: chart\n"})
    bench.write({f"chart/{name}": text for name, text in chart_files("app").items()})
    behave(bench, "helm-warning")
    done = bench.render("prod")
    assert done.code == 0, done.log
    assert "WARNING" not in bench.output()["app.yaml"]
    assert "taken out of the manifest (bug 3): WARNING: This chart is deprecated" in done.log


def test_a_readme_among_manifests_is_refused(bench: Bench) -> None:
    bench.write({**STATIC, "manifests/README": "Words, and more words.\n"})
    done = bench.render("prod")
    assert done.code == 1
    assert "must be a map" in done.log


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("panic", "crashed: panic: interface conversion"),
        ("fail", "`fab install` failed: nothing works today"),
        ("lose cat.yaml", "fab wrote no cat.yaml"),
        ("rename cat.yaml dog.yaml", "dog.yaml, which belongs to no component"),
    ],
)
def test_what_goes_wrong_in_fab_is_an_error_of_the_run(behaviour: str, words: str, bench: Bench) -> None:
    bench.write(STATIC)
    behave(bench, behaviour)
    done = bench.render("prod")
    assert done.code == 1
    assert words in done.log
    assert "Usage:" not in done.log
    assert not bench.output()


def test_fabs_own_warnings_are_told(bench: Bench) -> None:
    bench.write(STATIC)
    behave(bench, "warn")
    assert "fab: something to look at" in bench.render("prod").log


def test_an_endless_loop_ends_with_the_time_limit(bench: Bench, tmp_path: Path) -> None:
    behave(bench, "hang")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open_git(scratch) as git:
        fab = FabProgram(
            Program(path=bench.tools / "fab", digest=""),
            commands=ProcessRunner(ENVIRONMENT, Redactor(), scratch),
            git=git,
            scratch=scratch,
            search_path=f"{bench.tools}:{os.environ['PATH']}",
            warn=lambda _: None,
            timeout=2,
        )
        source = FolderSnapshot(bench.write(STATIC), scratch)
        copy = fab.open_copy(source, "", Pinned(snapshots={}, users={}), [])
        with pytest.raises(RenderError, match="still running after 2 s"):
            copy.install("")


# Where the program comes from


def test_a_program_is_downloaded_once_and_checked(bench: Bench, tmp_path: Path) -> None:
    bench.write(STATIC)
    content = (bench.tools / "fab").read_bytes()
    (bench.tools / "fab").unlink()
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    with serve(certificate=certificate) as site:
        address = site.answer("/fab", content)
        right = f"{address}#sha256={hashlib.sha256(content).hexdigest()}"
        done = bench.render("prod", "--fab", right, SSL_CERT_FILE=str(certificate))
        assert done.code == 0, done.log
        assert site.paths() == ["/fab"]
        bad = bench.render("prod", "--fab", f"{address}#sha256={'0' * 64}", SSL_CERT_FILE=str(certificate))
    assert bad.code == 1
    assert "its digest is sha256:" in bad.log


@pytest.mark.parametrize("engine", ["native", "fab"])
def test_the_helm_program_may_be_downloaded_too(bench: Bench, tmp_path: Path, engine: str) -> None:
    entry = "name: cluster\nsubcomponents:\n  - name: app\n    type: helm\n    path: chart\n"
    bench.write(
        {"component.yaml": entry} | {f"chart/{name}": text for name, text in chart_files("app").items()}
    )
    (bench.tools / "helm").unlink()
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    content = b"#!/bin/sh\nexec '%s' \"$@\"\n" % os.fsencode(helm_program())
    with serve(certificate=certificate) as site:
        address = f"{site.answer('/helm', content)}#sha256={hashlib.sha256(content).hexdigest()}"
        words = ("prod", "--engine", engine, "--helm", address)
        done = bench.render(*words, SSL_CERT_FILE=str(certificate))
    assert done.code == 0, done.log
    assert site.paths() == ["/helm"]
    assert list(bench.output()) == ["app.yaml"]


# Comparing


def test_compare_shows_known_differences_and_ends_well(bench: Bench) -> None:
    entry = "name: cluster\nsubcomponents:\n  - name: app\n    type: helm\n    path: chart\n"
    hld = bench.write({"component.yaml": entry})
    bench.write({f"chart/{name}": text for name, text in chart_files("app").items()})
    behave(bench, "helm-warning")
    done = bench.run("compare", hld, "prod")
    assert done.code == 0, done.log
    assert "an empty file, of fab only (bug 2)" in done.log
    assert "+ WARNING: This chart is deprecated" in done.log
    assert "2 differences with a known reason, 0 without one" in done.log


def test_compare_ends_with_1_if_a_difference_has_no_known_reason(bench: Bench) -> None:
    hld = bench.write(STATIC)
    behave(bench, "rename cat.yaml dog.yaml")
    done = bench.run("compare", hld, "prod")
    assert done.code == 1
    assert "ServiceAccount cat: not in fab's" in done.log
    assert "2 without one" in done.log


def test_compare_explains_what_only_one_engine_refuses(bench: Bench) -> None:
    twin = "  - {name: twin, type: static, path: manifests}\n"
    hld = bench.write({**STATIC, "component.yaml": f"name: cluster\nsubcomponents:\n{twin}{twin}"})
    done = bench.run("compare", hld, "prod")
    assert done.code == 0, done.log
    assert "the native engine refuses the definition" in done.log
    assert "bug 1:" in done.log


def test_compare_of_what_both_refuse_is_an_error(bench: Bench) -> None:
    hld = bench.write(
        {"component.yaml": "name: cluster\nsubcomponents:\n  - name: a\n    source: ./missing\n"}
    )
    done = bench.run("compare", hld, "prod")
    assert done.code == 1
    assert "there is no component.yaml" in done.log


def test_equal_manifests_are_said_to_be(bench: Bench) -> None:
    done = bench.run("compare", bench.write(STATIC), "prod")
    assert done.code == 0
    assert "Both engines give the same manifests." in done.log


@pytest.mark.parametrize("place", ["", "clusters/west", "clusters"])
def test_a_relative_git_source_starts_at_the_definition(place: str, bench: Bench) -> None:
    source = repository(bench, STATIC)
    source.commit({**STATIC, "manifests/account.yaml": ACCOUNT.format("stable")}, branch="stable")
    up = "../" * (1 + len([part for part in place.split("/") if part]))
    entries = (
        f"  - {{name: cat, method: git, source: {up}git/cat.git}}\n"
        f"  - {{name: dog, method: git, source: {up}git/cat.git, version: stable}}\n"
    )
    hld = bench.write({f"{place}/component.yaml".lstrip("/"): f"name: cluster\nsubcomponents:\n{entries}"})
    (hld / ".git").mkdir()
    done = bench.render("--hld-path", place or ".")
    assert done.code == 0, done.log
    assert "name: cat" in bench.output()["cat/cat.yaml"]
    assert "name: stable" in bench.output()["dog/cat.yaml"]


def test_compare_reads_a_relative_git_source_as_render_does(bench: Bench) -> None:
    repository(bench, STATIC)
    entry = "  - {name: cat, method: git, source: ../git/cat.git}\n"
    hld = bench.write({"component.yaml": f"name: cluster\nsubcomponents:\n{entry}"})
    done = bench.run("compare", hld)
    assert done.code == 0, done.log
    assert "1 difference with a known reason, 0 without one" in done.log, "the empty file of the root"


def test_help_tells_what_the_exit_code_means(bench: Bench) -> None:
    assert "known reason" in bench.run("compare", "--help").log
