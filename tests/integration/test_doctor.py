"""What `promotion doctor` finds: the real program on the example estate, a git server and the fake GitHub."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import TOKEN, Estate
from support.estate_copies import copy_server
from support.github_apps import APP_ID, FakeApp
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub, Fault
from support.gitserver import GitServer
from support.prepared import run_program

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BRANCHES = ("dev", "stage", "prod")
NAMES = ("--hld-repository", "acme/cluster-hld", "--manifest-repository", "acme/cluster-manifests")
DOCTOR = (
    *("doctor", "--hld", "acme/cluster-hld", "--manifests", "acme/cluster-manifests"),
    *("--application", "acme/cat-application", "--application", "acme/dog-application"),
)


class Project:
    """The estate as `promotion init` sets it up, protected, with the manifests of `dev`."""

    def __init__(self, server: GitServer, folder: Path, github: FakeGitHub) -> None:
        self.server, self.github, self.folder = server, github, folder
        self.estate = Estate(server, folder, api_url=github.url)
        self.mirrors = {}
        github.deny("users.get_authenticated")
        for name in ("cluster-hld", "cat-application", "dog-application", "cloud-native"):
            if self.estate.repository(name).exists(BRANCHES[-1]):
                continue  # as in a copy
            if name != "cloud-native":
                self.init(name, "hld" if name == "cluster-hld" else "application")
            for branch in BRANCHES[1:]:
                self.estate.repository(name).git("branch", branch, "dev")
        for name in ("cluster-hld", "cat-application", "dog-application", "cluster-manifests"):
            mirror = github.add(MirroredRepository(f"acme/{name}", self.estate.repository(name)))
            mirror.default_branch = "dev"
            mirror.settings["permissions"] = {"admin": False, "push": True, "pull": True}
            self.mirrors[name] = mirror

    def init(self, name: str, kind: str) -> None:
        clone = self.folder / f"clone-{name}"
        clone.mkdir(parents=True)
        done = self.run("init", kind, str(clone), *NAMES, "--action", f"acme/gitops-promotion@{COMMIT}")
        assert done.returncode == 0, done.stderr
        files = (path for path in clone.rglob("*") if path.is_file())
        content = {path.relative_to(clone).as_posix(): path.read_text("utf-8") for path in files}
        self.estate.repository(name).commit(content)

    def protect(self) -> None:
        for name in ("cluster-hld", "cat-application", "dog-application"):
            done = self.run("guard", "audit", "--repository", f"acme/{name}", "--apply")
            assert done.returncode == 0, done.stderr

    def materialize(self) -> None:
        done = self.estate.run(self.estate.push_event())
        assert done.code == 0, done.log

    def commit(self, name: str, files: dict[str, str | None], branch: str = "dev") -> None:
        self.estate.repository(name).commit(files, branch=branch)

    def run(
        self, *words: str, token: str = TOKEN, waits: bool = True, **inputs: str
    ) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": os.environ["PATH"],
            "GITHUB_SERVER_URL": self.server.url,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": token,
            **{f"INPUT_{name.replace('_', '-').upper()}": text for name, text in inputs.items()},
        }
        return run_program(words, env=variables, waits=waits)


@pytest.fixture
def project(tmp_path: Path, github: FakeGitHub) -> Iterator[Project]:
    with copy_server(tmp_path / "repositories", set_up_project) as server:
        yield Project(server, tmp_path / "work", github)


def set_up_project(server: GitServer, folder: Path) -> None:
    with FakeGitHub() as github:
        Project(server, folder, github)


def wrong(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What is wrong, each with its area."""
    area, found = "", []
    for line in done.stdout.splitlines():
        if line and not line.startswith(" "):
            area = line
        elif line.startswith("  ✗ "):
            found.append(f"{area}: {line[4:]}")
    return found


def test_an_estate_that_init_and_audit_set_up_has_nothing_wrong(project: Project) -> None:
    project.protect()
    project.materialize()
    before = project.estate.manifests.tip("dev")
    done = project.run(*DOCTOR)
    assert (done.returncode, wrong(done)) == (0, []), done.stdout + done.stderr
    assert "✓ the API takes the token; 4999 of 5000 requests are left" in done.stdout
    assert done.stdout.count("✓ pushes to dev, stage, prod materialise the cluster") == 3
    assert done.stdout.count("✓ its branches are protected as the promotion rules need") == 3
    assert done.stdout.count("✓ the definition has 5 components; all its 4 sources can be read") == 3
    assert "acme/cluster-manifests dev\n  ✓ 5 manifests, as the last run left them" in done.stdout
    assert "acme/cluster-manifests stage\n  ✓ isn't there yet: the first run creates it" in done.stdout
    assert (project.estate.manifests.tip("dev"), branches(project)) == (before, ["dev"]), "it only looks"


def test_one_source_is_told_as_one(project: Project) -> None:
    files = {"component.yaml": "name: all\ntype: static\npath: files\n", "files/a.yaml": "kind: A\n"}
    project.commit("cluster-hld", {**files}, branch="stage")
    done = project.run(*DOCTOR)
    assert "✓ the definition has 1 component; its source can be read" in done.stdout, done.stdout


def branches(project: Project) -> list[str]:
    return project.estate.manifests.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()


def test_each_thing_that_is_wrong_is_a_line_of_its_own(project: Project) -> None:
    """No protection, no rights, a missing branch, a broken definition, a workflow with another's names."""
    project.server.allow(TOKEN, "acme/cluster-manifests", "read")
    project.mirrors["cluster-manifests"].settings["permissions"]["push"] = False
    project.estate.repository("cat-application").git("branch", "-D", "prod")
    project.mirrors["cat-application"].branches.pop("prod")
    project.commit("cluster-hld", {"component.yaml": "name: [\n"}, branch="stage")
    path = ".github/workflows/promotion.yml"
    text = project.estate.repository("dog-application").read(path, "prod")
    renamed = text.replace("acme/cluster-manifests", "acme/other")
    project.commit("dog-application", {path: renamed}, branch="prod")
    project.commit("dog-application", {".github/workflows/guard.yml": None})
    done = project.run(*DOCTOR)
    found = "\n".join(wrong(done))
    assert done.returncode == 1
    unprotected = "doesn't require a pull request; doesn't require the check `promotion: prod`"
    assert f"acme/cluster-hld: prod {unprotected}; can be force-pushed; can be deleted" in found
    assert "promotion guard audit --repository acme/cluster-hld --apply" in done.stdout
    assert "acme/cluster-manifests can't be written: Write access to repository not granted" in found
    assert "acme/cluster-manifests: may be read with this token, not written" in found
    assert "acme/cat-application has no branch or tag 'prod'" in found
    assert "acme/cat-application: prod doesn't exist" in found
    assert "acme/cluster-hld stage: component.yaml:2:1" in found
    assert "acme/dog-application: prod: promotion.yml writes acme/other, not acme/cluster-manifests" in found
    assert "acme/dog-application: has no workflow with the guard on its default branch" in found
    assert "acme/cluster-hld prod\n  ✓ the definition has 5 components" in done.stdout, "the others go on"


def test_what_is_held_back_is_named_and_each_part_that_cannot_be_read(project: Project) -> None:
    project.materialize()
    for name in ("cat-application", "dog-application"):
        project.commit(name, {"hld/component.yaml": "name: [open"})
    done = project.estate.run(project.estate.push_event("cloud-native"))
    assert done.code == 0, done.log
    told = project.run(*DOCTOR)
    found = "\n".join(wrong(told))
    assert told.returncode == 1
    for name in ("cat-application", "dog-application"):
        assert f"acme/cluster-hld dev: {name} can't be published: hld/component.yaml:" in found
        assert f"acme/cluster-manifests dev: {name} is held back; " in found
        assert f"Mend it in {project.server.url}/acme/{name}.git: the next run publishes it." in told.stdout


def test_what_flux_would_trip_over(project: Project) -> None:
    project.materialize()
    resources = "resources:\n- cat-application/cat-application.yaml\n- gone.yaml\n"
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: hunter2}\n"
    project.commit(
        "cluster-manifests",
        {
            "kustomization.yaml": resources,
            "dog-application/dog-application.yaml": secret,
            ".github/workflows/ci.yml": "on: push\n",
        },
    )
    found = "\n".join(wrong(project.run(*DOCTOR)))
    assert "not as the last run left them: dog-application/dog-application.yaml" in found
    assert "kustomization.yaml leaves out manifests, which Flux won't apply: " in found
    assert "Flux would stop at kustomization.yaml names gone.yaml, which isn't there" in found
    assert "1 Secret in plain text: */x" in found
    project.commit("cluster-manifests", {"kustomization.yaml": None, "docs/notes.yml": "just: notes\n"})
    found = "\n".join(wrong(project.run(*DOCTOR)))
    assert "Flux would stop at docs/notes.yml, which isn't a Kubernetes resource" in found
    assert ".github" not in found, "Flux never sees it"


def test_without_a_token_the_rest_is_checked(project: Project) -> None:
    done = project.run(*DOCTOR, token="")
    assert done.returncode == 1
    assert wrong(done)[0] == "GitHub: there is no token"
    assert "can't be read: it asks for a token" in done.stdout
    assert done.stdout.count("? the branches' protection can't be seen without a token") == 3
    assert project.github.seen == []


def test_an_api_that_is_down_doesnt_hide_what_git_says(project: Project) -> None:
    project.github.faults.append(Fault("*", 500))
    done = project.run(*DOCTOR, waits=False)
    assert "GitHub: GitHub answered 500 to GET /rate_limit: Server Error" in wrong(done)
    assert "✓ can be written with git (nothing was)" in done.stdout
    assert done.stdout.count("✓ the definition has 5 components") == 3


def test_few_requests_are_told(project: Project) -> None:
    project.github.remaining = 7
    found = wrong(project.run(*DOCTOR))
    assert "GitHub: the API answers, but 7 of 5000 requests are left in this hour" in found
    assert branches(project) == [], "the push that is tried makes no branch"


def test_as_json_for_programs(project: Project) -> None:
    done = project.run(*DOCTOR, "--json")
    checks = json.loads(done.stdout)
    assert {check["mark"] for check in checks} == {"ok", "wrong", "unknown"}
    assert all(check.keys() == {"area", "mark", "what", "fix"} for check in checks)
    assert all(check["fix"] for check in checks if check["mark"] == "wrong")
    secrets = sorted(
        {word for check in checks for word in (*check, check["area"], check["mark"]) if word[3:]}
    )
    hidden = json.loads(project.run(*DOCTOR, "--json", ssh_key="\n".join(secrets)).stdout)
    assert "***" in json.dumps(hidden), "they are secrets"
    assert [(each["area"], each["mark"]) for each in hidden] == [
        (each["area"], each["mark"]) for each in checks
    ]


def test_a_token_that_github_doesnt_take_is_told(project: Project) -> None:
    project.github.faults.append(Fault("*", 401, "Bad credentials"))
    done = project.run(*DOCTOR)
    assert "GitHub: GitHub doesn't take the token (Bad credentials)" in wrong(done)


def test_an_app_does_as_well_as_a_token(project: Project) -> None:
    project.protect()
    app = project.github.app = FakeApp(project.server)
    app.install("acme", contents="write", administration="read")
    done = project.run(*DOCTOR, token="", app_id=APP_ID, app_private_key=app.pem)
    assert (done.returncode, wrong(done)) == (0, []), done.stdout + done.stderr
    assert "✓ can be written with git (nothing was)" in done.stdout


def test_an_app_that_may_only_read_is_told(project: Project) -> None:
    app = project.github.app = FakeApp(project.server)
    app.install("acme", contents="read")
    found = "\n".join(wrong(project.run(*DOCTOR, token="", app_id=APP_ID, app_private_key=app.pem)))
    assert "acme/cluster-manifests: " in found
    assert "contents: write" in found or "contents=write" in found
