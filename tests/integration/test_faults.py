"""Whole runs in trouble: what they survive, how they end, and that they leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import registry
from support.charts import packed_chart, write_repository
from support.disks import MakeDisk
from support.estate import Estate, Finished
from support.gitserver import GitServer
from support.processes import LINUX_ONLY, await_end, find_processes
from support.proxy import EVER, FaultProxy, Trouble
from support.webserver import serve

pytestmark = [pytest.mark.siege, pytest.mark.samples, LINUX_ONLY]

SLOWEST_END = 5.0  # seconds that a cancelled run may take to end, on a busy machine
MORE = """
  - name: crds
    type: static
    method: http
    source: http://{site}/crds.yaml
  - name: cache
    type: helm
    method: helm
    source: http://{site}/charts
    path: cache
    version: 1.0.0
  - name: gateway
    type: helm
    method: helm
    source: oci://{registry}/acme
    path: gateway
    version: 1.0.0
"""
# Each kind of source, with a part of its requests; and the push.
PLACES = {
    "the definition": "cluster-hld.git",
    "an application": "cat-application.git",
    "the manifest branch": "cluster-manifests.git/info/refs?service=git-upload-pack",
    "the push": "git-receive-pack",
    "a manifest": "crds.yaml",
    "an index": "index.yaml",
    "an archive": "cache-1.0.0.tgz",
    "a registry": "/v2/acme/gateway",
}
LOOP = "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}"


@dataclass
class World:
    """The estate, with all kinds of sources, behind a proxy."""

    estate: Estate
    proxy: FaultProxy
    temporary: Path
    old: str = ""

    def open(self, *wrapper: str, **inputs: str) -> tuple[subprocess.Popen[str], Callable[[], Finished]]:
        """A run, and what waits for its end."""
        step = self.estate.push_event("cluster-hld", **inputs)
        variables = {"TMPDIR": str(self.temporary), **self.proxy.variables}
        process = self.estate.open(step, *wrapper, **variables)

        def finish() -> Finished:
            log, _ = process.communicate(timeout=120)
            return Finished(process.returncode, log, step)

        return process, finish

    def run(self, *wrapper: str, **inputs: str) -> Finished:
        return self.open(*wrapper, **inputs)[1]()

    @property
    def tip(self) -> str:
        return self.estate.manifests.tip()

    def change(self, repository: str, path: str, text: str) -> None:
        self.estate.repository(repository).commit({path: text})

    def await_request(self, part: str) -> None:
        deadline = time.monotonic() + 60
        while not any(part in request for request in self.proxy.requests):
            assert time.monotonic() < deadline, f"nobody asks for {part}"
            time.sleep(0.01)

    def check_failure(self, done: Finished, code: int = 1) -> str:
        """It ended with one clear error, and all is as it was; gives the error."""
        assert done.code == code, done.log
        (error,) = done.errors
        assert "defect" not in error
        assert "Traceback" not in done.log
        assert done.step.summary
        self.check_rest()
        return error

    def check_rest(self) -> None:
        """Nothing was published, nothing is left and nothing is alive."""
        assert self.tip == self.old
        assert not list(self.temporary.rglob("*"))
        assert not find_processes(str(self.temporary))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    www, temporary = tmp_path / "www", tmp_path / "temporary"
    write_repository(www / "charts", [("cache", "1.0.0")])
    (www / "crds.yaml").write_text("kind: Namespace\napiVersion: v1\nmetadata: {name: pets}\n")
    temporary.mkdir()
    with (
        GitServer(tmp_path / "server") as server,
        serve(www) as site,
        registry.serve() as charts,
        FaultProxy(charts.host) as proxy,
    ):
        charts.add("acme/gateway", "1.0.0", packed_chart("gateway", "1.0.0"))
        estate = Estate(server, tmp_path / "steps")
        hld = estate.repository("cluster-hld")
        more = MORE.format(site=site.url.removeprefix("http://"), registry=proxy.host)
        hld.commit({"component.yaml": hld.read("component.yaml") + more})
        old = estate.manifests.commit({"README.md": "old"})
        yield World(estate, proxy, temporary, old)


@pytest.mark.parametrize("trouble", [Trouble(reset=True), Trouble(status=503), Trouble(cut=5)], ids=str)
def test_a_trouble_of_every_source_at_once_is_survived(world: World, trouble: Trouble) -> None:
    for part in PLACES.values():
        world.proxy.make(Trouble(**vars(trouble) | {"path": part}))
    done = world.run()
    assert done.code == 0, done.log
    assert {"crds.yaml", "cache.yaml", "gateway.yaml"} <= world.estate.manifests.files().keys()
    assert not done.errors
    assert not list(world.temporary.rglob("*"))
    assert not find_processes(str(world.temporary))


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_is_one_error_and_leaves_nothing(world: World, place: str, status: int) -> None:
    world.proxy.make(Trouble(path=PLACES[place], status=status, times=EVER))
    error = world.check_failure(world.run(on_failure="stop"))
    name = PLACES[place].partition(".git")[0].removeprefix("/v2/")
    assert ("acme/cluster-manifests" if place == "the push" else name) in error


def begin_fetch(world: World) -> None:
    world.proxy.make(Trouble(path="cat-application.git", hang=True, times=EVER))


def begin_push(world: World) -> None:
    world.proxy.make(Trouble(path="POST /acme/cluster-manifests.git/git-receive-pack", hang=True, times=EVER))


def begin_download(world: World) -> None:
    world.proxy.make(Trouble(path="crds.yaml", hang=True, times=EVER))


def begin_pull(world: World) -> None:
    world.proxy.make(Trouble(path="/v2/acme/gateway", hang=True, times=EVER))


def begin_pause(world: World) -> None:
    world.proxy.make(Trouble(path="crds.yaml", status=503, headers={"Retry-After": "100"}, times=EVER))


def begin_render(world: World) -> None:
    world.change("cat-application", "hld/chart/templates/deployment.yaml", LOOP)


def begin_hook(world: World) -> None:
    hook = "\nhooks: {before-generate: ['sleep 100 & sleep 100']}\n"
    text = world.estate.repository("cat-application").read("hld/component.yaml")
    world.change("cat-application", "hld/component.yaml", text + hook)


WAITS = {
    begin_fetch: "cat-application.git",
    begin_push: "POST /acme/cluster-manifests.git/git-receive-pack",
    begin_download: "crds.yaml",
    begin_pull: "/v2/acme/gateway",
    begin_pause: "crds.yaml",
    begin_render: "/v2/acme/gateway/blobs",
    begin_hook: "cat-application.git",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("begin", WAITS, ids=lambda begin: begin.__name__.removeprefix("begin_"))
def test_a_run_that_waits_is_cancelled_at_once(
    world: World, begin: Callable[[World], None], number: signal.Signals
) -> None:
    begin(world)
    process, finish = world.open(hooks="allow")
    world.await_request(WAITS[begin])
    time.sleep(0.7)  # until it does wait
    assert process.poll() is None, finish().log
    start = time.monotonic()
    process.send_signal(number)
    done = finish()
    assert time.monotonic() - start < SLOWEST_END
    assert done.code == 128 + number
    assert "::notice::Cancelled" in done.log
    assert not done.errors
    assert "Traceback" not in done.log
    world.check_rest()


def test_the_runner_cancels_again_and_again(world: World) -> None:
    begin_push(world)
    process, finish = world.open()
    world.await_request(WAITS[begin_push])
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.05)
    done = finish()
    assert done.code == 128 + signal.SIGINT
    assert done.log.count("::notice::Cancelled") == 1
    world.check_rest()


def test_after_a_kill_the_next_run_clears_up(world: World) -> None:
    begin_fetch(world)
    process, finish = world.open()
    world.await_request(WAITS[begin_fetch])
    process.kill()
    finish()
    (left,) = world.temporary.iterdir()
    world.proxy.closing.set()  # ends what hangs
    await_end(str(world.temporary))
    world.proxy = FaultProxy(world.proxy.upstream)
    with world.proxy:
        text = world.estate.repository("cluster-hld").read("component.yaml")
        world.change("cluster-hld", "component.yaml", text.partition("  - name: gateway")[0])
        assert world.run().code == 0
    assert not left.exists()
    assert not list(world.temporary.iterdir())


@pytest.mark.parametrize("limit", [12, 14, 16, 18, 20, 24, 28, 32, 36])
def test_few_open_files_are_one_error(world: World, limit: int) -> None:
    done = world.run("prlimit", f"--nofile={limit}")
    if done.code == 0 and limit > 20:  # how many it takes is a matter of what happens at once
        return
    error = world.check_failure(done)
    assert "too many files are open" in error
    assert "ulimit -n" in error


def test_a_usual_limit_of_open_files_is_enough(world: World) -> None:
    done = world.run("prlimit", "--nofile=128")
    assert done.code == 0, done.log


@pytest.mark.parametrize("size", [4, 8, 16, 32, 48, 64, 96])
def test_a_full_disk_is_one_error(world: World, small_disk: MakeDisk, size: int) -> None:
    world.change("cat-application", "hld/chart/noise", os.urandom(100_000).hex())
    small_disk(world.temporary, size)
    done = world.run()
    error = world.check_failure(done)
    assert "the disk is full" in error
    assert "TMPDIR" in error


@pytest.mark.parametrize("folder", ["workspace", "file_commands"])
def test_a_full_disk_for_the_results_is_told_beside_the_commit(
    world: World, small_disk: MakeDisk, folder: str
) -> None:
    """For the report in the workspace, for the summary and the outputs."""
    step = world.estate.push_event("cluster-hld")
    small_disk(step.folder / folder, 4)
    (step.folder / folder / "filler").write_bytes(b"x" * 4096)
    done = world.estate.run(step, TMPDIR=str(world.temporary), **world.proxy.variables)
    assert done.code == 1
    (error,) = done.errors
    assert "the disk is full" in error
    assert "Traceback" not in done.log
    assert f"dev is at {world.tip[:12]}" in done.log
    assert ("the job summary can't be written" in done.log) == (folder == "file_commands")
    assert not list(world.temporary.iterdir())
