"""Many runs at once, and people who push between them: real processes, a real git server over HTTP."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from promotion.common.backoff import PUBLISH
from support.estate import SOURCES, Estate, Finished
from support.github_graphql import FakeGraphql
from support.gitserver import Fault, GitServer
from support.history import find_merges, find_steps_back, moving_sources, read_state
from support.repositories import Repository
from support.runner import Step

pytestmark = pytest.mark.siege

RUNS = int(os.environ.get("PROMOTION_RACE_RUNS", "50"))
CAT = "cat-application/cat-application.yaml"
LOCK = "promotion.lock"
# Before the push the server shows its branches; the push itself is refused if its branch has moved since.
BEFORE_THE_PUSH = "cluster-manifests.git/info/refs?service=git-receive-pack"
THE_PUSH = "cluster-manifests.git/git-receive-pack"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


def attempts(done: Finished) -> int:
    return 1 + done.log.count("starting again from the sources")


def succeed(done: Finished) -> Finished:
    assert done.code == 0, done.log
    return done


def race(estate: Estate, steps: Sequence[Step], *branches: str, last: int = 1) -> list[Finished]:
    """Run the steps at once while the sources move; the `last` ones start when the sources come to rest.

    So it is with real pushes: each starts a run, and none is as late as the run of the last one.
    """
    with ThreadPoolExecutor(len(steps)) as pool:
        with moving_sources(estate, *branches, pause=0.5):
            early = []
            for step in steps[:-last]:
                early.append(pool.submit(estate.run, step))
                time.sleep(0.1)  # as many wins as may be: those that read at once all lose to the same one
            running = set(early)
            while len(running) > len(early) // 2:
                _, running = wait(running, return_when=FIRST_COMPLETED)
        late = [pool.submit(estate.run, step) for step in steps[-last:]]
        return [succeed(future.result()) for future in (*early, *late)]


def slow_down(server: GitServer) -> None:
    """Let requests wait, each for another time: some runs are overtaken by several others in between."""
    chance = random.Random(5)  # noqa: S311
    for path, delays in (
        ("cluster-manifests.git/info/refs?service=git-upload-pack", (0.0, 0.0, 5.0)),
        ("cluster-manifests.git/git-receive-pack", (0.0, 0.5, 1.0)),
        ("git-upload-pack", (0.0, 0.0, 0.0, 0.1, 0.5)),
    ):
        for _ in range(10 * RUNS):
            server.fail(Fault(path=path, delay=chance.choice(delays)))


def check_history(estate: Estate, runs: Sequence[Finished], branch: str, old: Sequence[str]) -> None:
    """One line of commits, each told of by a run."""
    made = {done.step.outputs["commit"] for done in runs if done.step.outputs["changed"] == "true"}
    made |= {
        commit for done in runs for commit in re.findall(r"^Committed (\w{40}),", done.log, re.MULTILINE)
    }
    begin = estate.manifests.history(branch)[-1]  # the empty one that a new branch begins with
    assert made == set(estate.manifests.history(branch)) - {*old, begin}
    assert find_merges(estate.manifests, branch) == []
    for done in runs:
        assert done.step.outputs["changed"] in ("true", "false")
        assert (done.step.outputs["changed"] == "true") == bool(done.step.outputs["commit"])


@pytest.mark.parametrize("is_slow", [False, True], ids=["as it is", "with delays"])
def test_of_many_runs_at_once_none_brings_older_sources(estate: Estate, is_slow: bool) -> None:
    succeed(estate.run(estate.push_event()))
    old = estate.manifests.history()
    if is_slow:
        slow_down(estate.server)
    start = time.monotonic()
    runs = race(estate, [estate.push_event() for _ in range(RUNS)], "dev")
    seconds = time.monotonic() - start

    counts = [attempts(done) for done in runs]
    print(
        f"{len(runs)} runs, {len(estate.manifests.history()) - len(old)} commits, "
        f"{sum(counts) / len(counts):.2f} attempts in the mean, {max(counts)} at most, {seconds:.0f} s"
    )
    assert len(estate.manifests.history()) > len(old) + 1, "there was something to win"
    assert max(counts) <= PUBLISH.attempts
    check_history(estate, runs, "dev", old)
    assert find_steps_back(estate, "dev") == []
    succeed(estate.run(estate.push_event(manifest_branch="fresh")))
    assert read_state(estate.manifests, "dev") == read_state(estate.manifests, "fresh")


def test_two_environments_and_two_clusters_do_not_disturb_each_other(estate: Estate) -> None:
    add_environment(estate, "stage")
    estate.manifests.commit({"README.md": "ours"})
    steps = [
        estate.push_event(branch=branch, manifest_path=f"clusters/{region}")
        for _ in range(max(RUNS // 8, 2))
        for branch in ("dev", "stage")
        for region in ("east", "west")
    ]
    old = estate.manifests.history()
    runs = race(estate, steps, "dev", "stage", last=4)
    for branch in ("dev", "stage"):
        those = [done for done in runs if done.step.outputs["branch"] == branch]
        check_history(estate, those, branch, old)
        parts = {"README.md": estate.manifests.files()["README.md"]} if branch == "dev" else {}
        for region in ("east", "west"):
            folder = f"clusters/{region}"
            assert find_steps_back(estate, branch, folder=f"{folder}/") == []
            fresh = f"fresh-{branch}-{region}"
            step = estate.push_event(branch=branch, manifest_path=folder, manifest_branch=fresh)
            succeed(estate.run(step))
            parts |= read_state(estate.manifests, fresh)
        assert read_state(estate.manifests, branch) == parts


def add_environment(estate: Estate, name: str) -> None:
    """Another environment like dev."""
    for source in SOURCES:
        estate.repository(source).git("branch", name, "dev")
    hld = estate.repository("cluster-hld")
    text = hld.read("component.yaml").replace("branch: dev", f"branch: {name}")
    hld.commit({"component.yaml": text}, branch=name)


@pytest.mark.parametrize("source", ["cluster-hld", "cat-application"])
def test_a_run_that_read_older_sources_does_not_bring_them(estate: Estate, source: str) -> None:
    """While it reads them, a source moves on, and another run reads and commits the newer ones."""
    succeed(estate.run(estate.push_event()))
    old = estate.manifests.tip()
    others: list[Finished] = []

    def move_on() -> None:
        estate.release("1.3.0")
        estate.repository("cluster-hld").commit(
            {"config/dev.yaml": "subcomponents: {cat-application: {config: {replicas: 7}}}\n"}
        )
        others.append(succeed(estate.run(estate.push_event("dog-application"))))

    estate.release("1.2.0")
    estate.server.fail(Fault(path=f"{source}.git/git-upload-pack", after=move_on))
    done = succeed(estate.run(estate.push_event()))
    assert find_steps_back(estate, "dev") == []
    assert attempts(done) == 2
    assert estate.manifests.history()[:2] == [others[0].step.outputs["commit"], old]
    assert done.step.outputs["changed"] == "false"


@pytest.mark.parametrize("moment", [BEFORE_THE_PUSH, THE_PUSH], ids=["before the push", "in the push"])
def test_commits_of_others_are_kept_and_ours_is_on_top(estate: Estate, moment: str) -> None:
    succeed(estate.run(estate.push_event()))
    released = estate.release("1.2.0")
    theirs: list[str] = []

    def edit() -> None:
        files = {"README.md": "by hand", "kustomization.yaml": "resources: []\n"}
        theirs.append(estate.manifests.commit(files, message="Theirs"))

    estate.server.fail(Fault(path=moment, before=edit))
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == 2
    assert estate.manifests.history()[:2] == [done.step.outputs["commit"], *theirs]
    assert estate.manifests.read("README.md") == "by hand"
    assert estate.manifests.read("kustomization.yaml") == "resources: []"
    assert ":1.2.0" in estate.manifests.read(CAT)
    assert released in estate.manifests.read(LOCK)


def test_the_first_commit_of_all_asks_its_sources_again(estate: Estate) -> None:
    """While it is on its way, the definition loses its entries; the run of that has nothing to remove."""
    others: list[Finished] = []

    def empty() -> None:
        text = "name: pets-cluster\nsubcomponents: []\n"
        estate.repository("cluster-hld").commit({"component.yaml": text})
        others.append(succeed(estate.run(estate.push_event("cluster-hld", allow_empty="true"))))

    estate.server.fail(Fault(path=THE_PUSH, before=empty))
    done = succeed(estate.run(estate.push_event(allow_empty="true")))
    assert [other.step.outputs["changed"] for other in others] == ["false"]
    assert attempts(done) == 2
    assert estate.manifests.files().keys() == {LOCK}


def test_a_run_that_has_lost_to_one_that_began_later_leaves_it_to_that(estate: Estate) -> None:
    """So the number of attempts doesn't depend on how many others there are."""
    succeed(estate.run(estate.push_event()))
    others: list[Finished] = []

    def overtake() -> None:
        # of another repository: in the same second, the same event would make the very same commit
        others.append(succeed(estate.run(estate.push_event("dog-application"))))
        estate.release(f"1.{len(others) + 2}.0")  # the next attempt has something to push, too

    for _ in range(2):
        estate.server.fail(Fault(path=THE_PUSH, before=overtake))
        estate.server.fail(Fault(path=THE_PUSH))  # that of the other run
    estate.release("1.2.0")
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == 2
    assert "Another run has committed these sources meanwhile, or newer ones" in done.log
    assert (done.step.outputs["changed"], done.step.outputs["commit"]) == ("false", "")
    assert done.step.outputs["components"] == "5"
    assert len(others) == 2
    assert estate.manifests.tip() == others[-1].step.outputs["commit"]


def test_a_change_that_is_taken_back_while_it_is_committed_does_not_stay(estate: Estate) -> None:
    """The run for the old version finds nothing to do, for that is what the branch has still."""
    succeed(estate.run(estate.push_event()))
    before = estate.manifests.files()
    application = estate.repository("cat-application")
    old = application.read("hld/config/common.yaml")
    others: list[Finished] = []

    def take_back() -> None:
        application.commit({"hld/config/common.yaml": f"{old}\n"})
        others.append(succeed(estate.run(estate.push_event("dog-application"))))

    estate.release("1.2.0")
    estate.server.fail(Fault(path=THE_PUSH, before=take_back))
    done = succeed(estate.run(estate.push_event()))
    assert [other.step.outputs["changed"] for other in others] == ["false"]
    assert find_steps_back(estate, "dev") == []
    files = estate.manifests.files()
    assert {**files, LOCK: ""} == {**before, LOCK: ""}
    assert done.step.outputs["commit"] == estate.manifests.tip()
    assert attempts(done) == 2


def test_a_source_that_breaks_after_our_commit_is_no_failure_of_ours(estate: Estate) -> None:
    succeed(estate.run(estate.push_event()))
    estate.release("1.2.0")
    application = estate.repository("cat-application")
    estate.server.fail(
        Fault(path=THE_PUSH, before=lambda: application.commit({"hld/component.yaml": "name: [\n"}))
    )
    done = succeed(estate.run(estate.push_event(on_failure="stop")))
    assert done.step.outputs["commit"] == estate.manifests.tip()
    assert "whether it is the last can't be told" in done.log
    assert estate.run(estate.push_event()).code == 1


@pytest.fixture
def lagging(estate: Estate, tmp_path: Path) -> Iterator[str]:
    """An API of GitHub's that has seen none of the later pushes."""
    succeed(estate.run(estate.push_event()))
    shutil.copytree(estate.server.root, tmp_path / "replica")
    old = {f"acme/{name}": Repository(tmp_path / f"replica/acme/{name}.git") for name in SOURCES}
    with FakeGraphql(old) as github:
        yield github.url
        assert github.requests


def test_an_api_that_lags_behind_hides_no_push_from_its_own_run(estate: Estate, lagging: str) -> None:
    estate.release("1.2.0")
    done = succeed(estate.run(estate.push_event(), GITHUB_GRAPHQL_URL=lagging))
    assert done.step.outputs["changed"] == "true"
    assert ":1.2.0" in estate.manifests.read(CAT)


def test_a_run_does_not_leave_its_push_to_runs_that_could_not_see_it(estate: Estate, lagging: str) -> None:
    number = iter(range(2, 100))

    def overtake() -> None:
        estate.release(f"1.{next(number)}.0", application="dog-application")
        succeed(estate.run(estate.push_event("dog-application"), GITHUB_GRAPHQL_URL=lagging))

    for _ in range(2):
        estate.server.fail(Fault(path=THE_PUSH, before=overtake))
        estate.server.fail(Fault(path=THE_PUSH))  # that of the other run
    estate.release("1.2.0")
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == 3
    assert done.step.outputs["commit"] == estate.manifests.tip()
    assert ":1.2.0" in estate.manifests.read(CAT)


def test_a_run_is_not_done_when_only_people_or_other_clusters_have_pushed(estate: Estate) -> None:
    for path in (".", "east"):
        succeed(estate.run(estate.push_event(manifest_path=path)))
    number = iter(range(3, 100))

    def push() -> None:
        estate.release(f"1.{next(number)}.0")
        estate.manifests.commit({"README.md": f"edit {next(number)}"})
        succeed(estate.run(estate.push_event(manifest_path="east")))

    for _ in range(3):
        estate.server.fail(Fault(path=THE_PUSH, before=push))
        estate.server.fail(Fault(path=THE_PUSH))
    estate.release("1.2.0")
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == 4
    assert done.step.outputs["commit"] == estate.manifests.tip()
    assert estate.manifests.files()[CAT] == estate.manifests.files()[f"east/{CAT}"]


def test_a_warning_is_shown_once_however_often_we_start_again(estate: Estate) -> None:
    estate.repository("cluster-hld").commit({"config/common.yaml": "confg: {}\n"})
    estate.server.fail(Fault(path=THE_PUSH, before=lambda: estate.manifests.commit({"README.md": "theirs"})))
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == 2
    assert done.log.count("the key `confg` is not known") == 1
    assert "the key `confg` is not known" in done.step.summary


def test_a_push_whose_answer_is_lost_is_our_success(estate: Estate) -> None:
    """The server takes the push, the line breaks, and somebody pushes on top before we can ask again."""
    succeed(estate.run(estate.push_event()))
    estate.release("1.2.0")
    estate.server.fail(
        Fault(path=THE_PUSH, cut=0, after=lambda: estate.manifests.commit({"README.md": "theirs"}))
    )
    done = succeed(estate.run(estate.push_event()))
    assert done.step.outputs["changed"] == "true"
    assert done.step.outputs["commit"] == estate.manifests.history()[1]
    assert attempts(done) == 1


@pytest.mark.parametrize("name", ["cluster-hld", "cat-application"])
def test_the_manifests_follow_a_source_that_was_forced_back(estate: Estate, name: str) -> None:
    """Going back is what was asked for. The history goes forward: the older sources get a new commit."""
    succeed(estate.run(estate.push_event()))
    before, tip = estate.manifests.files(), estate.manifests.tip()
    source = estate.repository(name)
    old = source.tip()
    source.commit({"config/dev.yaml": "subcomponents: {cat-application: {config: {replicas: 7}}}\n"})
    source.commit({"hld/config/common.yaml": "config: {replicas: 8}\n"})
    succeed(estate.run(estate.push_event()))
    assert estate.manifests.files() != before
    source.git("update-ref", "refs/heads/dev", old)
    done = succeed(estate.run(estate.push_event()))
    assert done.step.outputs["changed"] == "true"
    assert estate.manifests.files() == before
    assert estate.manifests.history()[2] == tip


@pytest.mark.parametrize("name", ["cluster-hld", "cat-application"])
def test_an_environment_branch_that_is_deleted_and_made_again(estate: Estate, name: str) -> None:
    """Without it a run fails and leaves the manifests alone; a new one counts as any other commit."""
    succeed(estate.run(estate.push_event()))
    before = estate.manifests.tip()
    source = estate.repository(name)
    step = estate.push_event(on_failure="stop")
    old = source.tip()
    source.git("update-ref", "-d", "refs/heads/dev")
    done = estate.run(step)
    assert done.code == 1
    assert f"acme/{name}" in done.errors[0]
    assert "'dev'" in done.errors[0]
    assert estate.manifests.tip() == before
    source.git("update-ref", "refs/heads/dev", old)
    assert succeed(estate.run(estate.push_event())).step.outputs["changed"] == "false"
    assert estate.manifests.tip() == before


def delete(manifests: Repository) -> None:
    manifests.git("update-ref", "-d", "refs/heads/dev")


def force_back(manifests: Repository) -> None:
    manifests.git("update-ref", "refs/heads/dev", manifests.history()[1])


def replace(manifests: Repository) -> None:
    """With a history of its own, as after a rebase or the removal of a file from all commits."""
    delete(manifests)
    manifests.commit({"README.md": "a new beginning"})


@pytest.mark.parametrize(
    ("rewrite", "moment"),
    [
        (delete, ""),
        (force_back, ""),
        (replace, ""),
        (delete, BEFORE_THE_PUSH),
        (delete, THE_PUSH),
        (force_back, THE_PUSH),
        (replace, THE_PUSH),
    ],
)
def test_a_manifest_branch_that_is_rewritten_between_or_during_runs(
    estate: Estate, rewrite: Callable[[Repository], None], moment: str
) -> None:
    """What was done to the branch stays done, and the whole tree is there again, in a commit on top."""
    manifests = estate.manifests
    succeed(estate.run(estate.push_event()))
    estate.release("1.2.0")
    succeed(estate.run(estate.push_event()))
    kept: list[str] = []

    def act() -> None:
        rewrite(manifests)
        kept.extend(manifests.history() if manifests.git("for-each-ref", "refs/heads/dev") else ())

    if moment:
        estate.release("1.3.0")
        estate.server.fail(Fault(path=moment, before=act))
    else:
        act()
    done = succeed(estate.run(estate.push_event()))
    assert attempts(done) == (2 if moment else 1)
    assert done.step.outputs["commit"] == manifests.tip()
    assert manifests.history()[1:] == (kept or [manifests.git("rev-list", "--max-parents=0", "dev")])
    foreign = {path: text for path, text in manifests.files().items() if path == "README.md"}
    assert len(foreign) == (rewrite is replace)
    succeed(estate.run(estate.push_event(manifest_branch="fresh")))
    assert manifests.files() == {**manifests.files("fresh"), **foreign}


def test_a_lock_that_somebody_deleted(estate: Estate) -> None:
    """Nothing says any more which files are ours, so a run overwrites none of them unless it is told to."""
    succeed(estate.run(estate.push_event()))
    whole = estate.manifests.files()
    deleted = estate.manifests.commit({LOCK: None})
    done = estate.run(estate.push_event(on_failure="stop"))
    assert done.code == 1
    assert CAT in done.errors[0]
    assert "adopt: true" in done.errors[0]
    assert estate.manifests.tip() == deleted
    done = succeed(estate.run(estate.push_event(adopt="true")))
    assert estate.manifests.files() == whole
    assert succeed(estate.run(estate.push_event())).step.outputs["changed"] == "false"
