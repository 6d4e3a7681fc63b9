"""What merging would change: the real program on the example estate, a git server and the fake GitHub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from support.estate import ROOT, Estate, Finished
from support.estate_copies import copy_server, create_estate
from support.github_events import pull_event
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import NOBODY, GitServer
from support.markup import check_markup
from support.prepared import run_program
from support.runner import Step
from support.webserver import serve

CONFIG = "hld/config/common.yaml"
NEW_IMAGE = 'config:\n  image:\n    repository: ghcr.io/acme/cat-application\n    tag: "1.2.0"\n'


class Project:
    """The estate with its repositories on the fake GitHub, and pull requests into `dev`."""

    def __init__(self, server: GitServer, folder: Path, github: FakeGitHub) -> None:
        self.estate = Estate(server, folder, api_url=github.url)
        self.github, self.server = github, server
        github.deny("users.get_authenticated")  # as for the job's own token
        self.repositories = {
            name: github.add(MirroredRepository(f"acme/{name}", self.estate.repository(name)))
            for name in ("cat-application", "cluster-hld")
        }

    def branch(self, name: str, files: dict[str, str | None], *, branch: str = "feature") -> str:
        """A branch with one more commit than `dev`, or than it had."""
        real = self.estate.repository(name)
        if not real.git("for-each-ref", f"refs/heads/{branch}"):
            real.git("branch", branch, "dev")
        commit = real.commit(files, branch=branch)
        self.repositories[name].refresh()
        return commit

    def fork(self, name: str, files: dict[str, str | None]) -> None:
        """A pull request of a fork, whose commit the repository has as `refs/pull/1/head` alone."""
        commit = self.branch(name, files)
        real, repository = self.estate.repository(name), self.repositories[name]
        real.git("update-ref", "refs/pull/1/head", commit)
        real.git("branch", "-D", "feature")
        fork = self.github.add(repository.fork("mallory"))
        fork.branches["feature"] = commit
        repository.refresh()
        repository.open_pull("feature", "dev", author="mallory", fork=fork)

    def step(self, name: str, action: str = "opened", *, event: str = "pull_request", **inputs: str) -> Step:
        """A run of the action for the pull request of `feature`, which is opened or has new commits."""
        repository = self.repositories[name]
        if not repository.pulls:
            repository.open_pull("feature", "dev")
        repository.synchronize(repository.pulls[1])
        payload = pull_event(repository, repository.pulls[1], action)
        return self.estate.step(event, payload, action="preview", **inputs)

    def preview(self, name: str, action: str = "opened", **inputs: str) -> Finished:
        done = self.estate.run(self.step(name, action, **inputs))
        assert done.code == 0, done.log
        return done

    def comments(self, name: str) -> list[str]:
        return [comment.body for comment in self.repositories[name].comments]


@pytest.fixture
def project(tmp_path: Path, github: FakeGitHub) -> Iterator[Project]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Project(server, tmp_path, github)


def test_an_application_sees_what_its_pull_request_changes(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application")
    (comment,) = project.comments("cat-application")
    for text in (comment, done.step.summary):
        assert "Merging changes 1 resource in dev" in text
        assert "| `Deployment cats/cat-application` | `cat-application` |" in text
        assert '+        image: "ghcr.io/acme/cat-application:1.2.0"' in text
    assert "actions/runs/8152341234" in comment
    outputs = done.step.outputs
    whole = (done.step.workspace / outputs.pop("diff")).read_text("utf-8")
    assert '-        image: "ghcr.io/acme/cat-application:1.1.0"' in whole
    assert outputs.pop("comment").startswith("https://")
    assert outputs == {
        "changed": "true",
        "environment": "dev",
        "added": "0",
        "changed-resources": "1",
        "removed": "0",
        "risks": "0",
        "held": "",
    }


def test_only_what_changes_is_made_twice_and_the_manifests_are_not_asked_for(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application")
    assert "Rendered 5 components, kept 0" in done.log
    assert "Rendered 1 component, kept 4" in done.log
    fetched = [request.path for request in project.server.requests if request.command == "fetch"]
    once = [path for path in fetched if "cat-application" not in path]
    assert len(once) == len(set(once)) == 3
    assert not [request for request in project.server.requests if "cluster-manifests" in request.path]


def test_the_definition_sees_what_its_pull_request_changes(project: Project) -> None:
    config = "subcomponents:\n  cat-application:\n    config:\n      replicas: 2\n"
    project.branch("cluster-hld", {"config/dev.yaml": config})
    done = project.preview("cluster-hld", hld_repository="")
    assert done.step.outputs["changed-resources"] == "1"
    assert "+  replicas: 2" in project.comments("cluster-hld")[0]


def test_what_the_part_may_not_make_is_said_before_the_merge(project: Project) -> None:
    rules = 'cat-application: {namespaces: [cats], images: [ghcr.io/acme/cat-application]}\n"*": any\n'
    project.estate.repository("cluster-hld").commit({".github/promotion-ownership.yml": rules}, branch="dev")
    other = NEW_IMAGE.replace("acme/cat-application", "evil/miner")
    project.branch("cat-application", {CONFIG: other})
    done = project.estate.run(project.step("cat-application"))
    assert done.code == 1
    (comment,) = project.comments("cat-application")
    for text in (comment, done.log):
        assert "the part cat-application may have images" in text


def test_what_came_to_the_target_meanwhile_is_not_part_of_it(project: Project) -> None:
    project.branch("cat-application", {"README.md": "Nothing of the cluster."})
    project.estate.release("9.9.9")
    project.repositories["cat-application"].refresh()
    done = project.preview("cat-application")
    assert done.step.outputs["changed"] == "false"
    assert project.comments("cat-application") == []


def test_the_comment_follows_the_pull_request_and_goes_when_nothing_changes(project: Project) -> None:
    before = project.estate.repository("cat-application").read(CONFIG)
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    project.preview("cat-application")
    project.branch("cat-application", {CONFIG: NEW_IMAGE.replace("1.2.0", "1.3.0")})
    project.preview("cat-application", "synchronize")
    (comment,) = project.comments("cat-application")
    assert "1.3.0" in comment
    assert "1.2.0" not in comment
    project.branch("cat-application", {CONFIG: before})
    done = project.preview("cat-application", "synchronize")
    assert project.comments("cat-application") == []
    assert (done.step.outputs["comment"], done.step.outputs["diff"]) == ("", "")


def test_risks_stand_at_the_top(project: Project) -> None:
    config = "subcomponents:\n  cat-application:\n    config:\n      replicas: 0\n"
    definition = project.estate.repository("cluster-hld").read("component.yaml")
    project.branch("cluster-hld", {
        "config/dev.yaml": config,
        "component.yaml": definition.partition("  - name: dog-application")[0],
    })  # fmt: skip
    done = project.preview("cluster-hld", hld_repository="")
    (comment,) = project.comments("cluster-hld")
    risks = comment.partition("Look twice")[2].partition("\n\n| ")[0].strip().splitlines()
    assert risks == [
        "- `Service dogs/dog-application` in `dog-application` is deleted",
        "- `Deployment dogs/dog-application` in `dog-application` is deleted",
        "- `Deployment cats/cat-application` in `cat-application` is scaled to 0: nothing of it runs",
    ]
    assert (done.step.outputs["risks"], done.step.outputs["removed"]) == ("3", "2")


def test_no_value_of_a_secret_is_shown(project: Project) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\nstringData:\n  password: {}\n"
    path = "hld/chart/templates/secret.yaml"
    project.estate.repository("cat-application").commit({path: secret.format("hunter2-before")})
    project.branch("cat-application", {path: secret.format("hunter2-after")})
    done = project.preview("cat-application")
    (comment,) = project.comments("cat-application")
    assert "password: (hidden, changed)" in comment
    whole = (done.step.workspace / done.step.outputs["diff"]).read_text("utf-8")
    assert "hunter2" not in comment + done.step.summary + done.log + whole


def test_what_is_wrong_with_the_change_is_told(project: Project) -> None:
    path = "hld/chart/templates/service.yaml"
    before = project.estate.repository("cat-application").read(path)
    project.branch("cat-application", {path: before.replace("port: 80\n", "port: eighty\n")})
    project.preview("cat-application")
    assert "> ⚠️ component cat-application" in project.comments("cat-application")[0]


class TestFork:
    def open_to_all(self, project: Project, *names: str) -> None:
        for name in names:
            project.server.allow(NOBODY, f"acme/{name}", "read")

    def test_gets_a_summary_without_a_comment_or_any_secret(self, project: Project) -> None:
        self.open_to_all(project, "cluster-hld", "dog-application", "cloud-native")
        project.fork("cat-application", {CONFIG: NEW_IMAGE})
        done = project.preview(
            "cat-application", source_token="ghs_a_secret_that_is_not_for_forks", app_id="1"
        )
        assert "1.1.0 → 1.2.0" in done.step.summary
        assert project.comments("cat-application") == []
        assert project.github.count("issues.create_comment") == 0
        sent = {request.path.split("/")[2] for request in project.server.requests if request.authorization}
        assert sent == {"cat-application.git"}

    def test_ends_green_where_a_repository_is_private(self, project: Project) -> None:
        project.fork("cat-application", {CONFIG: NEW_IMAGE})
        done = project.preview("cat-application")
        assert "::notice::the pull request of a fork can't be previewed without credentials" in done.log
        assert "acme/cluster-hld" in done.step.summary
        assert set(done.step.outputs.values()) == {""}

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    @pytest.mark.parametrize(
        "entry",
        [
            "{type: static, method: http, source: 'http://HOST/a.yaml'}",
            "{type: helm, method: helm, source: 'http://HOST', path: c}",
            "{type: helm, method: helm, source: 'oci://HOST/charts', path: c}",
            "{method: git, source: 'http://HOST/a.git', branch: main}",
        ],
        ids=["http", "helm", "oci", "git"],
    )
    def test_reaches_no_private_network(self, project: Project, entry: str, host: str) -> None:
        self.open_to_all(project, "cluster-hld", "dog-application", "cloud-native")
        component = project.estate.repository("cat-application").read("hld/component.yaml")
        with serve() as inside:
            inside.answer("/a.yaml", b"kind: Secret\nmetadata: {name: inside}\n")
            named = entry.replace("HOST", f"{host}:{inside.port}").replace("{", "{name: spy, ", 1)
            project.fork(
                "cat-application", {"hld/component.yaml": f"{component}\nsubcomponents: [{named}]\n"}
            )
            done = project.preview("cat-application")
            assert not inside.asked
        assert "is on a private network" in done.step.summary
        assert "kind: Secret" not in done.step.summary

    def test_of_the_definition_itself(self, project: Project) -> None:
        self.open_to_all(project, "cat-application", "dog-application", "cloud-native")
        config = "subcomponents:\n  cat-application:\n    config:\n      replicas: 2\n"
        project.fork("cluster-hld", {"config/dev.yaml": config})
        done = project.preview("cluster-hld", hld_repository="")
        assert done.step.outputs["changed-resources"] == "1"

    def test_is_refused_where_the_token_may_write(self, project: Project) -> None:
        project.fork("cat-application", {CONFIG: NEW_IMAGE})
        done = project.preview("cat-application", event="pull_request_target")
        assert "::notice::pull requests of forks aren't previewed on `pull_request_target`" in done.log
        assert not project.server.requests
        assert not project.github.seen

    def test_runs_no_hooks(self, project: Project, tmp_path: Path) -> None:
        self.open_to_all(project, "cluster-hld", "dog-application", "cloud-native")
        mark = tmp_path / "was-here"
        component = project.estate.repository("cat-application").read("hld/component.yaml")
        hooks = f"{component}\nhooks:\n  before-install: [touch {mark}]\n"
        project.fork("cat-application", {"hld/component.yaml": hooks})
        done = project.estate.run(project.step("cat-application", hooks="allow"))
        assert done.code == 1
        assert "hooks" in done.errors[0]
        assert not mark.exists()


def test_an_old_run_does_not_overwrite_what_the_newer_says(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    old = project.step("cat-application")
    project.branch("cat-application", {CONFIG: NEW_IMAGE.replace("1.2.0", "1.3.0")})
    project.preview("cat-application", "synchronize")
    done = project.estate.run(old)
    assert (done.code, "has changed since this run began" in done.log) == (0, True)
    assert "1.3.0" in project.comments("cat-application")[0]


def test_a_branch_that_is_no_environment_ends_green(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application", environments="stage, prod")
    assert "::notice::branch dev is no environment" in done.log
    assert done.step.outputs["changed"] == ""


def test_a_branch_that_the_environment_does_not_use_says_so(project: Project) -> None:
    stage = {"component.yaml": project.estate.repository("cluster-hld").read("component.yaml")}
    stage["component.yaml"] = stage["component.yaml"].replace("branch: dev", "branch: v1")
    for name in ("cat-application", "dog-application", "cloud-native"):
        project.estate.repository(name).tag("v1")
    project.estate.repository("cluster-hld").commit(dict(stage))
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application")
    assert "::notice::dev takes nothing from the branch dev of " in done.log
    assert done.step.outputs["changed"] == "false"


def test_a_change_that_cannot_be_materialised_fails_and_the_comment_says_why(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    project.preview("cat-application")
    project.branch("cat-application", {"hld/chart/values.yaml": "replicas: [\n"})
    done = project.estate.run(project.step("cat-application", "synchronize", on_failure="stop"))
    assert done.code == 1
    (comment,) = project.comments("cat-application")
    assert "with this change the environment can't be materialised" in comment
    assert "`cat-application`" in comment


BROKEN = {"hld/chart/templates/x.yaml": '{{ fail "no cats" }}'}


def test_what_merging_would_hold_back_fails_and_the_rest_is_compared(project: Project) -> None:
    project.branch("cat-application", BROKEN)
    done = project.estate.run(project.step("cat-application"))
    assert done.code == 1
    (error,) = done.errors
    assert "merging this would be held back: cat-application: " in error
    assert "no cats" in error
    (comment,) = project.comments("cat-application")
    for text in (comment, done.step.summary):
        assert "#### ⛔ Merging this would be held back" in text
        assert "no cats" in text
    assert (done.step.outputs["held"], done.step.outputs["changed"]) == ('["cat-application"]', "false")


def test_what_is_broken_without_the_change_does_not_fail_it(project: Project) -> None:
    project.estate.repository("dog-application").commit({"hld/component.yaml": "name: [open"})
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application")
    (comment,) = project.comments("cat-application")
    assert "Merging changes 1 resource in dev" in comment
    assert "dog-application is held back in any case, also without this" in comment
    assert "⛔" not in comment
    assert done.step.outputs["held"] == ""
    project.branch("cat-application", BROKEN)
    assert project.estate.run(project.step("cat-application", "synchronize")).code == 1
    stopped = project.estate.run(project.step("cat-application", "synchronize", on_failure="stop"))
    assert stopped.code == 1
    assert "dog" in "".join(stopped.errors)


def test_what_a_change_leaves_broken_fails_it_and_what_it_mends_is_welcome(project: Project) -> None:
    project.estate.repository("cat-application").commit(BROKEN)
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    assert project.estate.run(project.step("cat-application")).code == 1
    project.branch("cat-application", dict.fromkeys(BROKEN))
    done = project.preview("cat-application", "synchronize")
    (comment,) = project.comments("cat-application")
    assert "cat-application is held back as it is; with this change it isn't" in comment
    assert done.step.outputs["changed"] == "false"


def test_a_broken_part_of_the_definition_s_own_fails_no_other_change_there(project: Project) -> None:
    hld = project.estate.repository("cluster-hld")
    text = hld.read("component.yaml").rstrip()
    chart = {"two/Chart.yaml": "apiVersion: v2\nname: two\nversion: 0.1.0\n"}
    broken = chart | {"two/templates/b.yaml": '{{ fail "no two" }}'}
    hld.commit({"component.yaml": f"{text}\n  - {{name: two, type: helm, path: ./two}}\n", **broken})
    config = "subcomponents:\n  cat-application:\n    config:\n      replicas: 2\n"
    project.branch("cluster-hld", {"config/dev.yaml": config})
    done = project.preview("cluster-hld", hld_repository="")
    assert (done.step.outputs["changed-resources"], done.step.outputs["held"]) == ("1", "")
    assert "two is held back in any case, also without this" in project.comments("cluster-hld")[0]


def test_a_breach_of_ownership_that_was_there_before_is_not_the_change_s(project: Project) -> None:
    rules = 'dog-application: {namespaces: [cats]}\n"*": any\n'
    hld = project.estate.repository("cluster-hld")
    hld.commit({".github/promotion-ownership.yml": rules}, branch="dev")
    config = "subcomponents:\n  cat-application:\n    config:\n      replicas: 2\n"
    project.branch("cluster-hld", {"config/dev.yaml": config})
    done = project.preview("cluster-hld", hld_repository="")
    assert done.step.outputs["changed-resources"] == "1"
    project.branch(
        "cluster-hld", {".github/promotion-ownership.yml": rules.replace("any", "{namespaces: [birds]}")}
    )
    stricter = project.estate.run(project.step("cluster-hld", "synchronize", hld_repository=""))
    assert stricter.code == 1
    assert "cat-application" in stricter.step.outputs["held"]
    assert "dog-application" not in stricter.step.outputs["held"]


def test_a_change_that_mends_the_environment_is_welcome(project: Project) -> None:
    values = project.estate.repository("cat-application").read("hld/chart/values.yaml")
    project.estate.repository("cat-application").commit({"hld/chart/values.yaml": "replicas: [\n"})
    project.branch("cat-application", {"hld/chart/values.yaml": values})
    project.preview("cat-application", on_failure="stop")
    (comment,) = project.comments("cat-application")
    assert "Dev can't be materialised as it is; with this change it can." in comment


def test_a_token_that_may_only_read_leaves_a_notice(project: Project) -> None:
    project.github.deny("issues.create_comment")
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application")
    assert "The token needs `pull-requests: write`" in done.log
    assert done.step.outputs["changed"] == "true"


def test_without_the_comment_no_comment_is_asked_for(project: Project) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = project.preview("cat-application", comment="false")
    assert project.github.count("issues.list_comments") == 0
    assert "1.1.0 → 1.2.0" in done.step.summary


def test_hostile_names_stay_names(project: Project) -> None:
    name = "</summary></details>@octocat fixes #1"
    path = "hld/chart/templates/evil.yaml"
    evil = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name!r}\ndata:\n  a: |\n    ```\n    b\n"
    project.branch("cat-application", {path: evil})
    project.preview("cat-application")
    (comment,) = project.comments("cat-application")
    check_markup(comment)
    assert "````diff" in comment
    assert name not in re.sub("`[^`]+`|^````(?s:.*?)^````", "", comment, flags=re.MULTILINE)


def test_another_event_is_an_error(project: Project) -> None:
    step = project.estate.push_event()
    again = project.estate.step("push", step.payload, action="preview")
    done = project.estate.run(again)
    assert (done.code, "is about no pull request" in done.errors[0]) == (2, True)


def on_a_terminal(project: Project, folder: Path, repository: str, head: str) -> CompletedProcess[str]:
    """Preview a branch of a repository of which this machine has all sources."""
    root = project.server.root / "acme"
    definition = project.estate.repository("cluster-hld")
    text = definition.read("component.yaml").replace(f"{project.server.url}/acme", str(root))
    definition.commit({"component.yaml": text})
    words = ["preview", "--environment", "dev", "--hld-repository", root / "cluster-hld.git"]
    words += ["--repository", root / f"{repository}.git", "--head", head]
    return run_program(words, cwd=folder, env={"PATH": os.environ["PATH"]})


def test_a_branch_is_previewed_on_a_terminal(project: Project, tmp_path: Path) -> None:
    project.branch("cat-application", {CONFIG: NEW_IMAGE})
    done = on_a_terminal(project, tmp_path, "cat-application", "feature")
    assert done.returncode == 0, done.stderr
    assert "merging changes 1 resource in dev" in done.stderr
    assert '+        image: "ghcr.io/acme/cat-application:1.2.0"' in done.stderr


def test_a_repository_that_the_definition_does_not_take_is_looked_at_all_the_same(
    project: Project, tmp_path: Path
) -> None:
    project.estate.manifests.commit({"README.md": "of somebody else"})
    unused = on_a_terminal(project, tmp_path, "cluster-manifests", "dev")
    assert unused.returncode == 0, unused.stderr
    assert "takes nothing from the branch dev of" in unused.stderr
    assert re.search(r"takes from .*cat-application\.git at dev, .*cluster-hld\.git at dev", unused.stderr)
    for repository, head in (("cluster-manifests", "nowhere"), ("nothing", "dev")):
        missing = on_a_terminal(project, tmp_path, repository, head)
        assert missing.returncode == 1, missing.stderr
        assert f"{repository}.git" in missing.stderr
        assert "Resolve" not in missing.stderr, "the head is looked at first"


def test_a_terminal_where_nobody_names_an_environment(tmp_path: Path) -> None:
    done = run_program(["preview", "--head", "feature"], cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 2
    assert "no environment is named. Set --environment to one of dev, stage, prod." in done.stderr


def test_the_example_runs_the_action_with_the_least_permissions() -> None:
    text = (ROOT / "examples/workflows/preview.yml").read_text("utf-8")
    workflow = yaml.load(text, yaml.BaseLoader)  # noqa: S506
    assert set(workflow["on"]["pull_request"]["types"]) == {"opened", "synchronize", "reopened", "edited"}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert job["steps"][0]["uses"].startswith("acme/gitops-promotion/preview@")
    known = yaml.safe_load((ROOT / "preview/action.yml").read_text("utf-8"))["inputs"]
    assert job["steps"][0]["with"].keys() <= known.keys()
