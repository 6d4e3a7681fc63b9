from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.manifests.resource_identity import Resource, parse_identity
from promotion.rendering.manifests.resources import list_resources
from promotion.rendering.validation.duplicates import KeptComponent
from promotion.rendering.validation.manifest_faults import find_faults
from support.validity import component, define_cats, faults, judge, known_api, serve

DEPLOYMENT = """\
---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: cats
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: shop:1.0.0
          imagePullPolicy: PULL
"""
SCHEMA = (
    "{type: object, properties: {spec: {type: object, required: [name], "
    "properties: {name: {type: string}, lives: {type: integer, maximum: 9}}}}}"
)
UNSERVED = "{name: v1alpha1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}"
CAT = """\
---
apiVersion: pets.example/VERSION
kind: Cat
metadata: {name: tom, namespace: SPACE}
spec: {SPEC}
"""


def cat(spec: str = "name: Tom", *, version: str = "v1", namespace: str = "cats") -> str:
    return CAT.replace("VERSION", version).replace("SPACE", namespace).replace("SPEC", spec)


def crd(scope: str = "Namespaced") -> str:
    return define_cats(serve(SCHEMA), UNSERVED, scope=scope)


def config(name: str = "web", namespace: str = "cats", *, more: str = "") -> str:
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n{more}"


def test_a_good_manifest_has_no_faults() -> None:
    assert not judge(DEPLOYMENT.replace("PULL", "Always") + config())


def test_a_fault_names_component_resource_field_template_and_line() -> None:
    [finding] = judge(config() + DEPLOYMENT.replace("PULL", "Sometimes"))
    assert (finding.component, finding.path, finding.certain) == ("shop", "shop.yaml", True)
    assert finding.what == (
        "Deployment cats/web: spec.template.spec.containers[0].imagePullPolicy must be one of Always, "
        "IfNotPresent, Never, and is `Sometimes` (shop/templates/deployment.yaml, line 20 of shop.yaml)"
    )


def test_a_fault_of_a_static_file_names_its_line_there() -> None:
    manifest = DEPLOYMENT.replace("PULL", "Always") + config(more="data: {a: 1}\n")
    begins = manifest[: manifest.rindex("---")].count("\n") + 2
    origins = (FileOrigin(file="m/a.yaml", begins=2), FileOrigin(file="m/b.yaml", begins=begins))
    (finding,) = find_faults([replace(component(manifest), origins=origins)], known_api())
    assert finding.what.endswith("line 4 of m/b.yaml)")


def test_faults_come_in_the_order_of_components_and_lines() -> None:
    late = cat("lives: 12") + config("Web")
    found = judge(late, crd())
    assert [finding.what.partition(": ")[0] for finding in found] == [
        "Cat cats/tom",
        "Cat cats/tom",
        "ConfigMap cats/Web",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kind: ConfigMap\nmetadata: {name: a}\n", "ConfigMap a: apiVersion is missing"),
        ("apiVersion: v1\nmetadata: {name: a}\n", "a resource a: kind is missing"),
        ("apiVersion: v1\nkind: ConfigMap\n", "ConfigMap: metadata.name is missing"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "ConfigMap: metadata.name is missing"),
        ("- a\n- b\n", "a document of a manifest must be a map"),
        ("just words\n", "a document of a manifest must be a map"),
    ],
)
def test_every_document_is_a_resource(text: str, found: str) -> None:
    assert faults(text) == [found]


def test_a_generated_name_is_a_name() -> None:
    assert not judge("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: web-}\n")


@pytest.mark.parametrize("text", ["", "---\n", "--- # nothing\n---\n", "# a comment\n", "null\n", "{}\n"])
def test_empty_documents_are_nothing(text: str) -> None:
    assert not judge(text)


def test_a_document_that_is_not_yaml_is_named_by_its_line() -> None:
    [finding] = judge(config() + "---\na: b: c\n")
    assert "this isn't YAML" in finding.what
    assert finding.what.endswith("line 6 of shop.yaml)")


def test_lists_are_taken_apart() -> None:
    item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: Web}}"
    assert faults(f"apiVersion: v1\nkind: List\nitems:\n  - {item}\n") == [
        "ConfigMap Web: metadata.name must be small letters, digits, `-` and `.`, with a letter or digit at "
        "each end and dot, and is `Web`"
    ]
    typed = "apiVersion: v1\nkind: ConfigMapList\nitems:\n  - {metadata: {name: web}, dat: {}}\n"
    assert faults(typed) == ["ConfigMap web: dat is not a known field: did you mean `data`?"]


def test_a_secrets_values_are_never_told() -> None:
    text = """\
        apiVersion: v1
        kind: Secret
        metadata: {name: db}
        data: {password: "hunter2!"}
        stringData: {port: 31337}
        immutable: hunter3
        """
    found = faults(text)
    assert found == [
        "Secret db: data.password must be base64",
        "Secret db: stringData.port must be a text, and is an integer: put it in quotes",
        "Secret db: immutable must be true or false, and is a text",
    ]


def test_a_resource_is_defined_once_in_a_cluster() -> None:
    found = judge(config(), component(config("other") + config(), "cats/web"))
    assert [(finding.component, finding.what) for finding in found] == [
        (
            "cats/web",
            "ConfigMap cats/web: is defined twice: also in component shop, line 2 of shop.yaml "
            "(line 6 of cats/web.yaml)",
        )
    ]


def test_twins_in_one_manifest() -> None:
    assert [finding.what for finding in judge(config() + config())] == [
        "ConfigMap cats/web: is defined twice: also in line 2 of shop.yaml (line 6 of shop.yaml)"
    ]


def test_what_differs_in_group_kind_namespace_or_name_is_no_twin() -> None:
    service = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: cats}\n"
    assert not judge(config() + config(namespace="dogs") + config("web2") + service)
    assert not judge(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n" + config(namespace="default")
    )


def test_versions_of_a_group_are_twins() -> None:
    scaler = "---\napiVersion: autoscaling/{}\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\n"
    assert "is defined twice" in judge(scaler.format("v1") + scaler.format("v2"))[-1].what


def test_a_namespace_tells_no_cluster_wide_resources_apart() -> None:
    role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
    role += "metadata: {{name: a, namespace: {}}}\n"
    assert len(judge(role.format("cats") + role.format("dogs"))) == 1
    cats = cat(namespace="cats") + cat(namespace="dogs")
    assert len(judge(crd("Cluster") + cats)) == 1
    assert not judge(crd("Namespaced") + cats)


def test_generated_names_have_no_twins() -> None:
    text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: web-}\n"
    assert not judge(text + text)


def kept(text: str, *resources: Resource) -> KeptComponent:
    return KeptComponent(label="old", path="old.yaml", resources=resources, read=text.encode)


def test_twins_in_components_that_were_kept() -> None:
    resource = Resource(kind="ConfigMap", namespace="cats", name="web")
    [finding] = judge(config(), kept=[kept("", resource)])
    assert finding.what == (
        "ConfigMap cats/web: is defined twice: also in component old, old.yaml (line 2 of shop.yaml)"
    )


def test_custom_resources_are_judged_by_their_definition_wherever_it_is() -> None:
    wrong = ["Cat cats/tom: spec.lives must be at most 9", "Cat cats/tom: spec.name is missing"]
    assert faults(cat("lives: 12"), crd()) == wrong
    assert faults(crd(), cat("lives: 12")) == wrong
    assert not faults(crd(), cat())


def test_definitions_of_kept_components_are_read_when_they_are_needed() -> None:
    definition = Resource(
        kind="CustomResourceDefinition", name="cats.pets.example", group="apiextensions.k8s.io"
    )
    [finding] = judge(cat(""), kept=[kept(crd(), definition)])
    assert "spec.name is missing" in finding.what

    def refuse() -> bytes:
        raise AssertionError("nobody needs it")

    unread = KeptComponent(label="old", path="old.yaml", resources=(definition,), read=refuse)
    assert not judge(config(), kept=[unread])


def test_a_version_that_is_not_served() -> None:
    assert faults(crd(), cat(version="v1alpha1")) == [
        "Cat cats/tom: apiVersion is `v1alpha1`, and its CustomResourceDefinition serves `v1`"
    ]


def test_kinds_that_nothing_defines_are_told_once() -> None:
    other = "---\napiVersion: flux.example/v2\nkind: HelmRelease\nmetadata: {name: a}\n"
    found = judge(cat() + cat(namespace="dogs") + other)
    assert [(finding.what, finding.certain) for finding in found] == [
        (
            "not checked, since no CustomResourceDefinition that is committed defines it: `Cat` of "
            "`pets.example/v1`, `HelmRelease` of `flux.example/v2`",
            False,
        )
    ]


def test_also_unknown_kinds_have_metadata_and_names() -> None:
    text = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: a/b, labels: {x: 1}}\n"
    assert faults(text)[:2] == [
        "Cat a/b: metadata.name can't be `.` or `..`, or have `/` or `%` in it, and is `a/b`",
        "Cat a/b: metadata.labels.x must be a text, and is an integer: put it in quotes",
    ]


def test_what_flux_substitutes_is_left_alone() -> None:
    text = DEPLOYMENT.replace("PULL", "${PULL}").replace("name: web", "name: ${NAME}")
    assert not judge(text.replace("spec:\n  sel", "spec:\n  replicas: ${COUNT}\n  sel"))


@pytest.mark.parametrize("depth", [150, 900, 3000, 20_000])
@pytest.mark.parametrize(
    ("begin", "end"),
    [("data: {a: ", "}"), ("data: [", "]"), ("data: {<<: ", "}"), ("{kind: List, items: [", "]}")],
)
def test_deep_nesting_ends_in_a_finding_or_none(begin: str, end: str, depth: int) -> None:
    head = "" if begin.startswith("{") else "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    inner = begin.removeprefix("data: ")
    found = judge(f"{head}{begin}{inner * depth}{{}}{end * (depth + 1)}")
    assert len(found) <= 1


DEFINITION = Resource(kind="CustomResourceDefinition", name="cats.pets.example", group="apiextensions.k8s.io")
STRICTER = define_cats(serve(SCHEMA.replace("{name: {type: string}", "{name: {type: integer}")))


def keep(text: str, label: str = "old", *, kind: str = "Cat", is_pinned: bool = False) -> KeptComponent:
    """A kept component with one custom resource, `tom` in `cats`, or with a definition."""
    tom = Resource(kind=kind, namespace="cats", name="tom", group="pets.example")
    resource = DEFINITION if kind == DEFINITION.kind else tom
    return KeptComponent(
        label=label, path=f"{label}.yaml", resources=(resource,), read=text.encode, is_pinned=is_pinned
    )


def definition(text: str, label: str = "shop", *, is_pinned: bool = False) -> KeptComponent:
    return keep(text, label, kind=DEFINITION.kind, is_pinned=is_pinned)


def told(*manifests: str, kept: list[KeptComponent], former: list[KeptComponent]) -> list[str]:
    """What is found, with the component that it is found in."""
    parts = [component(text) for text in manifests]
    found = find_faults(parts, known_api(), kept, former)
    return [f"{finding.component}: {finding.what.rpartition(' (')[0] or finding.what}" for finding in found]


def test_what_a_chart_leaves_out_judges_and_is_no_certain_fault() -> None:
    """It isn't committed, so the cluster may have another one. What is committed comes first."""
    chart = component("", label="chart", left_out=crd().encode())
    strict = component("", label="chart", left_out=STRICTER.encode())
    for bare in (chart, strict):
        assert not find_faults([component(crd() + cat())], known_api(), bare=[bare])
    (fault,) = find_faults([component(cat("name: 5"))], known_api(), bare=[chart])
    assert "spec.name must be" in fault.what
    assert not fault.certain
    (unknown,) = find_faults([component(cat())], known_api())
    assert "no CustomResourceDefinition that is committed defines it" in unknown.what


def test_a_definition_that_changes_is_held_against_what_is_kept() -> None:
    assert told(STRICTER, kept=[keep(cat())], former=[definition(crd())]) == [
        "old: Cat cats/tom: spec.name must be an integer, and is a text"
    ]


def test_a_definition_that_is_new_is_held_against_what_is_kept() -> None:
    assert len(told(STRICTER, kept=[keep(cat())], former=[])) == 1


def test_a_definition_that_says_the_same_has_been_held_against_it() -> None:
    again = crd().replace("{name: {type: string}", "{name: {'type': \"string\"}")
    assert not told(again, kept=[keep(cat("lives: 12"))], former=[definition(crd())])


def test_one_and_true_are_not_the_same_to_a_definition() -> None:
    one = crd().replace("{type: string}", "{enum: [1]}")
    yes = one.replace("[1]", "[true]")
    assert len(told(yes, kept=[keep(cat("name: 1"))], former=[definition(one)])) == 1


def test_a_definition_that_moves_to_another_component_has_been_held_against_it() -> None:
    moved = [definition(crd(), "elsewhere")]
    assert not told(crd(), kept=[keep(cat("lives: 12"))], former=moved)


def test_a_definition_that_goes_leaves_what_it_defined_unknown() -> None:
    assert told(kept=[keep(cat())], former=[definition(crd())]) == [
        ": not checked, since no CustomResourceDefinition that is committed defines it: `Cat` of "
        "`pets.example/v1`"
    ]


def test_a_scope_that_changes_makes_twins_of_what_is_kept() -> None:
    other = KeptComponent(
        label="other",
        path="other.yaml",
        resources=(Resource(kind="Cat", namespace="dogs", name="tom", group="pets.example"),),
        read=cat(namespace="dogs").encode,
    )
    assert told(crd("Cluster"), kept=[keep(cat()), other], former=[definition(crd())]) == [
        "other: Cat dogs/tom: is defined twice: also in component old, line 2 of old.yaml"
    ]


def test_what_a_rollback_restored_is_held_against_what_is_kept() -> None:
    """The rollback judged nothing; what it restored itself stays whatever is said of it."""
    pinned = definition(STRICTER, is_pinned=True)
    assert told(config(), kept=[pinned, keep(cat())], former=[]) == [
        "old: Cat cats/tom: spec.name must be an integer, and is a text"
    ]
    assert not told(STRICTER, kept=[keep(cat(), is_pinned=True)], former=[definition(crd())])


TOM, TIM = "name: Tom", "name: 5"
DOCUMENTS = {
    "texts": crd(),
    "integers": STRICTER,
    "wide": crd("Cluster"),
    "tom": cat(TOM),
    "tim": cat(TIM),
    "other tom": cat(TOM, namespace="dogs"),
    "served no more": cat(TOM, version="v1alpha1"),
    "config": config(),
}
STATES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from(sorted(DOCUMENTS)), unique=True, max_size=3)
)


def stored(label: str, text: str) -> KeptComponent:
    resources = tuple(parse_identity(name) for name in list_resources(text.encode()))
    return KeptComponent(label=label, path=f"{label}.yaml", resources=resources, read=text.encode)


def is_refused(
    state: dict[str, str], kept: Sequence[KeptComponent] = (), former: Sequence[KeptComponent] = ()
) -> bool:
    parts = [component(text, label) for label, text in state.items()]
    return any(finding.certain for finding in find_faults(parts, known_api(), kept, former))


@given(before=STATES, after=STATES)
def test_a_run_that_renders_what_changed_says_what_a_full_one_says(
    before: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    """From any state that was taken to any other."""
    old = {label: "".join(DOCUMENTS[name] for name in names) for label, names in before.items()}
    new = {label: "".join(DOCUMENTS[name] for name in names) for label, names in after.items()}
    assume(not is_refused(old))
    changed = {label: text for label, text in new.items() if old.get(label) != text}
    kept = [stored(label, text) for label, text in new.items() if label not in changed]
    former = [stored(label, text) for label, text in old.items() if new.get(label) != text]
    assert is_refused(changed, kept, former) == is_refused(new)
