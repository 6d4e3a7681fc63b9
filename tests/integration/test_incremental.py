"""What a run fetches and renders when little or nothing has changed: real processes, a real git server."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promotion.rendering.lock.input_digest import digest_fields
from support.charts import packed_chart, write_repository
from support.estate import TOKEN, Estate, Finished
from support.estate_copies import copy_server, publish_estate
from support.gitserver import GitServer
from support.webserver import WebServer, serve

HLD, CAT, DOG, STACK = "cluster-hld", "cat-application", "dog-application", "cloud-native"
MANIFESTS = "cluster-manifests"
RANDOM = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: random}\ndata: {token: {{ randAlphaNum 20 }}}\n"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate that was materialised once, when its sources were as they are."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield Estate(server, tmp_path / "steps")


@pytest.fixture
def new_estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate that was never materialised."""
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebServer]:
    with serve(tmp_path / "charts") as running:
        yield running


def run(estate: Estate, **inputs: str) -> Finished:
    estate.server.requests.clear()
    done = estate.run(estate.push_event(**inputs))
    assert done.code == 0, done.log
    return done


def fetched(estate: Estate) -> set[str]:
    """The repositories of which files were fetched; the manifests' own aside."""
    names = {
        request.path.split("/")[2].removesuffix(".git")
        for request in estate.server.requests
        if request.command == "fetch"
    }
    return names - {MANIFESTS}


def counts(done: Finished) -> tuple[int, int]:
    """How many components were rendered, and how many kept."""
    found = re.search(r"Rendered (\d+) components?, kept (\d+)", done.log)
    assert found, done.log
    return int(found[1]), int(found[2])


def report(done: Finished) -> Any:
    return json.loads((done.step.workspace / done.step.outputs["result"]).read_text("utf-8"))


def equals_full(estate: Estate, done: Finished) -> bool:
    """Whether the branch is as a full run of the same sources would have it, the lock, too."""
    branch = f"full-{done.step.folder.name}"
    estate.manifests.git("branch", branch, "dev")
    run(estate, full="true", manifest_branch=branch)
    return estate.manifests.files("dev") == estate.manifests.files(branch)


def configure(estate: Estate, text: str) -> None:
    """Other config for the cluster."""
    estate.repository(HLD).commit({"config/common.yaml": text})


def test_nothing_changed_fetches_nothing_and_renders_nothing(new_estate: Estate) -> None:
    estate = new_estate
    first = run(estate)
    assert fetched(estate) == {HLD, CAT, DOG, STACK}
    assert counts(first) == (5, 0)
    tip = estate.manifests.tip()

    again = run(estate)

    assert fetched(estate) == set()
    assert counts(again) == (0, 5)
    assert estate.manifests.tip() == tip
    expected = {"changed": "false", "components": "5", "added": "0", "commit": ""}
    assert again.step.outputs.items() >= expected.items()
    reports = [
        json.loads((done.step.workspace / done.step.outputs["result"]).read_text()) for done in (first, again)
    ]
    rows = [[{**part, "action": ""} for part in each["components"]] for each in reports]
    assert rows[0] == rows[1]
    assert reports[0]["hld_commit"] == reports[1]["hld_commit"]


def test_each_repository_is_asked_once(estate: Estate) -> None:
    run(estate)
    asked = [request.path for request in estate.server.requests if request.command == "ls-refs"]
    assert len([path for path in asked if MANIFESTS not in path]) == 4


def test_of_one_changed_application_only_that_one_is_fetched_and_rendered(estate: Estate) -> None:
    estate.release("1.2.0")
    done = run(estate)
    assert fetched(estate) == {HLD, CAT}
    assert counts(done) == (1, 4)
    assert done.step.outputs["changed-resources"] == "1"
    assert equals_full(estate, done)


def test_config_is_rendered_where_it_reaches_and_nowhere_else(estate: Estate) -> None:
    configure(
        estate,
        "subcomponents:\n"
        "  cat-application: {namespace: cats, injectNamespace: true, config: {replicas: 4}}\n"
        "  dog-application: {namespace: dogs, injectNamespace: true}\n"
        "  cloud-native: {subcomponents: {metrics: {namespace: watching, injectNamespace: true}}}\n",
    )
    done = run(estate)
    assert fetched(estate) == {HLD, CAT, STACK}
    assert counts(done) == (2, 3)
    assert equals_full(estate, done)


def test_a_component_that_moves_is_fetched_and_one_that_goes_takes_its_manifest_along(estate: Estate) -> None:
    hld = estate.repository(HLD)
    text = hld.read("component.yaml").replace("name: cat-application", "name: cats/tabby")
    hld.commit({"component.yaml": text[: text.index("  - name: dog-application")]})
    done = run(estate)
    assert fetched(estate) == {HLD, CAT}
    assert counts(done) == (1, 3)
    assert done.step.outputs["removed"] == "4"
    assert equals_full(estate, done)


@pytest.mark.parametrize("text", [None, "kind: Deployment\nmetadata: {name: by-hand}\n"])
def test_a_foreign_edit_of_a_managed_file_is_undone(estate: Estate, text: str | None) -> None:
    published = estate.manifests.tip()
    path = "dog-application/dog-application.yaml"
    before = estate.manifests.files()
    estate.manifests.commit({path: text})
    done = run(estate)
    assert fetched(estate) == {HLD, DOG}
    assert counts(done) == (1, 4)
    assert estate.manifests.files() == before
    assert "was changed by hand" in done.step.summary
    assert published != estate.manifests.tip()


def test_full_ignores_the_lock(estate: Estate) -> None:
    done = run(estate, full="true")
    assert fetched(estate) == {HLD, CAT, DOG, STACK}
    assert counts(done) == (5, 0)
    assert done.step.outputs["changed"] == "false"


@pytest.mark.siege
@pytest.mark.parametrize(
    ("inputs", "rendered"),
    [
        ({"kube_version": "1.30"}, 3),  # the charts
        ({"include_crds": "true"}, 3),
        ({"skip_tests": "true"}, 3),
        ({"configs": "dev prod"}, 2),  # those that the config reaches
        ({"secrets": "allow"}, 0),
        ({"hooks": "allow"}, 5),
    ],
)
def test_for_another_request_everything_is_fetched(
    estate: Estate, inputs: dict[str, str], rendered: int
) -> None:
    done = run(estate, **inputs)
    assert fetched(estate) == {HLD, CAT, DOG, STACK}
    assert counts(done) == (rendered, 5 - rendered)


def test_a_source_that_moves_in_vain_is_the_only_one_fetched(estate: Estate) -> None:
    tip = estate.manifests.tip()
    estate.repository(CAT).commit({"README.md": "more words"})
    for _ in range(2):  # without a commit the lock stays as it is
        done = run(estate)
        assert fetched(estate) == {HLD, CAT}
        assert counts(done) == (0, 5)
    assert estate.manifests.tip() == tip


def test_a_forced_push_back_is_seen(estate: Estate) -> None:
    before = estate.repository(CAT).tip()
    estate.release("1.2.0")
    run(estate)
    estate.repository(CAT).git("update-ref", "refs/heads/dev", before)
    done = run(estate)
    assert counts(done) == (1, 4)
    assert "1.1.0" in estate.manifests.read("cat-application/cat-application.yaml")
    assert equals_full(estate, done)


def test_a_chart_that_prints_something_else_each_time_is_left_as_it_was(estate: Estate) -> None:
    estate.repository(CAT).commit({"hld/chart/templates/random.yaml": RANDOM})
    run(estate)
    before = estate.manifests.tip()
    run(estate)
    estate.repository(CAT).commit({"README.md": "more words"})  # resolved again, with the same inputs
    run(estate)
    configure(estate, estate.repository(HLD).read("config/common.yaml") + "\n# a comment\n")
    run(estate)
    assert estate.manifests.tip() == before
    run(estate, full="true")
    assert estate.manifests.tip() != before


# -- charts and files from the web


def add(estate: Estate, *entries: str) -> None:
    """More components in the cluster."""
    hld = estate.repository(HLD)
    rows = "".join(f"  - {{{entry}}}\n" for entry in entries)
    hld.commit({"component.yaml": f"{hld.read('component.yaml')}\n{rows}"})


def test_an_index_tells_which_charts_are_new(estate: Estate, site: WebServer, tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "charts", [("web", "1.0.0"), ("db", "1.0.0")])
    add(
        estate,
        f"name: web, type: helm, method: helm, source: '{site.url}', path: web, version: 1.x",
        f"name: db, type: helm, method: helm, source: '{site.url}', path: db",
    )
    run(estate)
    site.asked.clear()
    assert counts(run(estate)) == (0, 7)
    assert site.paths() == ["/index.yaml"]

    write_repository(folder, [("web", "1.0.0"), ("web", "1.1.0"), ("web", "2.0.0"), ("db", "1.0.0")])
    site.asked.clear()
    done = run(estate)
    assert counts(done) == (1, 6)
    assert [path for path in site.paths() if path != "/index.yaml"] == ["/web-1.1.0.tgz"]
    assert fetched(estate) == {HLD}
    assert equals_full(estate, done)


def test_a_chart_of_which_the_index_promises_no_digest_is_fetched_again(
    estate: Estate, site: WebServer, tmp_path: Path
) -> None:
    write_repository(tmp_path / "charts", [("web", "1.0.0")], digest="")
    add(estate, f"name: web, type: helm, method: helm, source: '{site.url}', path: web, version: 1.0.0")
    run(estate)
    (tmp_path / "charts/web-1.0.0.tgz").write_bytes(packed_chart("web", "1.0.0", description="replaced"))
    done = run(estate)
    assert fetched(estate) == {HLD}
    assert counts(done) == (1, 5)


@pytest.mark.parametrize("repository", [CAT, HLD])
def test_a_dependency_of_a_chart_is_asked_for_as_well(
    estate: Estate, site: WebServer, tmp_path: Path, repository: str
) -> None:
    folder = write_repository(tmp_path / "charts", [("library", "1.0.0")])
    dependency = {"name": "library", "version": "1.x", "repository": site.url}
    metadata = {"apiVersion": "v2", "name": "cat", "version": "0.1.0", "dependencies": [dependency]}
    where = "hld/chart" if repository == CAT else "own"
    estate.repository(repository).commit(
        {f"{where}/Chart.yaml": json.dumps(metadata), f"{where}/templates/x.yaml": "{kind: Own}\n"}
    )
    if repository == HLD:
        add(estate, "name: own, type: helm, path: own")
    run(estate)
    site.asked.clear()
    assert counts(run(estate))[0] == 0
    assert site.paths() == ["/index.yaml"]
    assert fetched(estate) == set()

    write_repository(folder, [("library", "1.0.0"), ("library", "1.0.1")])
    done = run(estate)
    assert counts(done)[0] == 1
    assert fetched(estate) == {HLD, repository}
    assert equals_full(estate, done)


def test_a_file_from_the_web_is_read_again_each_time(estate: Estate, site: WebServer) -> None:
    address = site.answer("/crd.yaml", b"kind: CRD\nmetadata: {name: one}\n")
    add(estate, f"name: crd, type: static, method: http, source: '{address}'")
    run(estate)
    site.asked.clear()
    assert counts(run(estate)) == (0, 6)
    assert site.paths() == ["/crd.yaml"]
    site.answer("/crd.yaml", b"kind: CRD\nmetadata: {name: two}\n")
    done = run(estate)
    assert counts(done) == (1, 5)
    assert equals_full(estate, done)


# -- a lock that was edited, or is of an older format


def merge_locks(estate: Estate) -> None:
    """Two branches that runs have written are merged; where both changed a line, ours is taken."""
    manifests = estate.manifests
    manifests.git("branch", "other", "dev")
    estate.release("1.2.0")
    run(estate)
    estate.release("2.0.0", application=DOG)
    run(estate, manifest_branch="other")
    with tempfile.TemporaryDirectory() as folder:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        for words in (
            ("clone", "--quiet", "--branch", "dev", str(manifests.folder), folder),
            ("-C", folder, *identity, "merge", "--quiet", "--no-edit", "-X", "ours", "origin/other"),
            ("-C", folder, "push", "--quiet", "origin", "dev"),
        ):
            subprocess.run(["git", *words], check=True)


def edit_lock(estate: Estate) -> None:
    text = estate.manifests.read("promotion.lock")
    revision = estate.repository(CAT).tip()
    assert revision in text
    estate.manifests.commit({"promotion.lock": text.replace(revision, "1" * 40)})


@pytest.mark.parametrize("spoil", [edit_lock, merge_locks])
def test_a_lock_that_was_edited_is_warned_of_and_repaired_once(
    estate: Estate, spoil: Callable[[Estate], None]
) -> None:
    spoil(estate)
    spoilt = estate.manifests.tip()
    looked = run(estate, dry_run="true")
    assert (looked.step.outputs["changed"], estate.manifests.tip()) == ("true", spoilt)
    done = run(estate)
    assert counts(done) == (5, 0)
    assert len([text for text in report(done)["warnings"] if "has a wrong checksum" in text]) == 1
    assert estate.manifests.git("log", "-1", "--format=%s", "dev") == "dev: write promotion.lock anew"
    assert estate.manifests.git("diff", "--name-only", spoilt, "dev") == "promotion.lock"
    idle = run(estate)
    assert (counts(idle), idle.step.outputs["changed"], report(idle)["warnings"]) == ((0, 5), "false", [])
    assert equals_full(estate, idle)


def test_a_lock_of_an_older_format_is_brought_up_to_date_without_a_warning(estate: Estate) -> None:
    lock = json.loads(estate.manifests.read("promotion.lock"))
    estate.manifests.commit({"promotion.lock": json.dumps(lock | {"format": 2})})
    done = run(estate)
    assert (counts(done), report(done)["warnings"]) == ((5, 0), [])
    assert counts(run(estate)) == (0, 5)


# -- credentials, and a lock that lies


def test_what_needs_a_token_of_its_own_is_always_fetched(estate: Estate, tmp_path: Path) -> None:
    with GitServer(tmp_path / "elsewhere") as elsewhere:
        bird = elsewhere.create("acme/bird", private=True)
        elsewhere.allow("bird-token-of-its-own", "acme/bird", "read")
        bird.commit({"bird.yaml": "kind: Bird\n"})
        source = f"{elsewhere.url}/acme/bird.git"
        add(estate, f"name: bird, type: static, method: git, source: '{source}', path: .")
        estate.repository(HLD).commit({"access.yaml": f"'{source}': BIRD_TOKEN\n"})
        for rendered in (1, 0):
            elsewhere.requests.clear()
            estate.server.requests.clear()
            done = estate.run(estate.push_event(), BIRD_TOKEN="bird-token-of-its-own")
            assert done.code == 0, done.log
            assert counts(done)[0] == rendered
            assert any(request.command == "fetch" for request in elsewhere.requests)
        assert fetched(estate) == {HLD}
        assert "bird-token" not in estate.manifests.read("promotion.lock")


def test_a_lock_that_lies_gets_no_token_and_no_file_of_the_runner(estate: Estate, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with GitServer(tmp_path / "thief") as thief, serve() as site:
        lock = json.loads(estate.manifests.read("promotion.lock"))
        sources = next(iter(lock["units"].values()))["sources"]
        sources += [
            {"git": f"{thief.url}/acme/cat-application", "branch": "dev", "answer": "1" * 40},
            {"git": f"file://{secret}", "answer": "1" * 40},
            {"file": f"{site.url}/x.yaml", "answer": "sha256:1"},
            {"file": f"file://{secret}", "answer": "sha256:1"},
            {"charts": site.url, "chart": "web", "answer": "1.0.0 sha256:1"},
        ]
        del lock["checksum"]
        lock["checksum"] = digest_fields({"lock": lock})
        estate.manifests.commit({"promotion.lock": json.dumps(lock)})
        done = run(estate)
        assert thief.requests, "the lock counts"
        assert all(request.authorization is None for request in thief.requests)
        assert all("authorization" not in asked.headers for asked in site.asked)
    assert not any(TOKEN in line for line in done.log.splitlines() if "::add-mask::" not in line)
    assert str(secret) not in done.log
