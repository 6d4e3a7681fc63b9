"""What a publication deploys: chosen from its changes and locks."""

from __future__ import annotations

from functools import partial

from promotion.common.addresses import name_on
from promotion.common.event import Event
from promotion.publishing.deployment_selection import MOST, Deployment, list_sources, select
from promotion.rendering.lock.lock import Lock, LockedComponent, LockedHld, LockedSubtree
from promotion.rendering.manifests.file_owners import ComponentChange
from promotion.rendering.model import Provenance
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source

SERVER = "https://github.com"
HLD = LockedHld(repository=f"{SERVER}/acme/hld.git", ref="dev", commit="1" * 40)
CAT = GitSource(url=f"{SERVER}/acme/cat.git", branch="dev")
CHART = ChartSource(repository="https://charts.test", chart="cat", version="1")
ROOT = GitSource(url="acme/hld", branch="dev")

NONE, NOTHING = Lock(), Event()


def component(label: str, source: str = "", revision: str = "", subtree: str = "") -> LockedComponent:
    return LockedComponent(
        label=label, provenance=Provenance(source=source, revision=revision), subtree=subtree
    )


def changed(*parts: LockedComponent) -> list[ComponentChange]:
    return [
        ComponentChange(action="changed", path=f"{part.label}.yaml", before=part, after=part)
        for part in parts
    ]


def subtree(answers: dict[Source, str], *subtrees: str) -> LockedSubtree:
    return LockedSubtree(answers=answers, subtrees=subtrees)


def choose(
    changes: list[ComponentChange], new: Lock, old: Lock = NONE, *, event: Event = NOTHING
) -> list[Deployment]:
    chosen = select(changes, old, new, event, manifests=("m", "dev"), name_of=partial(name_on, SERVER))
    return list(chosen.deployments)


def names(deployments: list[Deployment]) -> dict[str, str]:
    return {deployment.repository: deployment.commit[0] for deployment in deployments}


def test_the_hld_and_the_application_that_changes() -> None:
    cat = component("cat", CAT.url, "2" * 40)
    new = Lock(environment="dev", hld=HLD, components={"cat.yaml": cat, "dog.yaml": component("dog")})
    hld, app = choose(changed(cat), new)
    assert (hld.repository, hld.commit) == ("acme/hld", "1" * 40)
    assert (app.repository, app.commit, app.environment) == ("acme/cat", "2" * 40, "dev")
    assert app.components == hld.components == ("cat",)
    assert app.description == "dev: cat changed"


def test_a_component_of_the_hld_itself_is_its_own() -> None:
    own = component("own", subtree="root")
    new = Lock(hld=HLD, components={"own.yaml": own}, subtrees={"root": subtree({ROOT: "1" * 40})})
    assert names(choose(changed(own), new)) == {"acme/hld": "1"}


def test_sources_elsewhere_are_left_out() -> None:
    parts = [
        component("other", "https://gitlab.com/acme/cat.git", "2" * 40),
        component("chart", "https://charts.test/cat", "1.0.0 sha256:abc"),
        component("file", "https://github.com/acme/cat/x.yaml", "sha256:abc"),
        component("odd", CAT.url, "main"),
    ]
    assert names(choose(changed(*parts), Lock(hld=HLD))) == {"acme/hld": "1"}


def test_a_removed_component_is_the_hlds_change() -> None:
    gone = ComponentChange(
        action="removed", path="cat.yaml", before=component("cat", CAT.url, "2" * 40), after=None
    )
    (hld,) = choose([gone], Lock(hld=HLD))
    assert hld.components == ("cat",)


def test_a_chart_from_elsewhere_is_the_change_of_the_application_that_asks_for_it() -> None:
    """The component in the application's repository is a chart of a chart repository, with its config."""
    part = component("cat", "https://charts.test/cat", "1.0.0 sha256:abc", subtree="chart")
    subtrees = {
        "root": subtree({ROOT: "1" * 40}, "cat"),
        "cat": subtree({CAT: "2" * 40}, "chart"),
        "chart": subtree({CHART: "1.0.0 sha256:abc"}),
    }
    new = Lock(hld=HLD, components={"cat.yaml": part}, subtrees=subtrees)
    assert names(choose(changed(part), new)) == {"acme/hld": "1", "acme/cat": "2"}


def test_what_moved_above_a_component_is_deployed_and_what_rests_is_not() -> None:
    stack = GitSource(url="acme/stack", branch="dev")
    part = component("cat", CAT.url, "2" * 40, subtree="cat")

    def lock(stack_commit: str) -> Lock:
        subtrees = {
            "root": subtree({ROOT: "1" * 40}, "stack"),
            "stack": subtree({stack: stack_commit}, "cat"),
            "cat": subtree({CAT: "2" * 40}),
        }
        return Lock(hld=HLD, components={"cat.yaml": part}, subtrees=subtrees)

    assert names(choose(changed(part), lock("3" * 40), lock("3" * 40))).keys() == {"acme/hld", "acme/cat"}
    assert names(choose(changed(part), lock("4" * 40), lock("3" * 40)))["acme/stack"] == "4"


def test_a_repository_is_there_once() -> None:
    """Else the success of one commit would end that of the other."""
    parts = [component("a", CAT.url, "2" * 40), component("b", f"{SERVER}/ACME/cat", "3" * 40)]
    _, cat = choose(changed(*parts), Lock(hld=HLD))
    assert (cat.commit, cat.components) == ("2" * 40, ("a", "b"))


def test_too_many_leave_the_hld_and_the_pushed_one() -> None:
    parts = [component(f"app-{n}", f"{SERVER}/acme/app-{n}", "2" * 40) for n in range(MOST)]
    event = Event(name="push", repository="acme/app-3")
    few = choose(changed(*parts[1:]), Lock(hld=HLD), event=event)
    assert len(few) == MOST
    many = select(
        changed(*parts), Lock(), Lock(hld=HLD), event, manifests=("", ""), name_of=partial(name_on, SERVER)
    )
    assert [each.repository for each in many.deployments] == ["acme/hld", "acme/app-3"]
    assert many.left_out == MOST - 1


def test_subtrees_in_a_circle_come_to_an_end() -> None:
    """Only an edited lock can have such."""
    part = component("cat", "https://charts.test/cat", "1", subtree="a")
    subtrees = {"a": subtree({}, "b"), "b": subtree({}, "a")}
    assert names(choose(changed(part), Lock(hld=HLD, subtrees=subtrees))) == {"acme/hld": "1"}


def test_the_sources_of_a_definition() -> None:
    lock = Lock(
        hld=HLD,
        components={"cat.yaml": component("cat", CAT.url), "own.yaml": component("own")},
        subtrees={"root": subtree({ROOT: "1", CHART: "1", GitSource(url="acme/dog"): "2"})},
    )
    assert list_sources(lock) == {HLD.repository, CAT.url, "acme/hld", "acme/dog"}
