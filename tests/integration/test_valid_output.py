"""What `validate` does in a run: the whole program, a real git server, real Helm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import Estate, Finished
from support.estate_copies import copy_server, create_estate
from support.validity import define_cats, serve

VALUE = "hunter2-of-the-database"
BROKEN = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: broken}}
spec:
  selector: {{matchLabels: {{app: cat}}}}
  template:
    metadata: {{labels: {{app: cat}}}}
    spec:
      containers:
        - {{name: app, image: "cat:1", imagePullPolicy: Sometimes}}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {{name: cat}}
---
apiVersion: v1
kind: Secret
metadata: {{name: db}}
data: {{password: {VALUE}}}
---
apiVersion: pets.example/v1
kind: Cat
metadata: {{name: tom}}
"""
TEMPLATE = "hld/chart/templates/broken.yaml"
PLACE = "(cat-application/templates/broken.yaml, line "
FOUND = [
    f"component cat-application: {fault} {PLACE}"
    for fault in (
        "Secret cats/db: data.password must be base64",
        "Deployment cats/broken: spec.template.spec.containers[0].imagePullPolicy must be one of Always, "
        "IfNotPresent, Never, and is `Sometimes`",
        "Ingress cats/cat: Kubernetes 1.37 has no `Ingress` of `extensions/v1beta1`: it was removed in 1.22. "
        "Use networking.k8s.io/v1",
    )
]
UNKNOWN = (
    "not checked, since no CustomResourceDefinition that is committed defines it: `Cat` of `pets.example/v1`"
)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        yield Estate(server, tmp_path / "steps")


@pytest.fixture
def broken(estate: Estate) -> Estate:
    estate.repository("cat-application").commit({TEMPLATE: BROKEN})
    return estate


def run(estate: Estate, name: str = "cat-application", **inputs: str) -> Finished:
    return estate.run(estate.push_event(name, secrets="allow", **inputs))


def warnings(done: Finished) -> list[str]:
    return [line.removeprefix("::warning::") for line in done.log.splitlines() if "::warning" in line]


def test_the_example_is_clean(estate: Estate) -> None:
    done = estate.run(estate.push_event(validate="fail", secrets="deny"))
    assert done.code == 0, done.log
    assert not warnings(done)


def test_faults_are_warned_of_and_published(broken: Estate) -> None:
    done = run(broken)
    assert done.code == 0, done.log
    told = warnings(done)
    assert len(told) == len(FOUND) + 1
    for line, start in zip(told, [*FOUND, UNKNOWN], strict=True):
        assert line.startswith(start)
    assert "imagePullPolicy" in done.step.summary
    assert VALUE not in done.log + done.step.summary
    assert "Sometimes" in broken.manifests.read("cat-application/cat-application.yaml")


def test_with_fail_nothing_is_published(broken: Estate) -> None:
    done = run(broken, validate="fail", on_failure="stop")
    assert done.code == 1
    (error,) = done.errors
    assert "3 faults in the manifests: (1) " in error
    for start in FOUND:
        assert start in error
    assert "Correct the templates or their values, or set `validate: warn`" in error
    assert warnings(done) == [UNKNOWN]
    assert VALUE not in done.log + done.step.summary
    assert not broken.manifests.git("for-each-ref")
    assert "git-receive-pack" not in str(broken.server.requests), "not even asked to take anything"


def test_what_is_published_already_is_judged_by_a_new_policy(broken: Estate) -> None:
    assert run(broken).code == 0
    again = run(broken)
    assert not warnings(again)
    assert again.step.outputs["changed"] == "false"
    stricter = run(broken, validate="fail")
    assert stricter.code == 1
    assert "3 faults in the manifests" in stricter.log
    denied = broken.run(broken.push_event(secrets="deny"))
    assert "the Secret cats/db (key password" in denied.log
    assert denied.code == 1


def test_off_says_nothing(broken: Estate) -> None:
    done = run(broken, validate="off")
    assert done.code == 0, done.log
    assert not warnings(done)


def test_the_version_of_kubernetes_decides(estate: Estate) -> None:
    estate.repository("cat-application").commit(
        {TEMPLATE: "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: cat}\n"}
    )
    newest = run(estate)
    assert "it was removed in 1.25. Use policy/v1" in newest.log
    # 1.25 had it no more, older ones aren't known.
    old = run(estate, kubernetes_version="1.21")
    assert "checked for Kubernetes 1.25, since 1.21 isn't known" in old.log
    wrong = run(estate, kubernetes_version="newest")
    assert wrong.code == 2
    assert "input kubernetes-version is 'newest'" in wrong.log


def test_charts_see_the_apis_of_the_version_that_they_are_judged_by(estate: Estate) -> None:
    """So asks consul's chart, and many others. Helm's own list has no kinds."""
    asks = (
        '{{ if .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" }}v1{{ else }}v1beta1{{ end }}'
    )
    text = f"apiVersion: policy/{asks}\nkind: PodDisruptionBudget\nmetadata: {{name: cat}}\n"
    estate.repository("cat-application").commit({TEMPLATE: text})
    assert "no `PodDisruptionBudget` of `policy/v1beta1`" in run(estate, validate="fail").log
    done = run(estate, kube_version="1.25", validate="fail")
    assert done.code == 0, done.log
    assert not warnings(done)
    old = run(estate, kube_version="1.21", validate="off")
    assert "newer ones too, since those of Kubernetes 1.21 aren't known: 1.25 is the oldest" in old.log


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: cats.pets.example}
spec:
  group: pets.example
  scope: Namespaced
  names: {kind: Cat, plural: cats, singular: cat, listKind: CatList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {lives: {type: integer}}}}
"""
TOM = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: tom}\nspec: {lives: %s}\n"


def test_crds_of_a_chart_are_told_once_and_judge_its_resources(estate: Estate) -> None:
    estate.repository("cat-application").commit(
        {"hld/chart/crds/cats.yaml": DEFINITION, TEMPLATE: TOM % "nine"}
    )
    done = run(estate, validate="fail")
    assert done.code == 0, done.log
    left_out, judged = warnings(done)
    assert left_out == (
        "what charts have in folders crds/ isn't committed, and clusters need it: component cat-application: "
        "cats.pets.example. Set `include-crds: true`, or bring it there in another way, as with a static "
        "component"
    )
    assert "Cat cats/tom: spec.lives must be an integer" in judged
    assert not warnings(run(estate, validate="fail"))


def test_crds_of_a_chart_are_committed_if_asked(estate: Estate) -> None:
    estate.repository("cat-application").commit(
        {"hld/chart/crds/cats.yaml": DEFINITION, TEMPLATE: TOM % "nine"}
    )
    wrong = run(estate, validate="fail", include_crds="true")
    assert "Cat cats/tom: spec.lives must be an integer" in wrong.log
    assert wrong.code == 1
    estate.repository("cat-application").commit({TEMPLATE: TOM % "9"})
    assert run(estate).code == 0
    done = run(estate, validate="fail", include_crds="true")
    assert done.code == 0, done.log
    assert not warnings(done)
    manifest = estate.manifests.read("cat-application/cat-application.yaml")
    assert manifest.index("CustomResourceDefinition") < manifest.index("kind: Deployment")
    assert "# Source: cat-application/crds/cats.yaml" in manifest
    without = run(estate)
    assert without.step.outputs["removed"] == "1"
    assert "cats.pets.example" in warnings(without)[0]


def test_helms_tests_are_left_out_if_asked(estate: Estate) -> None:
    check = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: check, annotations: {helm.sh/hook: test}}\nspec: {}\n"
    )
    estate.repository("cat-application").commit({TEMPLATE: check})
    run(estate, validate="off")
    assert "name: check" in estate.manifests.read("cat-application/cat-application.yaml")
    run(estate, validate="off", skip_tests="true")
    assert "name: check" not in estate.manifests.read("cat-application/cat-application.yaml")


def test_twins_are_found_across_a_kept_component(estate: Estate) -> None:
    """The other component isn't rendered again; its resources are those of the lock."""
    assert not warnings(run(estate))
    twin = "apiVersion: v1\nkind: Service\nmetadata: {name: dog-application, namespace: dogs}\n"
    twin += "spec: {ports: [{port: 80}]}\n"
    assert "name: dog-application" in estate.manifests.read("dog-application/dog-application.yaml")
    estate.repository("cat-application").commit({TEMPLATE: twin})
    done = run(estate, validate="warn")
    assert "Rendered 1 component" in done.log
    (warning,) = warnings(done)
    assert warning.startswith(
        "component cat-application: Service dogs/dog-application: is defined twice: also in component "
        "dog-application, dog-application/dog-application.yaml (cat-application/templates/broken.yaml, line "
    )


def test_definitions_of_kept_components_count(estate: Estate) -> None:
    crd = define_cats(serve("{type: object, properties: {spec: {type: object}}}"), scope="Cluster")
    estate.repository("dog-application").commit({TEMPLATE: crd})
    assert not warnings(run(estate))
    cat = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: tom}\nsepc: {}\n"
    estate.repository("cat-application").commit({TEMPLATE: cat})
    done = run(estate)
    assert "Rendered 1 component" in done.log
    (warning,) = warnings(done)
    assert "Cat cats/tom: sepc is not a known field: did you mean `spec`?" in warning


def define_lives(kind: str) -> str:
    """A definition of a cat whose lives have this type."""
    schema = "{type: object, properties: {spec: {type: object, properties: {lives: {type: KIND}}}}}"
    return define_cats(serve(schema.replace("KIND", kind)))


@pytest.mark.parametrize("full", ["false", "true"])
def test_a_definition_that_changes_is_held_against_what_is_kept(estate: Estate, full: str) -> None:
    """What fails in a full run fails in one that renders the definition's component alone."""
    cat = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: tom}\nspec: {lives: 9}\n"
    estate.repository("cat-application").commit({TEMPLATE: cat})
    estate.repository("dog-application").commit({TEMPLATE: define_lives("integer")})
    assert run(estate, validate="fail").code == 0
    estate.repository("dog-application").commit({TEMPLATE: define_lives("string")})
    done = run(estate, "dog-application", validate="fail", full=full)
    assert full == "true" or "Rendered 1 component" in done.log
    (error,) = done.errors
    assert "Cat cats/tom: spec.lives must be a text, and is an integer" in error
