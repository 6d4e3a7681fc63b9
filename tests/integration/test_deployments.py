"""Deployments as the real program records them, with a real git server and a fake GitHub."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import github_server, payloads
from support.estate import TOKEN, Finished
from support.estate_copies import copy_server, publish_estate
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.gitserver import Fault, GitServer
from support.hosted import HostedEstate, finish
from support.repositories import Repository

CAT, DOG, HLD, STACK = "cat-application", "dog-application", "cluster-hld", "cloud-native"
THE_PUSH = "cluster-manifests.git/git-receive-pack"
BEFORE_THE_PUSH = "cluster-manifests.git/info/refs?service=git-receive-pack"
CREATE, MARK = "repos.create_deployment", "repos.create_deployment_status"
BREAK = {"hld/component.yaml": "name: [open"}


@pytest.fixture
def estate(tmp_path: Path, github: FakeGitHub) -> Iterator[HostedEstate]:
    """An estate that was published once, without deployments."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield HostedEstate(server, tmp_path / "steps", github)


def test_off_means_off(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.release("1.2.0")
    done = finish(estate.run(estate.push_event(deployments="off")))
    assert done.step.outputs["changed"] == "true"
    assert github.seen == []


def test_a_publish_is_recorded_where_it_comes_from(estate: HostedEstate) -> None:
    commit = estate.release("1.2.0")
    done = finish(estate.run(estate.push_event()))
    assert estate.states() == {CAT: [["in_progress", "success"]], HLD: [["in_progress", "success"]]}
    (cat,), (hld,) = estate.deployments(CAT), estate.deployments(HLD)
    assert (cat.sha, hld.sha) == (commit, estate.repository(HLD).tip())
    url = f"{estate.server.url}/acme"
    assert cat.body == {
        "ref": commit,
        "environment": "dev",
        "description": "dev: cat-application 1.1.0 → 1.2.0",
        "payload": {
            "manifest-repository": f"{url}/cluster-manifests.git",
            "manifest-branch": "dev",
            "components": [CAT],
        },
        "auto_merge": False,
        "required_contexts": [],
    }
    made = done.step.outputs["commit"]
    assert cat.statuses[-1]["environment_url"] == f"{url}/cluster-manifests/commit/{made}"
    assert {status["log_url"] for status in cat.statuses} == {f"{url}/{CAT}/actions/runs/8152341234"}
    assert "deployment" not in done.log


def test_the_first_publish_is_recorded_everywhere(estate: HostedEstate) -> None:
    finish(estate.run(estate.push_event(manifest_branch="fresh")))
    assert estate.states().keys() == {CAT, DOG, HLD, STACK}
    assert {tuple(states) for each in estate.states().values() for states in each} == {
        ("in_progress", "success")
    }


def test_the_last_success_is_the_active_one(estate: HostedEstate) -> None:
    for version in ("1.2.0", "1.3.0"):
        estate.release(version)
        finish(estate.run(estate.push_event()))
    assert [states[-1] for states in estate.states()[CAT]] == ["inactive", "success"]


def test_it_is_in_progress_before_the_push(estate: HostedEstate) -> None:
    estate.release("1.2.0")
    seen = []
    estate.server.fail(Fault(path=THE_PUSH, before=lambda: seen.append(estate.states())))
    finish(estate.run(estate.push_event()))
    assert seen == [{CAT: [["in_progress"]], HLD: [["in_progress"]]}]


def test_nothing_to_do_and_a_dry_run_record_nothing(estate: HostedEstate, github: FakeGitHub) -> None:
    """Nor does it load the library of GitHub's API, which takes 0.2 s, where there is nothing to do."""
    # A process of its own: a forked one has read what Python is told by variables.
    process = estate.open(estate.push_event(), PYTHONPROFILEIMPORTTIME="1")
    log, _ = process.communicate(timeout=120)
    assert process.returncode == 0, log
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", log, re.MULTILINE))
    assert "promotion.errors" in loaded
    assert "github" not in loaded
    estate.release("1.2.0")
    finish(estate.run(estate.push_event(dry_run="true")))
    step = estate.push_event()
    finish(estate.run(step, GITHUB_ACTIONS="false"))
    assert github.seen == []


def test_a_refused_push_is_a_failure(estate: HostedEstate) -> None:
    estate.release("1.2.0")
    estate.manifests.install_hook("pre-receive", "echo no >&2; exit 1")
    finish(estate.run(estate.push_event()), 1)
    assert estate.states() == {CAT: [["in_progress", "failure"]], HLD: [["in_progress", "failure"]]}
    assert "a rule refuses the push" in estate.deployments(CAT)[0].statuses[-1]["description"]


def test_a_lost_race_goes_on_with_the_same_deployments(estate: HostedEstate) -> None:
    estate.release("1.2.0")

    def push() -> None:
        estate.manifests.commit({"README.md": "by a human"})

    estate.server.fail(Fault(path=BEFORE_THE_PUSH, before=push))
    done = finish(estate.run(estate.push_event()))
    assert "starting again from the sources" in done.log
    assert estate.states() == {CAT: [["in_progress", "success"]], HLD: [["in_progress", "success"]]}
    assert estate.deployments(CAT)[0].statuses[-1]["environment_url"].endswith(done.step.outputs["commit"])


def test_of_a_lost_race_nothing_stays_in_progress(estate: HostedEstate) -> None:
    """The source has moved when it starts again: another commit of it is published."""
    estate.release("1.2.0")

    def push() -> None:
        estate.manifests.commit({"README.md": "by a human"})
        estate.release("1.3.0")
        estate.refresh()

    estate.server.fail(Fault(path=BEFORE_THE_PUSH, before=push))
    finish(estate.run(estate.push_event()))
    assert estate.states()[CAT] == [["in_progress", "inactive"], ["in_progress", "success"]]
    assert estate.states()[HLD] == [["in_progress", "success"]]


def test_a_race_lost_to_a_run_with_the_same_sources(estate: HostedEstate) -> None:
    estate.release("1.2.0")
    step, other = estate.push_event(), estate.push_event(DOG, deployments="off")
    estate.server.fail(Fault(path=BEFORE_THE_PUSH, before=lambda: finish(estate.run(other))))
    done = finish(estate.run(step))
    assert done.step.outputs["changed"] == "false"
    assert estate.states() == {CAT: [["in_progress", "inactive"]], HLD: [["in_progress", "inactive"]]}


def test_what_fails_before_is_told_where_it_was_pushed(estate: HostedEstate) -> None:
    commit = estate.repository(CAT).commit({"hld/component.yaml": "name: [\n"})
    done = finish(estate.run(estate.push_event(on_failure="stop")), 1)
    assert estate.states() == {CAT: [["failure"]]}
    (cat,) = estate.deployments(CAT)
    assert (cat.sha, cat.environment) == (commit, "dev")
    assert cat.statuses[0]["log_url"].endswith("/actions/runs/8152341234")
    assert len(done.errors) == 1


def test_what_fails_by_other_events_is_told_nowhere(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.repository(CAT).commit({"hld/component.yaml": "name: [\n"})
    payload = {**payloads.small_push(f"acme/{CAT}", "dev", estate.repository(CAT).tip()), "inputs": {}}
    finish(estate.run(estate.step("schedule", payload, on_failure="stop")), 1)
    assert github.seen == []


def test_what_is_held_back_fails_its_own_commit_alone_whoever_finds_it(
    estate: HostedEstate, github: FakeGitHub
) -> None:
    bad = estate.repository(CAT).commit(BREAK)
    estate.release("2.0.0", application=DOG)
    finish(estate.run(estate.push_event(DOG)))
    assert estate.states() == {
        CAT: [["failure"]],
        DOG: [["in_progress", "success"]],
        HLD: [["in_progress", "success"]],
    }
    (cat,) = estate.deployments(CAT)
    assert cat.sha == bad
    assert cat.statuses[-1]["description"].startswith("Held back: hld/component.yaml:")
    assert estate.statuses(CAT) == [(bad, "promotion/dev", "failure")]
    assert estate.statuses(DOG) == []
    told = len(github.seen)
    finish(estate.run(estate.push_event(DOG)))
    finish(estate.run(estate.push_event(CAT)), 1)
    assert len(github.seen) == told, "it is known"
    estate.release("3.0.0", application=DOG)
    finish(estate.run(estate.push_event(DOG)))
    assert len(estate.deployments(CAT)) == 1


def test_what_heals_is_a_success(estate: HostedEstate) -> None:
    before = estate.repository(CAT).read("hld/component.yaml")
    estate.repository(CAT).commit(BREAK)
    finish(estate.run(estate.push_event(CAT)), 1)
    assert estate.states() == {CAT: [["failure"]]}, "nobody's manifests changed"
    good = estate.repository(CAT).commit({"hld/component.yaml": before})
    finish(estate.run(estate.push_event(DOG)))
    assert estate.statuses(CAT)[-1] == (good, "promotion/dev", "success")
    assert [each.states for each in estate.deployments(CAT)] == [["failure"], ["success"]]
    assert estate.deployments(CAT)[-1].sha == good


def test_a_commit_that_is_held_back_in_one_part_is_no_success(estate: HostedEstate) -> None:
    """Two parts are of the definition's own repository: one fails, the other is published."""
    charts = {
        f"{name}/{file}": text
        for name in ("one", "two")
        for file, text in {
            "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
            "templates/a.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n",
        }.items()
    }
    charts["two/templates/b.yaml"] = '{{ fail "no two" }}'
    text = estate.repository(HLD).read("component.yaml").rstrip()
    entries = "".join(f"\n  - {{name: {name}, type: helm, path: ./{name}}}" for name in ("one", "two"))
    bad = estate.repository(HLD).commit({"component.yaml": f"{text}{entries}\n", **charts})
    finish(estate.run(estate.push_event(DOG)))
    assert estate.states() == {HLD: [["in_progress", "failure"]]}
    assert estate.statuses(HLD) == [(bad, "promotion/dev", "failure")]


def test_the_answer_to_a_dispatch_is_written_once(estate: HostedEstate) -> None:
    bad = estate.repository(CAT).commit(BREAK)
    finish(estate.run(estate.notify()))
    finish(estate.run(estate.handle()), 1)
    assert [each for each in estate.statuses(CAT) if each[2] == "failure"] == [
        (bad, "promotion/dev", "failure")
    ]


def test_a_failure_that_may_pass_is_told_to_whoever_pushed_alone(estate: HostedEstate) -> None:
    estate.repository(CAT).commit({"README.md": "More."})
    estate.release("2.0.0", application=DOG)
    estate.server.fail(Fault(path=f"{CAT}.git/", status=503, times=99))
    finish(estate.run(estate.push_event(DOG)))
    assert CAT not in estate.states()
    finish(estate.run(estate.push_event(CAT)), 1)
    assert estate.states()[CAT] == [["failure"]]


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_is_one_notice(estate: HostedEstate, github: FakeGitHub, status: int) -> None:
    estate.release("1.2.0")
    github.faults.append(github_server.Fault(CREATE, status, "Resource not accessible"))
    done = finish(estate.run(estate.push_event()))
    told = [text for text in done.log.splitlines() if text.startswith(("::notice", "::warning"))]
    assert len(told) == 1
    assert told[0].startswith("::notice")
    assert "`deployments: write`" in told[0]
    assert f"acme/{CAT}" in told[0]
    assert f"acme/{HLD}" in told[0]
    assert github.count(MARK) == 0


def test_a_token_for_some_repositories(estate: HostedEstate, github: FakeGitHub) -> None:
    """Of a repository that GitHub hides there is none; the others have theirs."""
    del github.repositories[f"acme/{HLD}"]
    estate.release("1.2.0")
    done = finish(estate.run(estate.push_event()))
    assert estate.deployments(CAT)[0].states == ["in_progress", "success"]
    assert f"No deployment is recorded in acme/{HLD}" in done.log


@pytest.mark.parametrize("operation", [CREATE, MARK])
def test_an_api_that_is_down_is_a_warning(estate: HostedEstate, github: FakeGitHub, operation: str) -> None:
    estate.release("1.2.0")
    github.faults.append(github_server.Fault(operation, 502))
    done = finish(estate.run(estate.push_event()))
    assert done.step.outputs["changed"] == "true"
    assert done.log.count("::warning") == 1
    assert "502" in done.log


def test_an_api_that_can_not_be_reached(estate: HostedEstate) -> None:
    estate.release("1.2.0")
    estate.api_url = "http://127.0.0.1:9"
    done = finish(estate.run(estate.push_event()))
    assert done.log.count("::warning") == 1
    assert done.step.outputs["changed"] == "true"


@pytest.mark.siege
def test_an_api_that_hangs_delays_a_publish_by_seconds(tmp_path: Path) -> None:
    """It takes connections, and never answers."""
    with GitServer(tmp_path / "server") as server, socket.create_server(("127.0.0.1", 0)) as silent:
        with FakeGitHub() as github:
            estate = HostedEstate(server, tmp_path / "steps", github)
        estate.api_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        done = finish(estate.run(estate.push_event()))
        assert done.log.count("::warning") == 1
        assert "doesn't answer" in done.log
        assert time.monotonic() - start < 60, "at most 10 s, and what a loaded machine takes"


def test_the_token_is_sent_to_the_api_and_nowhere_else(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.release("1.2.0")
    done = finish(estate.run(estate.push_event()))
    assert {request.headers["authorization"] for request in github.seen} == {f"token {TOKEN}"}
    assert not [request for request in estate.server.requests if "/api/" in request.path]
    assert TOKEN not in done.log.replace(f"::add-mask::{TOKEN}", "")


def test_an_odd_address_of_the_api_fails_nothing(estate: HostedEstate) -> None:
    estate.release("1.2.0")
    estate.api_url = "ftp://nowhere"
    done = finish(estate.run(estate.push_event()))
    assert done.log.count("::warning") == 1
    assert "GITHUB_API_URL" in done.log


def test_many_repositories_at_once(estate: HostedEstate) -> None:
    """Of those that change only the HLD and the one that was pushed to are told."""
    entries = []
    for number in range(22):
        name = f"app-{number}"
        repository = estate.server.create(f"acme/{name}", branch="dev", private=True)
        estate.server.allow(TOKEN, f"acme/{name}", "read")
        write_application(repository, name)
        source = f"{estate.server.url}/acme/{name}.git"
        entries.append(f"  - {{name: {name}, method: git, source: '{source}', branch: dev}}")
    hld = estate.repository(HLD)
    hld.commit({"component.yaml": "\n".join([hld.read("component.yaml"), *entries])})
    done = finish(estate.run(estate.push_event(HLD)))
    assert estate.states() == {HLD: [["in_progress", "success"]]}
    assert "no deployment for 22 more repositories" in done.log
    assert len(estate.deployments(HLD)[0].body["payload"]["components"]) == 22


def write_application(repository: Repository, name: str) -> None:
    manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"
    repository.commit({"component.yaml": f"name: {name}\ntype: static\npath: m\n", "m/a.yaml": manifest})


def test_what_is_only_proposed_is_not_deployed(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.release("1.2.0")
    github.add(LiveRepository("acme/cluster-manifests", estate.manifests))
    done = finish(estate.run(estate.push_event(delivery="pull-request")))
    assert done.step.outputs["pull-request"] == "1"
    assert github.count(CREATE) == 0


def roll_back(estate: HostedEstate, **inputs: str) -> Finished:
    payload = {**payloads.small_push(f"acme/{HLD}", "dev", estate.repository(HLD).tip()), "inputs": {}}
    return estate.run(estate.step("workflow_dispatch", payload, "rollback", environment="dev", **inputs))


def test_a_rollback_deploys_what_was_there_before(estate: HostedEstate) -> None:
    before, old = estate.manifests.tip(), estate.repository(CAT).tip()
    new = estate.release("1.2.0")
    finish(estate.run(estate.push_event()))
    finish(roll_back(estate, to=before, dry_run="true"))
    assert [made.sha for made in estate.deployments(CAT)] == [new], "dry runs deploy nothing"
    done = finish(roll_back(estate, to=before))
    assert [(made.sha, made.states[-1]) for made in estate.deployments(CAT)] == [
        (new, "inactive"),
        (old, "success"),
    ]
    last = estate.deployments(CAT)[-1]
    assert last.body["description"] == "dev: cat-application 1.2.0 → 1.1.0"
    assert last.statuses[-1]["environment_url"].endswith(done.step.outputs["commit"])
    finish(roll_back(estate, lift="all"))
    assert len(estate.deployments(CAT)) == len(estate.deployments(HLD)) == 2, "a lifted pin deploys nothing"


def test_a_rollback_that_is_refused_is_a_failure(estate: HostedEstate) -> None:
    before = estate.manifests.tip()
    estate.release("1.2.0")
    finish(estate.run(estate.push_event(deployments="off")))
    estate.manifests.install_hook("pre-receive", "exit 1")
    finish(roll_back(estate, to=before), 1)
    assert estate.states()[CAT] == [["in_progress", "failure"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_run_leaves_nothing_in_progress(estate: HostedEstate, number: signal.Signals) -> None:
    """In the middle of its push."""
    estate.release("1.2.0")
    estate.server.fail(Fault(path=BEFORE_THE_PUSH, delay=5.0))
    process = estate.open(estate.push_event())
    end = time.monotonic() + 60
    while estate.states() != {CAT: [["in_progress"]], HLD: [["in_progress"]]} and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(number)
    log, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number, log
    assert estate.states() == {CAT: [["in_progress", "error"]], HLD: [["in_progress", "error"]]}
