"""Secrets that are made of our own words: `true`, a marker, what git says of a push, a line of JSON.

Whoever sets a secret may choose such a word without meaning it; whoever writes into a repository may choose
it on purpose, and then it is no secret of ours.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promotion.commands.guard.report import MARKER as GUARD_MARKER
from support import payloads
from support.charts import write_repository
from support.estate import Estate, Finished
from support.estate_copies import copy_server, create_estate
from support.github_events import pull_event
from support.github_mirror import LiveRepository, MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import Fault, GitServer
from support.guard_world import TOKEN, World
from support.prepared import run_program
from support.runner import Step
from support.terminal_program import start
from support.webserver import serve

pytestmark = pytest.mark.siege

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "hld/config/common.yaml"
THE_PUSH = "cluster-manifests.git/git-receive-pack"
SENTENCES = {"warnings", "notes", "diff", "message", "fix", "notices", "what"}
# Each of git's words that a refusal or a lost race is recognised by.
GITS_WORDS = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "[rejected]",
    "rejected",
    "failed to push some refs",
    "refs/heads/dev",
    "cannot lock ref",
    "error:",
    "remote:",
)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Estate(server, tmp_path / "steps")


def succeed(done: Finished) -> Finished:
    assert done.code == 0, done.log
    return done


def make_secrets(*texts: str) -> str:
    """A secret of many lines, each of which is one by itself: every word and every line of the texts."""
    pieces = {
        piece for text in texts for piece in (*text.splitlines(), *text.split(), *re.findall(r"\w+", text))
    }
    return "\n".join(sorted(piece.strip() for piece in pieces if len(piece.strip()) >= 4))


def masks(done: Finished) -> list[str]:
    return [line for line in done.log.splitlines() if line.startswith("::add-mask::")]


def by_address(estate: Estate, name: str, password: str, *, user: str = "x") -> str:
    """The address of a private repository, with a password that opens it."""
    estate.server.create(f"acme/{name}", branch="dev", private=True).commit(
        {"component.yaml": "name: parts\ntype: static\npath: m\n", "m/a.yaml": "kind: ConfigMap\n"}
    )
    estate.server.allow(password, f"acme/{name}", "read")
    host = estate.server.url.removeprefix("http://")
    return f"http://{user}:{password.replace(' ', '%20')}@{host}/acme/{name}.git"


def add_part(estate: Estate, repository: str, source: str, *, folder: str = "") -> None:
    """Let a definition name one more source."""
    real = estate.repository(repository)
    file = f"{folder}component.yaml"
    text = real.read(file)
    text += "\n" if "subcomponents:" in text else "\nsubcomponents:\n"
    real.commit({file: f"{text}  - {{name: parts, method: git, source: '{source}', branch: dev}}\n"})


def structure(text: str) -> Any:
    """A JSON text without its sentences."""

    def drop(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: drop(each) for key, each in value.items() if key not in SENTENCES}
        return [drop(each) for each in value] if isinstance(value, list) else value

    return drop(json.loads(text))


class TestWhatARepositoryNames:
    @pytest.mark.parametrize("password", ["true", "dev", "promotion-preview", "cluster-manifests"])
    def test_in_the_definition_itself_it_works_and_hides_nothing(self, estate: Estate, password: str) -> None:
        add_part(estate, "cluster-hld", by_address(estate, "parts", password))
        done = succeed(estate.run(estate.push_event("cluster-hld")))
        assert done.step.outputs["changed"] == "true"
        assert done.step.outputs["environment"] == "dev"
        report = json.loads((done.step.workspace / done.step.outputs["result"]).read_text("utf-8"))
        assert report["changed"] is True
        assert report["manifest_repository"].endswith("/acme/cluster-manifests.git")
        assert "***" not in f"{done.log}{done.step.summary}{report}"
        assert not any(line.endswith(f"::{password}") for line in masks(done))
        assert "is written with a credential, which all who read the repository know" in done.log
        assert "access.yaml" in done.log
        for text in (done.log, done.step.summary, estate.manifests.read("promotion.lock")):
            assert "://x:" not in text
            assert f":{password}@" not in text

    def test_in_an_application_it_is_an_error_before_anything_is_masked(self, estate: Estate) -> None:
        succeed(estate.run(estate.push_event()))
        source = by_address(estate, "parts", "cluster-admin")
        add_part(estate, "cat-application", source, folder="hld/")
        usual = masks(estate.run(estate.push_event("dog-application", hld_ref="none")))
        done = estate.run(estate.push_event())
        assert done.code == 1
        assert masks(done) == usual
        (error,) = done.errors
        assert "only the definition's own repository may do so" in error
        assert "component.yaml" in error
        assert "acme/cat-application" in error
        assert "cluster-admin" not in done.log + done.step.summary

    @pytest.mark.parametrize("kind", ["chart", "manifest", "registry"])
    @pytest.mark.parametrize("where", ["cluster-hld", "cat-application"])
    def test_of_other_kinds(self, estate: Estate, tmp_path: Path, kind: str, where: str) -> None:
        write_repository(tmp_path / "site/charts", [("shop", "1.0.0")])
        with serve(tmp_path / "site") as site:
            manifest = site.answer("/x.yaml", b"kind: ConfigMap\n")
            source, more = {
                "chart": (f"{site.url}/charts", "type: helm, method: helm, path: shop"),
                "manifest": (manifest, "type: static, method: http"),
                "registry": ("oci://127.0.0.1:1/charts", "type: helm, method: helm, path: shop"),
            }[kind]
            entry = f"{{name: part, source: '{source.replace('://', '://x:true@')}', {more}}}"
            folder = "" if where == "cluster-hld" else "hld/"
            component = {f"{folder}component.yaml": f"name: some\nsubcomponents:\n- {entry}\n"}
            estate.repository(where).commit(component)
            done = estate.run(estate.push_event(where))
        shown = done.log + done.step.summary
        assert "x:true@" not in shown
        assert not any(line.endswith("::true") for line in masks(done))
        if where == "cat-application":
            assert done.code == 1
            assert "only the definition's own repository may do so" in shown
            assert not site.asked
        elif kind == "registry":
            assert done.code == 1
            assert "127.0.0.1:1/v2/charts/shop" in shown
        else:
            assert done.code == 0, done.log
            assert "is written with a credential" in shown
            assert site.asked[0].headers["authorization"] == "Basic eDp0cnVl"  # x:true

    def test_a_signature_in_a_query_is_asked_with_in_every_run_and_never_shown(
        self, estate: Estate, tmp_path: Path
    ) -> None:
        (tmp_path / "site").mkdir()
        with serve(tmp_path / "site") as site:
            path = "/x.yaml?sig=hunter2"
            address = site.answer(path, b"kind: ConfigMap\nmetadata: {name: x}\n")
            entry = f"{{name: part, source: '{address}', type: static, method: http}}"
            estate.repository("cluster-hld").commit(
                {"component.yaml": f"name: some\nsubcomponents:\n- {entry}\n"}
            )
            first = succeed(estate.run(estate.push_event("cluster-hld")))
            asked = len(site.asked)
            same = succeed(estate.run(estate.push_event("cluster-hld")))
            assert same.step.outputs["changed"] == "false"
            assert len(site.asked) > asked
            site.answer(path, b"kind: ConfigMap\nmetadata: {name: y}\n")
            moved = succeed(estate.run(estate.push_event("cluster-hld")))
            assert moved.step.outputs["changed"] == "true"
        lock = estate.manifests.read("promotion.lock")
        assert "/x.yaml?…" in json.loads(lock)["components"]["part.yaml"]["source"]
        messages = estate.manifests.git("log", "--format=%B")
        for done in (first, same, moved):
            report = (done.step.workspace / done.step.outputs["result"]).read_text("utf-8")
            for text in (done.log, done.step.summary, lock, report, messages):
                assert "hunter2" not in text

    def test_in_the_dependencies_of_a_chart(self, estate: Estate, tmp_path: Path) -> None:
        write_repository(tmp_path / "site/charts", [("cache", "1.0.0")])
        with serve(tmp_path / "site") as site:
            address = f"{site.url}/charts".replace("://", "://x:true@")
            chart = {
                "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n"
                f"- {{name: cache, version: 1.0.0, repository: '{address}'}}\n"
            }
            component = "name: shop\ntype: helm\npath: chart\n"
            estate.repository("cluster-hld").commit({"component.yaml": component, **chart})
            own = succeed(estate.run(estate.push_event("cluster-hld")))
            estate.repository("cat-application").commit(
                {"hld/component.yaml": component, **{f"hld/{path}": text for path, text in chart.items()}}
            )
            source = f"{estate.server.url}/acme/cat-application.git"
            entry = (
                f"subcomponents:\n- {{name: cat, method: git, source: '{source}', path: hld, branch: dev}}\n"
            )
            estate.repository("cluster-hld").commit({"component.yaml": f"name: cluster\n{entry}"})
            other = estate.run(estate.push_event())
        assert "is written with a credential" in own.log
        assert other.code == 1
        assert "hld/chart/Chart.yaml in" in other.log
        assert "only the definition's own repository may do so" in other.log
        for done in (own, other):
            assert "x:true@" not in done.log
            assert not any(line.endswith("::true") for line in masks(done))


class TestRaces:
    """A push that was overtaken is recognised, whatever a secret or a password is."""

    @pytest.fixture
    def overtaken(self, estate: Estate) -> Estate:
        succeed(estate.run(estate.push_event()))
        estate.release("1.2.0")
        edit = {"README.md": "theirs"}
        estate.server.fail(Fault(path=THE_PUSH, before=lambda: estate.manifests.commit(edit)))
        return estate

    def check(self, estate: Estate, done: Finished) -> None:
        succeed(done)
        assert done.log.count("starting again from the sources") == 1
        assert estate.manifests.tip() == done.step.outputs["commit"]
        assert estate.manifests.read("README.md") == "theirs"

    def test_with_secrets_made_of_gits_words(self, overtaken: Estate) -> None:
        self.check(overtaken, overtaken.run(overtaken.push_event(), INPUT_SSH_KEY="\n".join(GITS_WORDS)))

    @pytest.mark.parametrize("password", ["stale info", "fetch first", "non-fast-forward"])
    def test_with_a_password_in_an_address(self, overtaken: Estate, password: str) -> None:
        add_part(overtaken, "cluster-hld", by_address(overtaken, "parts", password))
        self.check(overtaken, overtaken.run(overtaken.push_event()))

    def test_with_a_token_of_an_access_file(self, overtaken: Estate) -> None:
        address = by_address(overtaken, "parts", "stale info").replace("x:stale%20info@", "")
        add_part(overtaken, "cluster-hld", address)
        overtaken.repository("cluster-hld").commit({"access.yaml": f"{address}: PARTS_TOKEN\n"})
        self.check(overtaken, overtaken.run(overtaken.push_event(), PARTS_TOKEN="stale info"))

    def test_a_refusal_is_told_from_a_race(self, estate: Estate) -> None:
        estate.manifests.install_hook("pre-receive", "echo 'GH006: no' >&2; exit 1")
        words = "\n".join(
            ("GH006", "pre-receive hook declined", "remote rejected", "[remote rejected]", "remote")
        )
        done = estate.run(estate.push_event(), INPUT_SSH_KEY=words)
        assert done.code == 1
        assert "a rule refuses the push" in done.log.replace("***", "remote")
        assert "GH006" not in done.errors[0]


class TestOurTexts:
    """Outputs, markers and JSON are what they are without any secret."""

    def read(self, done: Finished) -> tuple[dict[str, str], str]:
        report = (done.step.workspace / done.step.outputs["result"]).read_text("utf-8")
        return done.step.outputs, report

    def test_materialize(self, estate: Estate) -> None:
        outputs, report = self.read(succeed(estate.run(estate.push_event(dry_run="true"))))
        secrets = make_secrets(*outputs.values(), report, *report.split(","))
        again = estate.run(estate.push_event(dry_run="true"), INPUT_SSH_KEY=secrets)
        assert "***" in again.log, "they are secrets"
        shown, structured = self.read(succeed(again))
        assert shown == outputs
        assert structure(structured) == structure(report)
        done = succeed(estate.run(estate.push_event(), INPUT_SSH_KEY=f"{secrets}\nSource-Commit\nHLD-Commit"))
        assert done.step.outputs["changed"] == "true"
        assert done.step.outputs["commit"] == estate.manifests.tip()
        message = estate.manifests.git("log", "-1", "--format=%B", "dev")
        assert "***" not in message
        assert "\nHLD-Commit: " in message

    def test_rollback(self, estate: Estate) -> None:
        succeed(estate.run(estate.push_event()))
        estate.release("1.2.0")
        succeed(estate.run(estate.push_event()))
        push = payloads.small_push("acme/cluster-hld", "dev", estate.repository("cluster-hld").tip())
        payload = {
            "inputs": {},
            "ref": push["ref"],
            "repository": push["repository"],
            "sender": push["sender"],
        }
        inputs = {
            "action": "rollback",
            "environment": "dev",
            "dry_run": "true",
            "to": estate.manifests.history()[1],
        }
        outputs, report = self.read(succeed(estate.run(estate.step("workflow_dispatch", payload, **inputs))))
        secrets = make_secrets(*outputs.values(), report)
        step = estate.step("workflow_dispatch", payload, **inputs)
        shown, structured = self.read(succeed(estate.run(step, INPUT_SSH_KEY=secrets)))
        assert shown == outputs
        assert structure(structured) == structure(report)

    def test_preview(self, github: FakeGitHub, tmp_path: Path) -> None:
        with GitServer(tmp_path / "server") as server:
            estate = Estate(server, tmp_path, api_url=github.url)
            github.deny("users.get_authenticated")
            real = estate.repository("cat-application")
            cat = github.add(MirroredRepository("acme/cat-application", real))
            real.git("branch", "feature", "dev")
            real.commit({CONFIG: "config: {replicas: 7}\n"}, branch="feature")
            cat.refresh()
            cat.open_pull("feature", "dev")
            payload = pull_event(cat, cat.pulls[1], "opened")

            def preview(**variables: str) -> dict[str, str]:
                done = estate.run(estate.step("pull_request", payload, action="preview"), **variables)
                return succeed(done).step.outputs

            outputs = preview()
            (comment,) = cat.comments
            marker = comment.body.partition("\n")[0]
            secrets = make_secrets(*outputs.values(), marker)
            for _ in range(2):
                assert preview(INPUT_SSH_KEY=secrets) == outputs
            (comment,) = cat.comments
            assert comment.body.startswith(f"{marker}\n")
            assert "***" in comment.body, "they are secrets"

    def test_delivery(self, github: FakeGitHub, tmp_path: Path) -> None:
        with GitServer(tmp_path / "server") as server:
            estate = Estate(server, tmp_path, api_url=github.url)
            manifests = github.add(LiveRepository("acme/cluster-manifests", estate.manifests))
            succeed(estate.run(estate.push_event()))
            estate.release("1.2.0")
            secrets = make_secrets("<!-- promotion-delivery -->", "promotion/dev", "true")
            for _ in range(2):
                step = estate.push_event(delivery="pull-request")
                done = succeed(estate.run(step, INPUT_SSH_KEY=secrets))
                assert (done.step.outputs["changed"], done.step.outputs["pull-request"]) in (
                    ("true", "1"),
                    ("false", "1"),
                )
            manifests.catch_up()
            (pull,) = manifests.pulls.values()
            assert (pull.body or "").startswith("<!-- promotion-delivery ")

    def test_guard(self, world: World, tmp_path: Path) -> None:
        payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))

        def judge(name: str, **variables: str) -> dict[str, str]:
            step = Step(
                folder=tmp_path / name,
                action=ROOT / "guard/action.yml",
                event="pull_request",
                payload=payload,
                token=TOKEN,
                server_url=world.github.url,
                inputs={"comment": "always"},
                api_url=world.github.url,
            )
            assert run_step(step, **variables).returncode == 1
            return step.outputs

        outputs = judge("without")
        secrets = make_secrets(*outputs.values(), GUARD_MARKER)
        for name in ("first", "second"):
            shown = judge(name, INPUT_SSH_KEY=secrets)
            assert structure(shown.pop("json")) == structure(outputs["json"])
            assert shown == {key: value for key, value in outputs.items() if key != "json"}
        (comment,) = world.shop.comments
        assert comment.body.startswith(GUARD_MARKER)

    def test_promote(self, world: World, tmp_path: Path) -> None:
        def promote(name: str, **variables: str) -> dict[str, str]:
            step = Step(
                folder=tmp_path / name,
                action=ROOT / "promote/action.yml",
                event="workflow_dispatch",
                payload={"repository": {"full_name": world.shop.full_name}, "sender": {"login": "ada"}},
                token=TOKEN,
                server_url="http://127.0.0.1",
                inputs={"to": "stage"},
                api_url=world.github.url,
            )
            done = run_step(step, **variables)
            assert done.returncode == 0, done.stdout
            return step.outputs

        outputs = promote("opens")
        (pull,) = world.shop.pulls.values()
        secrets = make_secrets(*outputs.values(), pull.body or "", "unchanged")
        assert promote("again", INPUT_SSH_KEY=secrets) == outputs | {"state": "unchanged"}
        assert len(world.shop.pulls) == 1

    def test_matrix_status_and_explain(self, estate: Estate) -> None:
        estate.repository("cluster-hld").commit({".github/promotion-clusters.yml": "east: {}\nwest: {}\n"})
        succeed(estate.run(estate.push_event()))
        push = payloads.small_push("acme/cluster-hld", "dev", estate.repository("cluster-hld").tip())
        outputs = succeed(estate.run(estate.step("push", push, action="matrix"))).step.outputs
        secrets = make_secrets(*outputs.values(), '"include"', "cluster")
        done = succeed(estate.run(estate.step("push", push, action="matrix"), INPUT_SSH_KEY=secrets))
        assert done.step.outputs == outputs
        assert f"\n{outputs['matrix']}\n" in f"\n{done.log}"
        for words in (["status"], ["explain", "deploy/cat-application", "--environment", "dev"]):
            argv = [*words, "--json", "--manifest-repository", "acme/cluster-manifests"]
            plain = start(estate, *argv)
            assert json.loads(plain.stdout), plain.stderr
            for variables in ({}, {"GITHUB_ACTIONS": "true"}):
                hidden = start(estate, *argv, INPUT_SSH_KEY=make_secrets(plain.stdout), **variables)
                lines = [
                    line for line in hidden.stdout.splitlines(keepends=True) if not line.startswith("::")
                ]
                assert "".join(lines) == plain.stdout


def run_step(step: Step, **variables: str) -> subprocess.CompletedProcess[str]:
    step.prepare(owner=os.getuid())
    given = {name: text.replace("/github/", f"{step.folder}/") for name, text in step.variables().items()}
    return run_program(step.arguments, env={"PATH": os.environ["PATH"], **given, **variables})
