"""Every action in the image, as GitHub's runner runs it, in the order in which a team uses them."""

from __future__ import annotations

import json

import pytest
import yaml

from support import image
from support.estate import TOKEN
from support.hub import NOBODY, Hub, open_hub
from support.runner import RUNNER_USER, Step

pytestmark = pytest.mark.container
CAT, HLD, MANIFESTS = "cat-application", "cluster-hld", "cluster-manifests"
MANUAL = {"repository": {"full_name": f"acme/{CAT}"}, "sender": {"login": "ada"}, "ref": "refs/heads/dev"}


def run(container: image.Container, step: Step) -> dict[str, str]:
    """The outputs of a step that has to be green."""
    volumes = step.prepare(owner=RUNNER_USER)
    done = container.run(
        [*container.entrypoint, *step.arguments],
        variables=step.variables(), volumes=volumes, folder="/github/workspace",
    )  # fmt: skip
    assert done.code == 0, done.log
    assert TOKEN not in done.log.replace(f"::add-mask::{TOKEN}", "")
    assert step.outputs.keys() <= yaml.safe_load(step.action.read_text("utf-8"))["outputs"].keys()
    return step.outputs


def test_a_teams_way_from_a_pull_request_to_a_rollback(container: image.Container) -> None:
    with open_hub() as hub:
        for environment in ("dev", "stage"):
            run(container, hub.push_step(HLD, environment, NOBODY))
        preview_and_merge(container, hub)
        promote(container, hub)
        manual = {"event": "workflow_dispatch", "payload": MANUAL}
        seen = run(container, hub.step(**manual, action="status", environments="dev,stage"))
        assert seen["waiting"] == "0"
        good = hub.repository(MANIFESTS).git("rev-parse", "stage~1")
        undone = run(container, hub.step(**manual, action="rollback", environment="stage", to=good))
        assert (undone["changed"], undone["pinned"]) == ("true", CAT)
        assert not hub.github.violations


def preview_and_merge(container: image.Container, hub: Hub) -> None:
    hub.repository(CAT).git("branch", "release", "dev")
    hub.release("1.2.0", branch="release")
    pull = hub.propose(CAT, "release", "dev", "Release 1.2.0")
    shown = run(container, hub.pull_step(CAT, pull, "preview"))
    assert (shown["changed"], shown["changed-resources"]) == ("true", "1")
    (comment,) = hub.live(CAT).comments
    assert "1.1.0 → 1.2.0" in comment.body
    before = hub.repository(CAT).tip("dev")
    hub.merge(CAT, "release", "dev")
    told = run(container, hub.push_step(CAT, "dev", before, "notify", token=TOKEN))
    assert told["environment"] == "dev"
    assert run(container, hub.push_step(CAT, "dev", before))["changed"] == "true"
    assert hub.environments_of(CAT)["dev"].states[-1] == "success"


def promote(container: image.Container, hub: Hub) -> None:
    step = hub.step("workflow_dispatch", MANUAL, action="promote", to="stage")
    assert run(container, step)["state"] == "opened"
    pull = max(hub.live(CAT).pulls.values(), key=lambda each: each.number)
    assert run(container, hub.pull_step(CAT, pull, "guard"))["decision"] == "allow"
    before = hub.repository(CAT).tip("stage")
    hub.merge(CAT, "dev", "stage")
    assert run(container, hub.push_step(CAT, "stage", before))["changed"] == "true"


def test_the_matrix_lists_the_clusters(container: image.Container) -> None:
    with open_hub() as hub:
        clusters = "east: {configs: [dev, east]}\nwest: {configs: [dev, west]}\n"
        hub.repository(HLD).commit({".github/promotion-clusters.yml": clusters})
        outputs = run(container, hub.push_step(HLD, "dev", NOBODY, "matrix"))
    assert [job["cluster"] for job in json.loads(outputs["matrix"])["include"]] == ["east", "west"]
