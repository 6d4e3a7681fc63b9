from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.phrases import spell_for_terminal, spell_for_workflow
from promotion.rendering.manifests.cluster_findings import list_warnings, make_error
from promotion.rendering.manifests.plain_secrets import (
    PlainSecret,
    Unreadable,
    find_secrets,
    is_allowed,
    judge_secrets,
)
from promotion.rendering.model import Provenance, RenderedComponent

ENCRYPTED = "ENC[AES256_GCM,data:Tr7o1,iv:1vOQ=,tag:8Zb=,type:str]"


def secret(*lines: str, head: str = "apiVersion: v1\nkind: Secret", place: str = "") -> bytes:
    metadata = f"metadata:\n  name: db\n{place}"
    return "\n".join(["---", head, metadata + "".join(f"{text}\n" for text in lines)]).encode()


def find_plain_secrets(manifest: bytes) -> list[PlainSecret]:
    return [found for found in find_secrets(manifest) if isinstance(found, PlainSecret)]


def keys(manifest: bytes) -> list[tuple[str, ...]]:
    return [found.keys for found in find_plain_secrets(manifest)]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["data:", "  password: aHVudGVyMg=="], "password"),
        (["stringData:", "  password: hunter2", '  empty: ""'], "password"),
        (["stringData: {password: hunter2}"], "password"),
        (["stringData: {password: 12345}"], "password"),
        (["stringData:", "  config: |", "    password: hunter2"], "config"),
        (["data: aHVudGVyMg=="], "data"),  # no Kubernetes takes it; everybody can read it
        (["Data: {password: aHVudGVyMg==}"], "password"),
        (["x: &more {password: hunter2}", "stringData:", "  <<: *more"], "password"),
        (["type: bootstrap.kubernetes.io/token", "stringData: {token-id: abcdef}"], "token-id"),
    ],
)
def test_values_that_can_be_read_are_found(lines: list[str], found: str) -> None:
    assert keys(secret(*lines)) == [(found,)]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["type: kubernetes.io/service-account-token"],
        ["data:"],
        ["data: {}"],
        ["data: {password: }", 'stringData: {password: ""}'],
        ["data: {password: null}"],
        ["stringData: {password: '${DB_PASSWORD}'}"],
        ["stringData: {password: '<path:secret/data/db#password>'}"],
        ["stringData: {password: 'vault:secret/data/db#password'}"],
        ["stringData: {password: 'ref+awssecrets://db/password'}"],
        [f"data: {{password: {base64.b64encode(b'vault:secret/data/db#password').decode()}}}"],
    ],
)
def test_empty_values_and_references_are_fine(lines: list[str]) -> None:
    assert keys(secret(*lines)) == []


@pytest.mark.parametrize(
    "value", ["${DB_PASSWORD:=hunter2}", "x${A}", "<hunter2>", "vault:hunter2", "ref+hunter2"]
)
def test_what_only_looks_like_a_reference_is_plain(value: str) -> None:
    assert keys(secret(f"stringData: {{password: '{value}'}}")) == [("password",)]


def test_what_sops_encrypted_is_fine() -> None:
    sops = "sops: {mac: 'ENC[x]', version: 3.9.0}"
    assert keys(secret(f"data: {{password: '{ENCRYPTED}'}}", sops)) == []
    assert keys(secret(f"data: {{password: '{ENCRYPTED}', url: cGxhaW4=}}", sops)) == [("url",)]
    assert keys(secret("data: {password: 'ENC[hunter2]'}", sops)) == [("password",)]


def test_the_metadata_of_sops_alone_encrypts_nothing() -> None:
    assert keys(secret("stringData: {password: hunter2}", "sops: {mac: x}")) == [("password",)]
    assert keys(secret(f"data: {{password: '{ENCRYPTED}'}}")) == [("password",)], "nobody can decrypt it"


@pytest.mark.parametrize(
    "head",
    [
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret",
        "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret",
        "apiVersion: secretmanager.gcp.upbound.io/v1beta1\nkind: Secret",  # another group's
        "apiVersion: v1\nkind: ConfigMap",
    ],
)
def test_other_kinds_are_fine(head: str) -> None:
    assert keys(secret("data: {password: hunter2}", head=head)) == []


@pytest.mark.parametrize(
    "head",
    [
        'apiVersion: v1\nkind: "Secret"',
        "kind: Secret",
        "apiVersion: v1\nkind: secret",
        "apiVersion: v1\nkind: SECRET ",
        "apiVersion: v1\nKind: Secret",
        "apiVersion: v1\nKIND: Secret\nkind: ConfigMap",
        'apiVersion: v1\nkind: "\\x53ecret"',
        'apiVersion: v1\nkind: "Sec\\\n  ret"',
        "apiVersion: v1\n? kind\n: Secret # it is",
        "apiVersion: v1\nkind: !!str Secret",
        "x: &kind Secret\napiVersion: v1\nkind: *kind",
    ],
)
def test_a_kind_is_a_kind_however_it_is_written(head: str) -> None:
    assert keys(secret("data: {password: hunter2}", head=head)) == [("password",)]


@pytest.mark.parametrize(
    "manifest",
    [
        b"kind: List\nitems:\n- kind: Secret\n  metadata: {name: db}\n  data: {a: eA==}\n",
        b"kind: SecretList\nitems:\n- metadata: {name: db}\n  data: {a: eA==}\n",
        b'{"kind": "List", "items": [{"kind": "List", "items": [{"kind":"Secret","metadata":{"name":"db"},'
        b'"data":{"a":"eA=="}}]}]}',
        b"kind: SyncSet\nspec: {resources: [{kind: Secret, metadata: {name: db}, data: {a: eA==}}]}\n",
    ],
)
def test_secrets_inside_other_resources_are_found(manifest: bytes) -> None:
    (found,) = find_plain_secrets(manifest)
    assert (found.name, found.keys) == ("db", ("a",))


def test_a_reference_to_a_secret_is_none() -> None:
    manifest = b"kind: Pod\nspec: {volumes: [{secret: {secretName: db}}], x: {kind: Secret, name: db}}\n"
    assert keys(manifest) == []


def test_every_document_counts_and_says_its_template() -> None:
    manifest = (
        b"---\n# Source: cat/templates/a.yaml\n"
        + secret("data: {a: eA==, b: eA==}", place="  namespace: pets\n").removeprefix(b"---\n")
        + b"---\nkind: [broken\n--- # Secret\n"
        + secret("data: {c: eA==}").removeprefix(b"---\n")
    )
    first, second = find_plain_secrets(manifest)
    assert str(first) == "the Secret pets/db (keys a, b; from cat/templates/a.yaml)"
    assert str(second) == "the Secret db (key c)"
    assert (first.pattern, second.pattern) == ("pets/db", "*/db")


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_value_is_ever_told(value: str) -> None:
    encoded = base64.b64encode(f"{value}-hunter2".encode()).decode()
    (found,) = find_plain_secrets(secret(f"data: {{password: {encoded}}}"))
    assert encoded not in f"{found}{found!r}{found.pattern}"


@pytest.mark.parametrize(
    "head",
    [
        "apiVersion: v1\nx: {&word Secret: y}\nkind: *word",
        "apiVersion: v1\nkind: !!binary U2VjcmV0",
        "apiVersion: v1\n!!binary a2luZA==: Secret",
        "apiVersion: v1\nkind: !!bin%61ry U2VjcmV0",
        "apiVersion: v1\nkind: !<tag:yaml.org,2002:binary> U2VjcmV0",
        "apiVersion: v1\nkind: !!binary |\n  U2Vj\n  cmV0",
        "apiVersion: v1\nkind: 'Secret'",
        'apiVersion: v1\nkind: "Sec\\\u0085ret"',
        'apiVersion: v1\nkind: "Sec\\\u2028ret"',
        'apiVersion: v1\nkind: "Sec\\\n  ret"',
        'apiVersion: v1\nkind: "\\U00000053ecret"',
        "apiVersion: v1\n!!merge kind: Secret",
        "apiVersion: /v1\nkind: Secret",
        "# of a chart, whose lines may end so\r%TAG !b! tag:yaml.org,2002:bin\r---\rkind: !b!ary U2VjcmV0",
    ],
)
def test_a_kind_counts_as_readers_of_yaml_have_it(head: str) -> None:
    """kubectl and kustomize (go-yaml) read each as a Secret."""
    assert keys(secret("data: {a: eA==}", head=head)) == [("a",)]


@pytest.mark.parametrize(
    "head",
    [
        "kind: Secret\nkind: ConfigMap",
        "kind: ConfigMap\nkind: Secret",
        "kind: Secret\n<<: {kind: ConfigMap}",
        "kind: ConfigMap\n<<: {kind: Secret}",
        "kind: Secret\napiVersion: v1\n<<: {apiVersion: example.com/v1}",
    ],
)
def test_it_is_one_if_any_reader_may_take_it_for_one(head: str) -> None:
    """Of a key that is there twice, or merged as well, readers take one or the other."""
    assert keys(secret("data: {a: eA==}", head=head)) == [("a",)]


@pytest.mark.parametrize(
    "head",
    [
        "kind: SecretList\nitems: [{kind: '', data: {a: eA==}}]",
        "kind: SecretList\nitems: [{kind: null, data: {a: eA==}}]",
        "Kind: SecretList\nItems: [{data: {a: eA==}}]",
        "kind: SecretList\n<<: {kind: List}\nitems: [{data: {a: eA==}}]",
        "kind: SecretList\nitems: [{data: {a: eA==}}]\n<<: {items: []}",
    ],
)
def test_an_item_without_a_kind_has_that_of_its_list(head: str) -> None:
    assert keys(f"apiVersion: v1\n{head}\n".encode()) == [("a",)]


def test_a_tag_makes_no_value_nothing() -> None:
    assert keys(secret("stringData: {a: !!null hunter2, b: !!null '', c: !!null ~}")) == [("a",)]
    assert keys(secret("stringData: {!!merge a: hunter2}")) == [("a",)]


HIDDEN = [
    pytest.param(b"---\n\xef\xbb\xbf---\nkind: Secret\ndata: {a: eA==}\n", 3, "isn't YAML", id="mark"),
    pytest.param(b"---\nkind: Secret\ndata: {a: *b}\n", 3, "no anchor", id="alias"),
    pytest.param(b"---\nkind: Secret\n\tdata: {a: eA==}\n", 3, "isn't YAML", id="tab"),
    pytest.param(b"---\na: 1\n---\n{kind: Secret, data: {a: eA==}\n", 5, "isn't YAML", id="bracket"),
    pytest.param(b"---\nkind: Secret\ndata: {a: \xff}\n", 3, "isn't UTF-8", id="bytes"),
    pytest.param("---\nkind: Secret\n".encode("utf-16-le"), 1, "isn't YAML", id="utf-16"),
    pytest.param(b"---\nkind: Secret\nx: " + b"[" * 300 + b"]" * 300, 3, "levels deep", id="depth"),
]


@pytest.mark.parametrize(("manifest", "line", "words"), HIDDEN)
def test_a_document_that_cannot_be_read_may_be_one(manifest: bytes, line: int, words: str) -> None:
    (found,) = find_secrets(manifest)
    assert isinstance(found, Unreadable)
    assert found.line == line
    assert words in found.problem
    part = RenderedComponent(
        label="db", path="db.yaml", kind="static", provenance=Provenance(), input_digest="",
        manifest=manifest,
    )  # fmt: skip
    (told,) = judge_secrets([part], ["*/*"])
    assert told.certain, "no list can allow what nobody has read"
    assert f"line {line} of db.yaml can't be read, so a Secret may be there: " in str(told)


def test_what_cannot_be_one_need_not_be_read() -> None:
    assert find_secrets(b"---\nkind: Deployment\nsecretName: *b\n") == []


def test_hostile_names_are_one_harmless_line() -> None:
    manifest = secret('data: {"a\\n::set-output name=x::\\x1b[31m": eA==}')
    assert str(find_plain_secrets(manifest)[0]) == "the Secret db (key a ::set-output name=x::)"


def test_many_keys_are_counted() -> None:
    data = ", ".join(f"k{number}: eA==" for number in range(14))
    assert str(find_plain_secrets(secret(f"data: {{{data}}}"))[0]).endswith("k9 and 4 more)")


def test_what_to_do_is_in_the_words_of_the_place_where_it_is_read() -> None:
    parts = [
        RenderedComponent(
            label=name, path=f"{name}.yaml", kind="static", provenance=Provenance(), input_digest="",
            manifest=secret("stringData: {a: b}"),
        )
        for name in ("db", "cache")
    ]  # fmt: skip
    found = [*judge_secrets(parts, [])]
    error = make_error("Secrets in plain text", found, "")
    for text in (*list_warnings(found), error.what, make_error("", found[:1], "").fix):
        assert "name it in allowed-secrets: */" in spell_for_workflow(text)
        assert "name it in `--allowed-secrets */" in spell_for_terminal(text)


@pytest.mark.parametrize(
    ("pattern", "namespace", "allowed"),
    [
        ("pets/db", "pets", True),
        ("pets/*", "pets", True),
        ("*/db", "pets", True),
        ("*/db", "", True),
        ("p*s/d*", "pets", True),
        ("*/*", "pets", True),
        ("pets/d", "pets", False),
        ("pets/db", "", False),
        ("other/db", "pets", False),
        ("PETS/db", "pets", False),
        ("pets/.*", "pets", False),
    ],
)
def test_an_allow_list_names_secrets(pattern: str, namespace: str, allowed: bool) -> None:
    secret = PlainSecret(namespace=namespace, name="db", keys=("a",))
    assert is_allowed(secret, ["nobody/else", pattern]) is allowed
