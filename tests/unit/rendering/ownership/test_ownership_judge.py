"""What the judge says of single manifests; random ones are in test_ownership."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from promotion.errors import Location
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.ownership.ownership_file import parse_ownership
from promotion.rendering.ownership.ownership_judge import PartManifest, judge_parts

RBAC = "apiVersion: rbac.authorization.k8s.io/v1"
CATS = (
    'cat: {namespaces: [cats], kinds: ["*"], cluster-scoped: [ClusterRole/cat-*], images: [ghcr.io/acme/*]}'
)
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kennels.acme.io}
spec: {group: acme.io, scope: Namespaced, names: {kind: Kennel, plural: kennels}}
"""
KENNEL = "apiVersion: acme.io/v1\nkind: Kennel\nmetadata: {name: k, namespace: cats}\n"


def judge(rules: str, owners: Mapping[str, str] | None = None, **parts: str) -> list[str]:
    """The breaches as `part: line: text`."""
    manifests = [
        PartManifest(part=part, path=f"{part}.yaml", data=text.encode()) for part, text in parts.items()
    ]
    ownership = parse_ownership(rules.encode(), Location(OWNERSHIP_FILE))
    return [
        f"{manifest.part}: {breach.tell(f'line {breach.line}')}. {breach.right}"
        for manifest, breach in judge_parts(manifests, ownership, owners)
    ]


def test_a_breach_names_resource_field_rule_template_line_and_what_would_be_right() -> None:
    text = "---\n# Source: cat/templates/map.yaml\napiVersion: v1\nkind: ConfigMap\n"
    text += "metadata:\n  namespace: dogs\n  name: x\n"
    assert judge("cat: {namespaces: [cats]}", cat=text) == [
        "cat: ConfigMap dogs/x (from cat/templates/map.yaml, "
        "line 3): metadata.namespace is 'dogs'; the part cat may "
        "have namespaces 'cats' (.github/promotion-ownership.yml:1:1). Take one of these, "
        "or have it added to "
        ".github/promotion-ownership.yml."
    ]


@pytest.mark.parametrize(
    "manifest",
    [
        f"{RBAC}\nkind: ClusterRoleBinding\n"
        f"metadata: {{name: x}}\nroleRef: {{kind: ClusterRole, name: cluster-admin}}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ~}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: 12}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: '${NS}'}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: cats, !!binary bmFtZXNwYWNl: dogs}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: cats}\n"
        "spec: {containers: [{!!binary aW1hZ2U=: evil.io/x}]}",
        "apiVersion: v1\nkind: !kind Pod\nmetadata: {name: x, namespace: cats}",
        "apiVersion: v1\nkind: ConfigMap\nitems: [{apiVersion: v1, kind: Secret, "
        "metadata: {namespace: dogs, name: x}}]\n"
        "metadata: {name: x, namespace: cats}",
        f"{RBAC}\nkind: RoleBinding\n"
        f"metadata: {{name: x, namespace: cats}}\nroleRef: {{kind: ClusterRole, name: admin}}",
        f"{RBAC}\nkind: ClusterRole\n"
        f"metadata: {{name: cat-x, labels: {{rbac.authorization.k8s.io/aggregate-to-view: t}}}}",
        f"{RBAC}\nkind: ClusterRole\nmetadata: {{generateName: cat-}}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: cats}\n"
        "spec: {volumes: [{image: {reference: evil.io/x}}]}",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: cats}\nspec: {externalName: db.dogs}",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: cats}",
        "just a text",
        "a: [",
    ],
)  # fmt: skip
def test_what_an_attacker_tries_is_refused(manifest: str) -> None:
    assert judge(CATS, cat=manifest)


def test_a_custom_kinds_scope_is_what_the_tree_defines() -> None:
    rules = "cat: {namespaces: [cats], kinds: [acme.io/*]}\nplatform: any"
    assert "whose scope no CustomResourceDefinition here tells" in judge(rules, cat=KENNEL)[0]
    assert judge(rules, cat=KENNEL, platform=CRD) == []
    assert len(judge(rules, cat=KENNEL, platform=CRD.replace("Namespaced", "Cluster"))) == 1


def test_a_definition_that_its_part_may_not_make_tells_no_scope() -> None:
    found = judge(
        "cat: {namespaces: [cats], kinds: [acme.io/*]}\ndog: {namespaces: [dogs]}", cat=KENNEL, dog=CRD
    )
    assert [line.partition(":")[0] for line in found] == ["cat", "dog"]


def test_of_two_parts_that_make_one_resource_the_newcomer_breaks_the_rule() -> None:
    rules = '"*": {namespaces: [pets]}'
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: pets}\n"
    assert len(judge(rules, cat=text, dog=text)) == 2
    found = judge(rules, {"ConfigMap pets/x": "cat"}, cat=text, dog=text)
    assert [line.partition(":")[0] for line in found] == ["dog"]
    assert "is that of the part cat, too" in found[0]


def test_a_part_without_an_entry_may_make_nothing() -> None:
    assert (
        "no entry of .github/promotion-ownership.yml is for the part cat" in judge("dog: any", cat=KENNEL)[0]
    )


def test_any_is_anything() -> None:
    assert judge("cat: any", cat=f"{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: x}}\n---\na: [") == []


def test_a_merge_key_and_aliases_are_followed() -> None:
    text = "x-meta: &m {namespace: dogs}\napiVersion: v1\nkind: ConfigMap\nmetadata: {<<: *m, name: x}\n"
    assert "metadata.namespace is 'dogs'" in judge(CATS, cat=text)[0]


def test_a_subject_without_a_namespace_is_of_that_of_its_role_binding() -> None:
    role = "roleRef: {kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: default%s}]\n"
    binding = f"{RBAC}\nkind: RoleBinding\nmetadata: {{name: x, namespace: cats}}\n{role}"
    wide = "['ClusterRoleBinding/x', 'ClusterRole/r']"
    rules = f"cat: {{namespaces: [cats], kinds: ['*'], cluster-scoped: {wide}}}"
    assert judge(rules, cat=binding % "") == []
    assert "names the ServiceAccount 'dogs/default'" in judge(rules, cat=binding % ", namespace: dogs")[0]
    cluster_wide = binding.replace("RoleBinding", "ClusterRoleBinding").replace(", namespace: cats", "")
    cluster_wide = cluster_wide.replace("kind: Role,", "kind: ClusterRole,")
    assert "names the ServiceAccount 'default'" in judge(rules, cat=cluster_wide % "")[0]


ROUTE = "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: web, namespace: cats}\n"


@pytest.mark.parametrize(
    ("spec", "hosts", "meant"),
    [
        ("{host: cats.acme.test}", "cats.acme.test", ""),
        ("{host: cats.acme.test, wildcardPolicy: None}", "cats.acme.test", ""),
        ("{host: cats.acme.test, wildcardPolicy: Subdomain}", "cats.acme.test", "stands for '*.acme.test'"),
        ("{host: www.cats.acme.test, wildcardPolicy: Subdomain}", "*.cats.acme.test", ""),
        ("{host: cats, wildcardPolicy: Subdomain}", "cats", "stands for every host"),
    ],
)
def test_a_route_for_a_subdomain_takes_more_than_its_host(spec: str, hosts: str, meant: str) -> None:
    rules = f"cat: {{namespaces: [cats], cluster-scoped: [Route.route.openshift.io/web], hosts: ['{hosts}']}}"
    found = judge(rules, cat=f"{ROUTE}spec: {spec}\n")
    assert bool(found) == bool(meant)
    assert not meant or ("spec.wildcardPolicy" in found[0] and meant in found[0])


@pytest.mark.parametrize(
    "spec",
    [
        "spec: {hostnames: [cats.acme.test]}\nspec: {}",
        "spec: {}\nspec: {hostnames: [cats.acme.test]}",
        "spec: {hostnames: [cats.acme.test]}\nspec: {hostnames: []}",
        "spec: {hostnames: [cats.acme.test], hostnames: null}",
    ],
)
def test_a_list_of_hosts_that_one_reader_does_not_see_is_of_every_host(spec: str) -> None:
    scope = "cluster-scoped: [HTTPRoute.gateway.networking.k8s.io/x]"  # no CustomResourceDefinition is here
    rules = f"cat: {{namespaces: [cats], {scope}, hosts: [cats.acme.test]}}"
    head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x, namespace: cats}\n"
    assert judge(rules, cat=f"{head}spec: {{hostnames: [cats.acme.test]}}\n") == []
    assert "every host" in judge(rules, cat=f"{head}{spec}\n")[0]


@pytest.mark.parametrize("prefix", ["external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"])
@pytest.mark.parametrize("name", ["hostname", "internal-hostname"])
def test_external_dns_gives_hosts_by_old_and_new_annotations(prefix: str, name: str) -> None:
    note = f"annotations: {{{prefix}/{name}: 'cats.acme.test, dogs.acme.test'}}"
    service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: cats, {note}}}\n"
    (found,) = judge("cat: {namespaces: [cats], hosts: [cats.acme.test]}", cat=service)
    assert "is 'dogs.acme.test'" in found
