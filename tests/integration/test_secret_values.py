"""No message shows a Secret's value, whatever is wrong with it: neither Helm's, nor ours."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm import helm_choice as helm
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.errors import Location, PromotionError
from promotion.rendering.manifests.file_joining import join
from promotion.rendering.manifests.manifest_file import ManifestFile, clean, inject_namespace
from promotion.rendering.materialize_request import Policy
from promotion.rendering.model import Provenance, Release, RenderedComponent
from promotion.rendering.validation.cluster_policy import ClusterState, inspect_cluster
from support import tools
from support.charts import write_files
from support.estate import Estate
from support.gitserver import GitServer

VALUE = "Tr0ub4dor-and-3"
HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
# What a Secret's value may be, so that the document is broken or odd.
BROKEN = (
    f"stringData:\n  a: *{VALUE}",
    f"stringData:\n  a: {{{{{VALUE}}}}}",
    f"stringData:\n  a: !{VALUE} x",
    f"stringData:\n  a: !b!{VALUE} x",
    f"stringData:\n  a: %{VALUE}",
    f"stringData:\n  a: @{VALUE}",
    f"stringData:\n  a: {VALUE}: x: y",
    f'stringData:\n  a: "{VALUE}\\q"',
    f'stringData:\n  a: "{VALUE}',
    f"stringData:\n\ta: {VALUE}",
    f"stringData:\n  a: b\n {VALUE}: x",
    f"stringData:\n  a: {VALUE}\x01",
    f"stringData:\n  <<: {VALUE}",
    f"stringData:\n  <<: [{VALUE}]",
    *(
        f"stringData:\n  a: !!{kind} {VALUE}"
        for kind in ("int", "float", "bool", "timestamp", "null", "binary")
    ),
    f"stringData: {VALUE}",
    f"stringData: [{VALUE}]",
    f"stringData: {{a: [{VALUE}]}}",
    f"stringData: {{a: {{b: {VALUE}}}}}",
    f"data: {{a: '{VALUE} !'}}",
    f"dta: {{a: {VALUE}}}",
    f"type: [{VALUE}]",
    f"immutable: {VALUE}",
    f"metadata: {VALUE}",
    f"metadata: {{annotations: {{a: [{VALUE}]}}}}",
    f"stringData: {{a: {VALUE}}}\n---\n{HEAD}stringData: {{a: {VALUE}2}}",
    f"stringData: {{a: {VALUE}}}\n---\n{VALUE}",
    f"stringData: {{a: {VALUE}}}\n---\n- {VALUE}",
)
CONFIG = {
    "pw": VALUE,
    "call": "x {{ .Oops " + VALUE + " }}",
    "path": f"{VALUE} {{{{ .Values.pw.x }}}}",
    "url": f"postgres://u:{VALUE}@host:port",
    "pattern": f"({VALUE}",
}
# How a template may fail on a value that it makes a Secret of.
CALLS = (
    "tpl .Values.call .",
    "tpl .Values.path .",
    "(urlParse .Values.url).host",
    'mustToDate "2006" .Values.pw',
    "mustDateModify .Values.pw now",
    "mustFromJson .Values.pw",
    'mustRegexMatch .Values.pattern "x"',
    'semverCompare .Values.pw "1.2.3"',
    "semver .Values.pw",
    'index .Values .Values.pw "x"',
    ".Values.pw.x",
    "slice .Values.pw 90",
    "call .Values.pw",
    "merge .Values.pw (dict)",
    "range .Values.pw }}{{ end",
    "genSignedCert .Values.pw nil nil 1 (dict)",
    "decryptAES .Values.pw .Values.pw",
    "buildCustomCert .Values.pw .Values.pw",
)
SCHEMA = '{"properties": {"pw": {"pattern": "^[0-9]+$", "maxLength": 3, "enum": ["a"]}}}'


@pytest.fixture(params=["embedded", pytest.param("program", marks=pytest.mark.siege)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[helm.EmbeddedHelm | helm.ProgramHelm]:
    program = "" if request.param == "embedded" else str(tools.helm_program())
    commands = ProcessRunner(os.environ, str, tmp_path)
    scratch = tmp_path / "helm"
    chosen = helm.choose(
        program=program, kube_version="", api_versions=[], commands=commands, scratch=scratch
    )
    yield chosen
    if isinstance(chosen, EmbeddedHelm):
        chosen.close()


def chart(folder: Path, files: Mapping[str, str]) -> Release:
    metadata = {"Chart.yaml": "{apiVersion: v2, name: cat, version: 1.0.0}"}
    return Release(
        name="cat", namespace="pets", chart=write_files(folder, {**metadata, **files}), values=CONFIG
    )


def test_helms_errors(engine: helm.EmbeddedHelm | helm.ProgramHelm, tmp_path: Path) -> None:
    cases = [{"templates/secret.yaml": HEAD + "stringData:\n  a: {{ " + call + " }}\n"} for call in CALLS]
    cases += [{"templates/secret.yaml": HEAD + text.replace("{{", '{{ "{{" }}')} for text in BROKEN]
    cases += [{"values.schema.json": SCHEMA, "templates/secret.yaml": HEAD}]
    errors = []
    for number, files in enumerate(cases):
        try:
            clean(engine.template(chart(tmp_path / str(number), files)))
        except PromotionError as error:
            errors.append(str(error))
    assert len(errors) > len(cases) / 2, "most of them are errors"
    assert [error for error in errors if VALUE in error] == []


def test_our_own_errors_and_warnings() -> None:
    told: list[str] = []
    for text in BROKEN:
        manifest = f"---\n# Source: cat/templates/secret.yaml\n{HEAD}{text}\n"
        for judge in (judge_rendered, judge_static, judge_published):
            try:
                told += judge(manifest)
            except PromotionError as error:
                told.append(str(error))
    assert len(told) > len(BROKEN)
    assert [text for text in told if VALUE in text] == []


def judge_rendered(manifest: str) -> list[str]:
    return [inject_namespace(clean(manifest), "pets") and ""]


def judge_static(manifest: str) -> list[str]:
    return [join([ManifestFile(where=Location("secret.yaml"), data=manifest.encode())]) and ""]


def judge_published(manifest: str) -> list[str]:
    told: list[str] = []
    part = RenderedComponent(
        label="cat", path="cat.yaml", kind="static", provenance=Provenance(), input_digest="",
        manifest=manifest.encode(),
    )  # fmt: skip
    for policy in (Policy(), Policy(validate="fail"), Policy(secrets="deny")):
        try:
            inspect_cluster(
                ClusterState(components=[part], policy=policy, schemas=SchemaStore()), warn=told.append
            )
        except PromotionError as error:
            told.append(str(error))
    return told


def test_a_run_shows_the_keys_that_change(tmp_path: Path) -> None:
    """In the difference, summary, report and commit message: a value is in the manifest alone."""
    template = "hld/chart/templates/secret.yaml"
    text = HEAD.replace("{", "{{").replace("}", "}}") + "data:\n  a: {}\n  b: eA==\nstringData:\n  c: {}\n"
    encoded = [base64.b64encode(f"{VALUE}{number}".encode()).decode() for number in range(3)]
    with GitServer(tmp_path / "server") as server:
        estate = Estate(server, tmp_path / "steps")
        told = []
        for number, dry_run in enumerate(("false", "true", "false")):
            secret = text.format(encoded[number], f"{VALUE}-{number}")
            estate.repository("cat-application").commit({template: secret})
            done = estate.run(estate.push_event(dry_run=dry_run), RUNNER_DEBUG="1")
            assert done.code == 0, done.log
            report = (done.step.workspace / done.step.outputs["result"]).read_text("utf-8")
            told += [done.log, done.step.summary, report, str(done.step.outputs)]
        messages = estate.manifests.git("log", "--format=%B", "dev")
        manifest = estate.manifests.read("cat-application/cat-application.yaml")
    assert "-  a: (hidden)\n+  a: (hidden, changed)" in told[4]
    assert "   b: (hidden)" in told[4]
    assert encoded[2] in manifest
    everything = "\n".join([*told, messages])
    assert VALUE not in everything
    assert [value for value in encoded if value in everything] == []
