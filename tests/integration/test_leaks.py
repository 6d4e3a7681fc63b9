"""No credential leaks: the real program with a credential of each kind, and all that it prints or leaves.

Every form of every credential is looked for in both streams, summary, outputs, state, environment file and
report, in the whole manifest repository with its objects inflated, in every file that was in the scratch
space at any time, in the command lines of all processes, in git's traces and in core files.
"""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support import github_server, registry, webserver
from support.canaries import Canary, find
from support.charts import write_repository
from support.estate import SOURCES
from support.github_apps import APP_ID, FakeApp
from support.github_events import pull_event
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import Fault, GitServer
from support.guard_world import make_world
from support.leaks import (
    ADDRESS,
    ALL,
    APP_KEY,
    APP_TOKENS,
    CHART,
    GIT,
    INLINE,
    INPUTS,
    REGISTRY,
    SOURCE_TOKEN,
    SSH_KEY,
    TOKEN,
    WEB,
    LeakWorld,
    Seen,
    wait_for,
)
from support.runner import Step
from support.standin_fab import write_standin
from support.webserver import Answer

pytestmark = [pytest.mark.siege, pytest.mark.samples]

GUARD = Path(__file__).parents[2] / "guard/action.yml"
LEGACY = Path(__file__).parents[1] / "charts" / "legacy"
USER, _, PASSWORD = REGISTRY.value.partition(":")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LeakWorld]:
    write_repository(tmp_path / "site/charts", [("shop", "1.0.0")])
    with (
        GitServer(tmp_path / "server") as server,
        webserver.serve(tmp_path / "site") as site,
        registry.serve(username=USER, password=PASSWORD) as charts,
    ):
        charts.add("charts/legacy", "1.0.0", registry.pack(LEGACY))
        yield LeakWorld(tmp_path, server, site, charts)


def check(seen: Seen, code: int) -> None:
    assert seen.code == code, seen.log
    assert seen.leaks() == []
    assert not [place for place in seen.places if Path(place).name.startswith("core")]


def check_masks(seen: Seen) -> None:
    """The inputs' credentials are masked before any other word."""
    lines = seen.stdout.decode().splitlines()
    first = next(index for index, text in enumerate(lines) if not text.startswith("::add-mask::"))
    early = {text.removeprefix("::add-mask::") for text in lines[:first]}
    for canary in (*INPUTS, ADDRESS):
        assert set(canary.value.splitlines()) <= early, canary.name


def echoes(canary: Canary) -> dict[str, str]:
    """A credential in each of the forms that we promise to hide."""
    value = canary.value
    return {
        "raw": value,
        "url": quote(value, safe=""),
        "base64": base64.b64encode(value.encode()).decode(),
        "git's header": base64.b64encode(f"x-access-token:{value}".encode()).decode(),
        "another header": base64.b64encode(f"me:{value}".encode()).decode(),
        "a third header": base64.b64encode(f"you:{value}&more".encode()).decode(),
        "in pieces": "\x1b[1m".join((value[:9], value[9:])),
    }


def echo(canary: Canary) -> str:
    return "\n".join(echoes(canary).values())


def test_success(world: LeakWorld) -> None:
    seen = world.run(world.materialize())
    check(seen, 0)
    check_masks(seen)
    log = seen.stdout.decode().splitlines()
    for canary in ALL:
        if canary not in (SSH_KEY, INLINE):
            password = canary.value.partition(":")[2] or canary.value
            stem = base64.b64encode(password.encode()).decode().rstrip("=")[:-1]
            assert {password, quote(password, safe="")} <= set(seen.masks), canary.name
            assert any(stem in mask for mask in seen.masks), canary.name
    mask = log.index(f"::add-mask::{GIT.value}")
    assert all(mask < index for index, text in enumerate(log) if "acme/by-variable" in text), "before its use"
    sent = b" ".join(
        base64.b64decode(r.authorization.split()[1]) for r in world.server.requests if r.authorization
    )
    for canary in (TOKEN, SOURCE_TOKEN, GIT, ADDRESS):
        assert canary.value.encode() in sent, f"{canary.name} isn't used"
    headers = " ".join(request.headers.get("authorization", "") for request in world.site.asked)
    assert WEB.value in headers
    assert base64.b64encode(CHART.value.encode()).decode() in headers
    keys = [place for place in seen.places if place.endswith("ssh/key")]
    # A second session asks the sources once more, after the push; the watch may miss it.
    assert len(keys) in (1, 2), "the ssh key was there, and the watch has seen it"
    assert not any((world.folder / "scratch").rglob("key"))


@pytest.mark.parametrize("form", list(echoes(TOKEN)))
@pytest.mark.parametrize("before", [0, 985])  # the words of a server are cut off after 1,000 characters
def test_a_push_that_a_rule_refuses_with_the_token_in_its_words(
    world: LeakWorld, tmp_path: Path, form: str, before: int
) -> None:
    words = tmp_path / "words"
    words.write_text(f"{'x' * before} {echoes(TOKEN)[form]}\n{echoes(GIT)[form]}\n", "utf-8")
    world.estate.manifests.install_hook("pre-receive", f"cat {words} >&2; exit 1")
    seen = world.run(world.materialize())
    check(seen, 1)
    assert "a rule refuses the push" in seen.log
    assert "***" in seen.log


def test_a_warning_that_quotes_a_token(world: LeakWorld) -> None:
    """Somebody has put it into a file, where it is nothing that we know."""
    key = f"'{TOKEN.value} {GIT.value}'"
    world.write(
        {
            "component.yaml": world.component.replace(
                "name: pets-cluster\n", f"name: pets-cluster\n{key}: 1\n{key}: 2\n"
            )
        }
    )
    seen = world.run(world.materialize())
    check(seen, 0)
    assert "is there twice" in seen.log
    assert seen.step
    assert "is there twice" in seen.step.summary
    assert any(b"is there twice" in data for place, data in seen.places.items() if place.endswith(".json"))


def no_token(world: LeakWorld) -> Seen:
    world.server.allow(SOURCE_TOKEN.value, "acme/cat-application", "none")
    return world.run(world.materialize())


def unknown_token(world: LeakWorld) -> Seen:
    world.server.allow(ADDRESS.value, "acme/cluster-hld", "none")
    world.variables["GIT_TOKEN_OF_PETS"] = GIT.value[::-1]
    return world.run(world.materialize())


def chart_refused(world: LeakWorld) -> Seen:
    body = echo(CHART).encode()
    headers = {"WWW-Authenticate": f"Bearer realm={quote(CHART.value)}"}
    world.site.answer("/charts/index.yaml", Answer(status=401, body=body, headers=headers))
    return world.run(world.materialize())


def registry_refused(world: LeakWorld) -> Seen:
    world.charts.password = "another"
    return world.run(world.materialize())


def manifest_of_a_server_that_echoes(world: LeakWorld) -> Seen:
    world.site.answer(
        "/manifest.yaml", Answer(status=302, headers={"Location": f"/{WEB.value}/x.yaml?{WEB.value}"})
    )
    return world.run(world.materialize())


def repository_that_moved_to_an_echo(world: LeakWorld) -> Seen:
    world.server.redirect("acme/by-variable", f"{world.server.url}/acme/{GIT.value}.git")
    return world.run(world.materialize())


def page_in_place_of_a_repository(world: LeakWorld) -> Seen:
    fault = Fault(
        times=9, path="cat-application", status=302, headers={"Location": f"/login?t={SOURCE_TOKEN.value}"}
    )
    world.server.fail(fault)
    return world.run(world.materialize())


def broken_yaml(world: LeakWorld) -> Seen:
    world.write({"component.yaml": world.component + "  - name: [\n"})
    return world.run(world.materialize())


def variable_that_is_not_set(world: LeakWorld) -> Seen:
    world.access[f"{world.site.url}/manifest.yaml"] = "NOT_SET_AT_ALL"
    world.write({})
    return world.run(world.materialize())


def variable_of_the_runner(world: LeakWorld) -> Seen:
    world.access[f"{world.site.url}/manifest.yaml"] = "INPUT_TOKEN"
    world.write({})
    seen = world.run(world.materialize())
    assert "/manifest.yaml" not in world.site.paths()
    return seen


def hook_that_prints_all_that_it_finds(world: LeakWorld) -> Seen:
    """Our own environment is there to be read for whom we start: what of it isn't known to be a secret yet,
    only GitHub can hide."""
    for name in ("CHART", "REGISTRY", "WEB"):
        del world.variables[f"{name}_TOKEN_OF_PETS"]
    hook = "env; tr '\\\\0' '\\\\n' < /proc/$PPID/environ; git config --list; cat ~/git/ssh/key; exit 7"
    world.write(
        {"component.yaml": f"{world.component}hooks:\n  after-install: ['''{hook}''']\n".replace("'''", '"')}
    )
    return world.run(world.materialize(hooks="allow"))


def hook_of_real_fab(world: LeakWorld) -> Seen:
    """fab itself has git clone, so the headers are in its environment, and in that of its hooks."""
    for name in ("CHART", "REGISTRY", "WEB"):
        del world.variables[f"{name}_TOKEN_OF_PETS"]
    git = f"{world.server.url}/acme/by-variable.git"
    hook = 'hooks:\n  after-install: ["env; exit 7"]\n'
    component = f"name: pets\nsubcomponents:\n  - {{name: x, method: git, source: '{git}', branch: dev}}\n"
    world.write({"component.yaml": component + hook})
    fab = write_standin(world.folder / "fab")
    return world.run(world.materialize(engine="fab", fab=str(fab), helm="program", hooks="allow"))


def hook_of_a_denied_component(world: LeakWorld) -> Seen:
    world.write({"component.yaml": f"{world.component}hooks:\n  after-install: [env]\n"})
    return world.run(world.materialize())


def helm_program_that_is_refused(world: LeakWorld) -> Seen:
    world.charts.password = "another"
    return world.run(world.materialize(helm="program"))


def wrong_input(world: LeakWorld) -> Seen:
    return world.run(world.materialize(secrets=f"http://x:{ADDRESS.value}@y"))


FAILURES: list[tuple[Callable[[LeakWorld], Seen], int, str]] = [
    (no_token, 1, "acme/cat-application"),
    (unknown_token, 1, "acme/cluster-hld"),
    (chart_refused, 1, "401"),
    (registry_refused, 1, "legacy"),
    (manifest_of_a_server_that_echoes, 1, "manifest.yaml"),
    (repository_that_moved_to_an_echo, 1, "by-variable"),
    (page_in_place_of_a_repository, 1, "cat-application"),
    (broken_yaml, 1, "component.yaml"),
    (variable_that_is_not_set, 1, "NOT_SET_AT_ALL"),
    (variable_of_the_runner, 1, "INPUT_TOKEN"),
    (hook_that_prints_all_that_it_finds, 1, "ended with exit code 7"),
    (hook_of_real_fab, 1, "GIT_CONFIG_VALUE"),
    (hook_of_a_denied_component, 1, "hooks"),
    (helm_program_that_is_refused, 1, "legacy"),
    (wrong_input, 2, "input secrets"),
]


@pytest.mark.parametrize(("fail", "code", "words"), FAILURES, ids=[fail.__name__ for fail, _, _ in FAILURES])
def test_failures(world: LeakWorld, fail: Callable[[LeakWorld], Seen], code: int, words: str) -> None:
    seen = fail(world)
    check(seen, code)
    check_masks(seen)
    assert words in seen.log


@pytest.mark.parametrize("inputs", [{"dry_run": "true"}, {"helm": "program"}, {"hooks": "allow"}])
def test_other_ways_to_success(world: LeakWorld, inputs: dict[str, str]) -> None:
    check(world.run(world.materialize(**inputs)), 0)


@pytest.mark.parametrize("name", ["SIGABRT", "SIGSEGV", "SIGTERM", "SIGKILL"])
def test_an_end_by_force(world: LeakWorld, name: str) -> None:
    """In the middle of a fetch, with core files as large as they like: none is written."""
    number = signal.Signals[name]
    world.server.fail(Fault(times=9, path="by-variable.git", delay=1.0))

    def kill(process: subprocess.Popen[bytes]) -> None:
        wait_for(lambda: any("by-ssh" in text for text in argv(world)), "ssh isn't asked")
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        process.send_signal(number)

    seen = world.run(world.materialize(), during=kill)
    assert seen.code == 143 if number is signal.SIGTERM else seen.code < 0
    check(seen, seen.code)
    left = [path for path in (world.folder / "scratch").rglob("key") if path.is_file()]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in left)
    if number is signal.SIGTERM:
        assert not left


def argv(world: LeakWorld) -> list[str]:
    log = world.folder / "argv.log"
    return log.read_text("utf-8").splitlines() if log.exists() else []


def test_render(world: LeakWorld, tmp_path: Path) -> None:
    host = world.server.url.removeprefix("http://")
    hld = f"{world.server.url}/acme/cluster-hld.git@dev"
    inputs = {
        "GITHUB_SERVER_URL": world.server.url,
        "INPUT_TOKEN": SOURCE_TOKEN.value,
        "INPUT_SSH-KEY": SSH_KEY.value,
    }
    words = ["render", hld, str(tmp_path / "out"), "dev", "--verbose"]
    check(world.run(words, **inputs), 0)
    files = {str(path): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert len(files) == 7
    assert find(ALL, files) == []
    check(world.run(words, **inputs), 2)  # the folder is there
    world.site.answer("/charts/index.yaml", Answer(status=401, body=echo(CHART).encode()))
    check(world.run([*words, "--replace"], **inputs), 1)
    inputs["INPUT_TOKEN"] = TOKEN.value
    check(world.run([*words, "--replace"], **inputs), 1)
    del inputs["INPUT_TOKEN"]
    seen = world.run([*words, "--replace"], GITHUB_TOKEN=TOKEN.value, **inputs)
    check(seen, 1)
    assert host in seen.log


@pytest.mark.parametrize("status", [201, 401, 403, 502])
def test_deployments(world: LeakWorld, status: int) -> None:
    """GitHub says the token in its answers, and the server of the manifests does in its refusal, of which
    GitHub is told."""
    words = world.folder / "words"
    words.write_text("\n".join(f"{'x' * 20} {text}" for text in echoes(TOKEN).values()), "utf-8")
    world.estate.manifests.install_hook("pre-receive", f"cat {words} >&2; exit 1")
    with FakeGitHub() as github:
        for name in SOURCES:
            github.add(MirroredRepository(f"acme/{name}", world.estate.repository(name)))
        if status != 201:
            github.faults.append(github_server.Fault("*", status, echo(TOKEN)))
        world.estate.api_url = github.url
        seen = world.run(world.materialize())
        check(seen, 1)
        assert github.violations == []
        bodies = {f"{each.operation} {each.path}": json.dumps(each.body).encode() for each in github.seen}
        assert find(ALL, bodies) == []
        assert {each.headers["authorization"] for each in github.seen} == {f"token {TOKEN.value}"}
        if status == 201:
            last = github.repositories["acme/cat-application"].deployments[-1].statuses[-1]
            assert last["state"] == "failure"
            assert "a rule refuses the push" in last["description"]


@pytest.mark.parametrize("words", [["guard"], ["guard", "audit", "--repository", "acme/shop"]])
@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_guard(world: LeakWorld, words: list[str], status: int) -> None:
    """GitHub's answer holds the token, in all its forms."""
    with FakeGitHub() as github:
        make_world(github)
        if status != 200:
            github.faults.append(github_server.Fault("*", status, echo(TOKEN)))
        variables = {"GITHUB_API_URL": github.url, "INPUT_TOKEN": TOKEN.value}
        if len(words) == 1:
            shop = github.repositories["acme/shop"]
            payload = pull_event(shop, shop.open_pull("dev", "stage"), "opened")
            step = Step(folder=world.folder / "steps/guard", action=GUARD, event="pull_request",
                        payload=payload, token=TOKEN.value, server_url=github.url)  # fmt: skip
            seen = world.run(step, **variables)
        else:
            seen = world.run(words, **variables)
        assert seen.code in (0, 1), seen.log
        assert any(TOKEN.value in request.headers.get("authorization", "") for request in github.seen)
        assert seen.leaks() == []


class AppWorld:
    """With a GitHub App in place of both tokens."""

    def __init__(self, world: LeakWorld, github: github_server.FakeGitHub) -> None:
        self.world, self.github = world, github
        self.app = github.app = FakeApp(world.server)
        self.installation = self.app.install("acme", contents="write", deployments="write")
        self.app.make_token = lambda number: APP_TOKENS[number].value
        world.estate.api_url = github.url

    def run(self, **inputs: str) -> Seen:
        given = {"app_id": APP_ID, "app_private_key": APP_KEY.value, "source_token": "", **inputs}
        return self.world.run(self.world.materialize(**given))

    def check(self, seen: Seen, code: int) -> None:
        """Neither key, nor tokens, nor what the key has signed."""
        assert seen.code == code, seen.log
        sent = [request.headers.get("authorization", "").partition(" ")[2] for request in self.github.seen]
        signed = [Canary("a signature of the App", text) for text in sent if text.startswith("ey")]
        assert seen.leaks([*ALL, APP_KEY, *APP_TOKENS, *signed]) == []
        assert {canary.value for canary in signed} <= set(seen.masks)


@pytest.fixture
def apps(world: LeakWorld) -> Iterator[AppWorld]:
    with github_server.FakeGitHub() as github:
        yield AppWorld(world, github)


@pytest.mark.parametrize("shape", ["lines", "one line", "base64"])
def test_an_app(apps: AppWorld, shape: str) -> None:
    shapes = {
        "lines": APP_KEY.value,
        "one line": APP_KEY.value.replace("\n", "\\n"),
        "base64": base64.b64encode(APP_KEY.value.encode()).decode(),
    }
    seen = apps.run(app_private_key=shapes[shape])
    apps.check(seen, 0)
    sent = b" ".join(
        base64.b64decode(r.authorization.split()[1]) for r in apps.world.server.requests if r.authorization
    )
    issued = [token.text for token in apps.app.issued]
    assert sum(text.encode() in sent for text in issued) == 2, "one reads, one writes"
    assert {*issued, *APP_KEY.value.splitlines()} <= set(seen.masks)


def app_that_is_not_installed(apps: AppWorld) -> Seen:
    apps.installation.names = ("cluster-hld",)
    return apps.run()


def app_whom_github_answers_with_its_key(apps: AppWorld) -> Seen:
    said = " ".join(APP_KEY.value.splitlines()[1:])
    apps.github.faults.append(github_server.Fault("apps.create_installation_access_token", 403, said))
    return apps.run()


def app_whose_key_is_cut(apps: AppWorld) -> Seen:
    lines = APP_KEY.value.splitlines()
    return apps.run(app_private_key="\n".join([*lines[:4], *lines[6:]]))


def app_whose_key_is_no_pem(apps: AppWorld) -> Seen:
    return apps.run(app_private_key=APP_KEY.value.replace("-----", ""))


def app_whose_push_a_rule_refuses(apps: AppWorld) -> Seen:
    words = apps.world.folder / "words"
    words.write_text("\n".join(echo(canary) for canary in APP_TOKENS[:2]), "utf-8")
    apps.world.estate.manifests.install_hook("pre-receive", f"cat {words} >&2; exit 1")
    return apps.run()


def app_with_a_hook_that_prints_all(apps: AppWorld) -> Seen:
    for name in ("CHART", "REGISTRY", "WEB"):
        del apps.world.variables[f"{name}_TOKEN_OF_PETS"]
    hook = "env; tr '\\\\0' '\\\\n' < /proc/$PPID/environ; git config --list; exit 7"
    hooks = f'hooks:\n  after-install: ["{hook}"]\n'
    apps.world.write({"component.yaml": f"{apps.world.component}{hooks}"})
    return apps.run(hooks="allow")


APP_FAILURES: list[tuple[Callable[[AppWorld], Seen], int, str]] = [
    (app_that_is_not_installed, 1, "isn't installed on acme/cluster-manifests"),
    (app_whom_github_answers_with_its_key, 1, "GitHub answered 403"),
    (app_whose_key_is_cut, 2, "app-private-key can't be read"),
    (app_whose_key_is_no_pem, 2, "no private key of an App"),
    (app_whose_push_a_rule_refuses, 1, "a rule refuses the push"),
    (app_with_a_hook_that_prints_all, 1, "ended with exit code 7"),
]


@pytest.mark.parametrize(
    ("fail", "code", "words"), APP_FAILURES, ids=[fail.__name__ for fail, _, _ in APP_FAILURES]
)
def test_failures_of_an_app(apps: AppWorld, fail: Callable[[AppWorld], Seen], code: int, words: str) -> None:
    seen = fail(apps)
    apps.check(seen, code)
    assert words in seen.log


def test_a_defect_of_ours(world: LeakWorld, tmp_path: Path) -> None:
    """An error that nobody foresaw, with all credentials in its text: at an early and at a late moment."""
    values = [canary.value for canary in ALL]
    for number, place in enumerate(
        ("rendering.materialize_request.read_request", "publishing.report_builder.make_report")
    ):
        module, _, name = place.rpartition(".")
        patch = tmp_path / f"patch-{number}"
        patch.mkdir()
        (patch / "sitecustomize.py").write_text(
            f"import promotion.{module} as target\n"
            f"def fail(*_, **__):\n    raise KeyError(*{values!r})\n"
            f"target.{name} = fail\n",
            "utf-8",
        )
        seen = world.run(world.materialize(), PYTHONPATH=str(patch))
        known = [canary for canary in ALL if canary is not INLINE]  # which is no secret
        known = known if number else [*INPUTS, ADDRESS]
        assert seen.code == 3, seen.log
        assert "a defect of this program: KeyError" in seen.log
        assert seen.leaks(known) == []
