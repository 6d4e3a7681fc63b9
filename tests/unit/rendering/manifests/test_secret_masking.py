from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.manifests.resource_changes import FileChange, compare_resources, render_diff

OLD, NEW, SAME = "old-hunter2", "new-hunter3", "same-hunter4"


def diff(before: str | None, after: str | None) -> str:
    sides = [None if side is None else side.encode() for side in (before, after)]
    return render_diff([FileChange(path="s.yaml", component="s", before=sides[0], after=sides[1])])


def check_hidden(text: str) -> None:
    for value in (OLD, NEW, SAME):
        assert value not in text
        assert base64.b64encode(value.encode()).decode() not in text


def secret(password: str, *, extra: str = "") -> str:
    return (
        "---\n# Source: s/templates/secret.yaml\napiVersion: v1\nkind: Secret\n"
        f"metadata:\n  name: s\n  namespace: pets\n{extra}"
        f"data:\n  password: {base64.b64encode(password.encode()).decode()}\n"
        f"  same: {base64.b64encode(SAME.encode()).decode()}\n"
        f"stringData:\n  token: {password}\n"
    )


def test_diff_says_which_keys_changed_and_no_value() -> None:
    text = diff(secret(OLD), secret(NEW))
    check_hidden(text)
    assert text == (
        "--- a/s.yaml\n+++ b/s.yaml\n@@ Secret pets/s @@\n"
        "   name: s\n   namespace: pets\n data:\n"
        "-  password: (hidden)\n+  password: (hidden, changed)\n   same: (hidden)\n stringData:\n"
        "-  token: (hidden)\n+  token: (hidden, changed)\n"
    )


def test_context_lines_hide_values_too() -> None:
    text = diff(secret(SAME), secret(SAME, extra="  labels: {a: b}\n"))
    assert "+  labels: {a: b}" in text
    check_hidden(text)


def test_added_and_removed_secrets_are_hidden() -> None:
    for text in (diff(None, secret(NEW)), diff(secret(OLD), None)):
        assert "password: (hidden)" in text
        check_hidden(text)


def test_added_and_removed_keys_are_named() -> None:
    text = diff(secret(OLD).replace("same:", "gone:"), secret(OLD).replace("same:", "fresh:"))
    assert "-  gone: (hidden)" in text
    assert "+  fresh: (hidden)" in text
    check_hidden(text)


def test_changed_value_is_a_changed_resource() -> None:
    file = FileChange(path="s", component="s", before=secret(OLD).encode(), after=secret(NEW).encode())
    assert [change.action for change in compare_resources([file])] == ["changed"]


ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
LAST_APPLIED = json.dumps({"apiVersion": "v1", "kind": "Secret", "stringData": {"token": NEW}})


@pytest.mark.parametrize(
    "manifest",
    [
        f"# password: {NEW}\n" + secret(NEW) + f"# {OLD}\n",
        f"kind: List\nitems:\n- kind: Secret\n  stringData: {{a: {NEW}}}\n",
        f"kind: SecretList\nitems:\n- metadata: {{name: s}}\n  stringData: {{a: {NEW}}}\n",
        f"kind: Template\nobjects:\n- {{kind: Secret, data: {{a: {NEW}}}}}\n",
        json.dumps({"kind": "Secret", "stringData": {"a": NEW, "b": OLD}}),
        f"kind: Secret\nstringData:\n  a: |\n    {NEW}\n    {OLD}\n  b: >-\n    {NEW}\n",
        f"kind: Secret\nstringData:\n  a: [{NEW}, {{b: {OLD}}}]\n",
        f"kind: Secret\nstringData: {NEW}\n",
        f"kind: Secret\nstringData: [{NEW}]\n",
        f"kind: Secret\nstringData: {{a: {OLD}}}\nstringData: {{a: {NEW}}}\n",
        f"kind: ConfigMap\nkind: Secret\nstringData: {{a: {NEW}}}\n",
        f"'kind': !!str \"Secret\"\n? stringData\n: ? a\n  : {NEW}\n",
        f'"k\\x69nd": "\\x53ecret"\nstringData: {{a: {NEW}}}\n',
        f"kind: List\nx: &base {{data: {{a: {NEW}}}}}\nitems:\n- {{<<: *base, kind: Secret}}\n",
        f"kind: List\nx: &v {NEW}\nitems:\n- {{kind: Secret, data: {{a: *v}}}}\n",
        f"kind: List\nitems:\n- {{kind: Secret, data: {{a: &v {NEW}}}}}\n- {{kind: Pod, data: {{a: *v}}}}\n",
        f"kind: List\nitems:\n- {{kind: Secret, data: {{a: [&v {NEW}]}}}}\n- {{kind: Pod, data: *v}}\n",
        f'kind: Secret\nstringData: {{a: "x\n---\u00a0{NEW}"}}\n',
        f"kind: Secret\nmetadata:\n  annotations:\n    {ANNOTATION}: '{NEW}'\n",
        f"kind: Pod\nmetadata:\n  annotations:\n    {ANNOTATION}: |\n      {LAST_APPLIED}\n",
        f"kind: ConfigMap\ndata:\n  a.yaml: |\n    kind: Secret\n    stringData: {{a: {NEW}}}\n",
        f"kind: ConfigMap\ndata:\n  a.json: {json.dumps(json.dumps(json.dumps(LAST_APPLIED)))}\n",
        f"kind: Secret\nstringData: {{a: {NEW}}}\n...\nkind: ConfigMap\n",
        f"kind: Secret\rstringData: {{a: {NEW}}}\r---\rkind: ConfigMap\r",
        f"kind: Secret\u2028stringData: {{a: {NEW}}}\u2028--- {{kind: Pod}}\n",
        f"\ufeffkind: Secret\nstringData: {{a: {NEW}}}\n",
        f"kind: Secret\nstringData: {{a: {NEW}\n",
        f"!!merge kind: Secret\nstringData: {{!!merge a: {NEW}}}\n",
        f"kind: !!binary U2VjcmV0\nstringData: {{a: {NEW}}}\n",
        f"kind: !!bin%61ry U2VjcmV0\n!!binary c3RyaW5nRGF0YQ==: {{a: {NEW}}}\n",
        f"kind: SecretList\nitems: [{{data: {{a: {NEW}}}}}]\nitems: []\n",
        f"kind: Secret\nstringData: {{a: {NEW}}}\n  bad: indent\n",
        f"Kind: Secret\nStringData: {{a: {NEW}}}\n",
        f"KIND: SecretList\nItems: [{{data: {{a: {NEW}}}}}]\n",
    ],
)
def test_hiding_places_are_known(manifest: str) -> None:
    for text in (diff(None, manifest), diff(manifest, None), diff(manifest, secret(OLD))):
        assert "@@" in text
        check_hidden(text)


@pytest.mark.parametrize(
    "manifest",
    [
        "# keep\nkind: SealedSecret\nspec: {encryptedData: {a: sealed}}\n",
        "# keep\nkind: ExternalSecret\nspec: {data: [{secretKey: sealed}]}\n",
        "# keep\nkind: Role\nrules: [{resources: [secrets], note: sealed}]\n",
        "# keep\nkind: HelmRelease\nspec: {valuesFrom: [{kind: Secret, name: sealed}]}\n",
    ],
)
def test_what_only_looks_like_a_secret_is_shown(manifest: str) -> None:
    text = diff(None, manifest)
    assert "sealed" in text
    assert "+# keep" in text


tokens = st.text(alphabet="abcdefghijkmnopqrstuvwxyz0123456789", min_size=8, max_size=12).map("zQ{}Qz".format)
keys = st.sampled_from(["user", "password", "tls.crt"])
values = st.dictionaries(keys, tokens, max_size=3)
styles = st.sampled_from(['"{}"', "'{}'", "{}", "|\n        {}", ">\n        {}\n\n        more", "!!str {}"])


@st.composite
def secrets(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A Secret in some form, and its values."""
    fields = {field: draw(values) for field in draw(st.sets(st.sampled_from(["data", "stringData"])))}
    lines = ["kind: Secret", "metadata:", "  name: s"]
    for field, content in fields.items():
        lines.append(f"{field}:" + ("" if content else " {}"))
        lines += [f"    {key}: {draw(styles).format(value)}" for key, value in content.items()]
    comments = draw(st.lists(tokens, max_size=2))
    for comment in comments:
        lines.insert(draw(st.integers(0, 3)), f"# {comment}")
    text = "\n".join(lines) + "\n"
    if draw(st.booleans()):
        text = "kind: List\nitems:\n- " + text.replace("\n", "\n  ").rstrip() + "\n"
    return text, [*comments, *(value for content in fields.values() for value in content.values())]


@given(before=st.none() | secrets(), after=st.none() | secrets(), shared=secrets())
def test_no_value_is_ever_in_the_diff(
    before: tuple[str, list[str]] | None, after: tuple[str, list[str]] | None, shared: tuple[str, list[str]]
) -> None:
    config = "kind: ConfigMap\nmetadata: {name: c}\n"
    sides = [
        None if side is None else f"---\n{side[0]}---\n{config}---\n{shared[0]}" for side in (before, after)
    ]
    text = diff(*sides)
    for _, found in (side for side in (before, after, shared) if side):
        for value in found:
            assert value not in text
