"""The ownership file: what it says, and what it refuses."""

from __future__ import annotations

import pytest

from promotion.errors import DefinitionError, Location
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.ownership.ownership_file import parse_ownership
from promotion.rendering.ownership.part_rules import Ownership

WHERE = Location(OWNERSHIP_FILE)


def parse(text: str) -> Ownership:
    return parse_ownership(text.encode(), WHERE)


def refusal(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    return str(caught.value).removeprefix(f"{OWNERSHIP_FILE}:")


def test_an_entry_says_what_a_part_may_have() -> None:
    rule = parse(
        """\
cat-application:
  namespaces: [cats, "cats-*"]
  kinds: [apps/*, Service, Ingress.networking.k8s.io]
  cluster-scoped: [ClusterRole/cat-*]
  hosts: ["cats.example.com"]
  images: ["ghcr.io/acme/cat-*"]
  sources: ["https://github.com/acme/cat-*"]
"""
    ).rules[0]
    assert rule.namespaces == ("cats", "cats-*")
    assert rule.allows_kind(("apps", "Deployment"))
    assert rule.allows_kind(("", "Service"))
    assert not rule.allows_kind(("", "ConfigMap"))
    assert rule.allows_kind(("networking.k8s.io", "Ingress"))
    assert rule.allows_cluster_wide(("rbac.authorization.k8s.io", "ClusterRole"), "cat-x")
    assert rule.where.line == 1


def test_a_name_wins_over_patterns_and_the_star_is_for_all_others() -> None:
    found = parse('"*": {namespaces: ["{part}"]}\n"infra/*": any\ninfra/dns: {namespaces: [dns]}\n')
    assert [found.find(part).pattern for part in ("cat", "infra/x", "infra/dns", "a/b/c")] == [  # type: ignore[union-attr]
        "*",
        "infra/*",
        "infra/dns",
        "*",
    ]


def test_a_part_with_a_slash_gives_no_namespace() -> None:
    rule = parse('"*": {namespaces: ["{part}", shared]}').rules[0]
    assert rule.list_namespaces("cat") == ("cat", "shared")
    assert rule.list_namespaces("infra/cat") == ("shared",)


def test_a_part_without_an_entry_has_no_rule() -> None:
    assert parse("cat: any").find("dog") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("[cat]", "1:1: the file should be a map"),
        ("{}", "the file is empty"),
        ("cat: some", "1:6: the entry of cat is 'some'. Write `any`"),
        ("cat: {}", "1:6: the entry of cat is empty"),
        ("cat:", "1:5: the entry of cat is ''"),
        ("cat: any\ncat: any", "2:1: 'cat' is written twice"),
        ("cat: {namespace: [cats]}", "1:7: the entry of cat has an unknown key 'namespace'. Did you mean"),
        ("cat: {namespaces: }", "1:19: `namespaces` should be a list"),
        ("cat: {namespaces: {a: b}}", "1:19: `namespaces` should be a list"),
        ("cat: {namespaces: [[a]]}", "1:20: an entry of `namespaces` isn't a text"),
        ("cat: {namespaces: [Cats]}", "1:20: 'Cats' in `namespaces` can't be: it isn't"),
        ("cat: {namespaces: ['***']}", "1:20: '***' in `namespaces` has three stars"),
        ("cat: {kinds: [Deployment]}", "no kind Deployment: write `apps/Deployment`"),
        ("cat: {kinds: [Issuer]}", "Name its group, as `cert-manager.io/Issuer`"),
        ("cat: {kinds: ['*/*']}", "it names no group"),
        ("cat: {kinds: ['Config*']}", "a pattern of kinds needs a group"),
        ("cat: {kinds: [Namespace]}", "Namespace has no namespace. Name it in `cluster-scoped`"),
        ("cat: {cluster-scoped: [ClusterRole]}", "it isn't a kind and a name"),
        ("cat: {cluster-scoped: [Foo/x]}", "Kubernetes has no kind Foo without a namespace"),
        ("cat: {hosts: ['https://x']}", "it isn't the name of a host"),
        ("cat: {images: ['nginx:1.2']}", "leave out tag and digest"),
        ("cat: {sources: ['https://u:p@x.io/a']}", "it is written with a credential"),
        ("cat: {sources: [cats]}", "it isn't an address"),
        ("cat: {sources: ['https://github.com/acme/../x']}", "it could be more than one place"),
        ("cat: {sources: ['https://**.acme.io/x']}", "it could be more than one place"),
        ("cat: {any: yes}", "`any` in the entry of cat isn't `true`"),
        ("cat: {any: 'true'}", "`any` in the entry of cat isn't `true`"),
        ("cat: {any: true, kinds: ['*']}", "has `any` and 'kinds'"),
        ("x: &x {namespaces: [a]}\ny: {<<: *x}", "2:5: the entry of y has a merge key"),
        ("cat: any\n---\ndog: any", "the file has a second document"),
        ("cat: [", "this isn't YAML"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_place(text: str, says: str) -> None:
    assert says in refusal(text)


def test_bytes_that_are_no_text_and_files_without_end_are_refused() -> None:
    with pytest.raises(DefinitionError, match="isn't UTF-8"):
        parse_ownership(b"\xff", WHERE)
    with pytest.raises(DefinitionError, match="larger than"):
        parse_ownership(b"#" * 300_000, WHERE)


def test_a_part_that_may_make_anything_reads_what_its_sources_say() -> None:
    rule = parse("cat: {any: true, sources: ['https://github.com/acme/*']}").rules[0]
    assert rule.is_any
    assert rule.sources == ("https://github.com/acme/*",)
    assert parse("cat: any").rules[0].sources is None
