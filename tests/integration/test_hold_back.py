"""What breaks one application keeps nobody else from publishing: the real program, real git over HTTP."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support import payloads
from support.estate import Estate, Finished
from support.estate_copies import copy_server, publish_estate
from support.runner import Step
from support.terminal_program import start

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: cats}\nstringData: {key: hunter2}\n"
TWIN = "apiVersion: v1\nkind: Service\nmetadata: {name: dog-application, namespace: dogs}\n"
WHERE = ("--manifest-repository", "acme/cluster-manifests")
LOST = "name: cat-application\nsubcomponents: [{name: lost, method: git, source: %s}]\n"
OWN_HELM = {"helm": "embedded"}  # such a chart mustn't end, or keep, the workers that the tests share
LOOP = "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}"
# What is wrong: files of the application, inputs, words of the reason.
POISONS: Mapping[str, tuple[Mapping[str, str | None], Mapping[str, str], str]] = {
    "broken YAML": ({"hld/component.yaml": "name: [open"}, {}, "component.yaml"),
    "no component file": ({"hld/component.yaml": None}, {}, "there is no component.yaml"),
    "a nested source that is gone": (
        {"hld/component.yaml": LOST % "https://github.com/acme/gone"},
        {},
        "acme/gone",
    ),
    "a nested branch that is missing": (
        {"hld/component.yaml": LOST % "https://github.com/acme/cat-application, branch: gone"},
        {},
        "'gone'",
    ),
    "a template that fails": (
        {"hld/chart/templates/x.yaml": '{{ fail "no cats" }}'},
        {},
        "no cats",
    ),
    "a plain Secret": ({"hld/chart/templates/x.yaml": SECRET}, {"secrets": "deny"}, "in plain text"),
    "a template that wants all memory": (
        {"hld/chart/templates/x.yaml": '{{ repeat 1000000000 "x" }}'},
        OWN_HELM,
        "needs more than 1024 MiB of memory",
    ),
    "a resource of another's": (
        {"hld/chart/templates/x.yaml": TWIN},
        {"validate": "fail"},
        "is defined twice",
    ),
}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield Estate(server, tmp_path / "steps")


def run(estate: Estate, step: Step) -> Finished:
    if "helm" not in step.inputs:
        return estate.run(step)
    process = estate.open(step)
    log, _ = process.communicate()
    return Finished(process.returncode, log, step)


def show(estate: Estate, path: str) -> str:
    return estate.manifests.git("show", f"dev:{path}")


@pytest.mark.parametrize("what", POISONS)
def test_the_others_are_published_and_what_fails_stays_as_it_was(estate: Estate, what: str) -> None:
    files, inputs, reason = POISONS[what]
    before = show(estate, "cat-application/cat-application.yaml")
    bad = estate.repository("cat-application").commit(
        {path: text and text.replace("https://github.com", estate.server.url) for path, text in files.items()}
    )
    estate.release("9.9.9", application="dog-application")
    done = run(estate, estate.push_event("dog-application", **inputs))
    assert done.code == 0, done.log
    assert show(estate, "cat-application/cat-application.yaml") == before
    assert "9.9.9" in show(estate, "dog-application/dog-application.yaml")
    (warning,) = (row for row in done.log.splitlines() if row.startswith("::warning") and "held back" in row)
    assert "cat-application is held back and stays as it was last published" in warning
    assert json.loads(done.step.outputs["held"]) == ["cat-application"]
    assert "### Held back" in done.step.summary
    held = json.loads(show(estate, "promotion.lock"))["held"]
    assert held.keys() == {"cat-application"}
    assert reason in held["cat-application"]["reason"]
    assert held["cat-application"]["revision"] == held["cat-application"]["since"] == bad
    assert "hunter2" not in done.log + done.step.summary + show(estate, "promotion.lock")


@pytest.fixture
def silent(estate: Estate) -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_never_answers_takes_its_parts_time_alone(estate: Estate, silent: str) -> None:
    before = show(estate, "cat-application/cat-application.yaml")
    estate.repository("cat-application").commit({"hld/component.yaml": LOST % f"{silent}/acme/lost"})
    estate.release("9.9.9", application="dog-application")
    began = time.monotonic()
    done = estate.run(estate.push_event("dog-application", part_timeout="3"))
    assert time.monotonic() - began < 15
    assert done.code == 0, done.log
    assert show(estate, "cat-application/cat-application.yaml") == before
    assert "9.9.9" in show(estate, "dog-application/dog-application.yaml")
    assert "/acme/lost hasn't answered" in done.log
    assert json.loads(done.step.outputs["held"]) == ["cat-application"]
    assert "held" not in json.loads(show(estate, "promotion.lock"))


def test_an_endless_template_takes_its_parts_time_alone(estate: Estate) -> None:
    before = show(estate, "cat-application/cat-application.yaml")
    estate.repository("cat-application").commit({"hld/chart/templates/x.yaml": LOOP})
    estate.release("9.9.9", application="dog-application")
    inputs = {"part-timeout": "4", **OWN_HELM}
    done = run(estate, estate.push_event("dog-application", **inputs))
    assert done.code == 0, done.log
    assert show(estate, "cat-application/cat-application.yaml") == before
    assert "9.9.9" in show(estate, "dog-application/dog-application.yaml")
    assert json.loads(done.step.outputs["held"]) == ["cat-application"]
    # Whose fault it is, the chart's or a busy machine's, is for the unit tests of `EmbeddedHelm`.
    assert "Helm was still rendering the chart after 4 s" in done.log or "has used up the 4 s" in done.log


def test_with_stop_it_is_one_clear_error(estate: Estate, silent: str) -> None:
    estate.repository("cat-application").commit({"hld/component.yaml": LOST % f"{silent}/acme/lost"})
    done = estate.run(estate.push_event("dog-application", part_timeout="2", on_failure="stop"))
    assert done.code == 1
    (error,) = done.errors
    assert "/acme/lost hasn't answered in 2 s" in error
    assert "part-timeout" in error


def test_a_broken_part_that_was_rolled_back_asks_nothing(estate: Estate) -> None:
    old = estate.manifests.tip()
    estate.release("1.5.0")
    assert estate.run(estate.push_event()).code == 0
    push = payloads.small_push("acme/cluster-hld", "dev", estate.repository("cluster-hld").tip())
    payload = {"inputs": {}, "ref": push["ref"], **{key: push[key] for key in ("repository", "sender")}}
    back = {"environment": "dev", "component": "cat-application", "to": old}
    assert estate.run(estate.step("workflow_dispatch", payload, action="rollback", **back)).code == 0
    before = show(estate, "cat-application/cat-application.yaml")
    estate.repository("cat-application").commit({"hld/component.yaml": "name: [open"})
    estate.release("9.9.9", application="dog-application")
    done = estate.run(estate.push_event("dog-application"))
    assert done.code == 0, done.log
    assert done.step.outputs["held"] == ""
    assert "held back" not in done.log
    assert show(estate, "cat-application/cat-application.yaml") == before
    assert "9.9.9" in show(estate, "dog-application/dog-application.yaml")


def test_who_pushed_what_fails_is_told_so_and_a_second_run_makes_no_commit(estate: Estate) -> None:
    estate.repository("cat-application").commit({"hld/component.yaml": "name: [open"})
    for _ in range(2):
        done = estate.run(estate.push_event("cat-application"))
        assert done.code == 1
        assert any("cat-application is held back" in error for error in done.errors)
        assert "## ⚠️" in done.step.summary
        assert "### Held back" in done.step.summary
    assert estate.manifests.git("rev-list", "--count", "dev").strip() == "3"
    assert "cat-application held back" in estate.manifests.git("log", "-1", "--format=%s", "dev")


def test_who_pushed_to_a_repository_below_a_held_part_is_told_so(estate: Estate) -> None:
    estate.server.create("acme/nested", branch="dev", private=True)
    estate.server.allow(estate.token, "acme/nested", "read")
    estate.repository("nested").commit({"component.yaml": "name: [open"})
    source = f"{estate.server.url}/acme/nested"
    text = f"name: cat\nsubcomponents: [{{name: nested, method: git, source: {source}, branch: dev}}]\n"
    estate.repository("cat-application").commit({"hld/component.yaml": text})
    for name, code in {"nested": 1, "dog-application": 0, "cluster-hld": 1}.items():
        done = estate.run(estate.push_event(name))
        assert done.code == code, done.log
        assert json.loads(done.step.outputs["held"]) == ["cat-application"]


def test_it_heals_by_itself(estate: Estate) -> None:
    whole = json.loads(show(estate, "promotion.lock"))
    estate.repository("cat-application").commit({"hld/chart/templates/x.yaml": '{{ fail "no" }}'})
    estate.run(estate.push_event())
    estate.repository("cat-application").commit({"hld/chart/templates/x.yaml": None})
    estate.release("2.0.0")
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log
    assert done.step.outputs["held"] == ""
    lock = json.loads(show(estate, "promotion.lock"))
    assert "held" not in lock
    assert lock["units"].keys() == whole["units"].keys()
    assert "2.0.0" in show(estate, "cat-application/cat-application.yaml")


def test_with_stop_a_failure_stops_the_run(estate: Estate) -> None:
    before = estate.manifests.git("rev-parse", "dev")
    estate.repository("cat-application").commit({"hld/component.yaml": "name: [open"})
    assert estate.run(estate.push_event("dog-application", **{"on-failure": "stop"})).code == 1
    assert estate.manifests.git("rev-parse", "dev") == before


@pytest.mark.parametrize("rule", [{"secrets": "deny"}, {"validate": "fail"}], ids=["secrets", "validate"])
def test_a_rule_that_has_become_stricter_holds_run_after_run(estate: Estate, rule: Mapping[str, str]) -> None:
    wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: odd, namespace: cats}\nspec: {port: 1}\n"
    files = {"hld/chart/templates/x.yaml": f"{SECRET}---\n{wrong}"}
    estate.repository("cat-application").commit(files)
    loose = {"secrets": "allow", "validate": "warn"}
    assert estate.run(estate.push_event(**loose)).code == 0
    published = show(estate, "cat-application/cat-application.yaml")
    assert "hunter2" in published
    estate.release("9.9.9", application="dog-application")
    for changed in ("true", "false"):
        done = estate.run(estate.push_event("dog-application", **{**loose, **rule}))
        assert done.code == 0, done.log
        assert json.loads(done.step.outputs["held"] or "[]") == ["cat-application"], done.log
        assert done.step.outputs["changed"] == changed
    assert show(estate, "cat-application/cat-application.yaml") == published


def test_a_lock_with_conflict_markers_is_refused_before_anything_is_rendered(estate: Estate) -> None:
    lock = show(estate, "promotion.lock")
    estate.manifests.commit({"promotion.lock": lock.replace('  "format"', '<<<<<<< HEAD\n  "format"')})
    estate.release("9.9.9")
    done = estate.run(estate.push_event())
    (error,) = done.errors
    number = lock.split("\n").index('  "format": 3,') + 1
    assert f"promotion.lock:{number}" in error
    assert "a merge left its conflict markers in it" in error
    assert "adopt: true" in error
    assert "Render" not in done.log
    asked = start(estate, "status", *WHERE, "--environments", "dev")
    assert asked.returncode == 1
    assert f"promotion.lock:{number}" in asked.stdout
    assert estate.run(estate.push_event(adopt="true")).code == 0


def test_status_and_explain_tell_of_what_is_held_back(estate: Estate) -> None:
    bad = estate.repository("cat-application").commit({"hld/component.yaml": "name: [open"})
    assert estate.run(estate.push_event("dog-application")).code == 0
    told = start(estate, "status", *WHERE, "--environments", "dev")
    assert told.returncode == 0
    cat, *_ = (row for row in told.stdout.splitlines() if row.startswith("cat-application"))
    assert cat.endswith(" held")
    waits = f"{bad[:12]} of {estate.server.url}/acme/cat-application.git waits: hld/component.yaml:"
    assert f"dev: cat-application is held back; {waits}" in told.stdout
    explained = start(estate, "explain", "cat-application", "--environment", "dev", *WHERE)
    assert f"  held back  cat-application is held back; {waits}" in explained.stdout


def test_where_nothing_is_left_but_what_fails_its_error_is_told(estate: Estate) -> None:
    before = estate.manifests.git("rev-parse", "dev")
    entry = "{name: new, method: git, source: '%s/acme/cat-application', branch: dev, path: none}"
    text = f"name: cluster\nsubcomponents: [{entry % estate.server.url}]\n"
    estate.repository("cluster-hld").commit({"component.yaml": text})
    done = estate.run(estate.push_event("dog-application"))
    (error,) = done.errors
    assert done.code == 1
    assert "none" in error
    assert "would go" not in error
    assert estate.manifests.git("rev-parse", "dev") == before


def test_a_part_that_was_never_published_is_left_out(estate: Estate) -> None:
    hld = estate.repository("cluster-hld")
    text = hld.read("component.yaml").rstrip()
    hld.commit({"component.yaml": f"{text}\n  - {{name: new, type: helm, path: ./new}}\n"})
    done = estate.run(estate.push_event("dog-application"))
    (warning,) = (row for row in done.log.splitlines() if row.startswith("::warning"))
    assert "new is held back and left out, for it never was published: " in warning
    assert done.code == 0
