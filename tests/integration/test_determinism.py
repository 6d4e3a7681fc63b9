"""Charts that print something else each time, with both Helms; and that what is committed of them stays."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from promotion.edges.charts.chart_archive import read_templates
from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm import helm_choice as helm
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.helm.helm_program import ProgramHelm
from promotion.rendering.component_rendering import render_components
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.determinism import find_nondeterminism
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.model import Component, Definition, Folder, ResolvedChart
from promotion.rendering.sources.local_source import LocalSource
from support import tools
from support.charts import pack, write_files
from support.estate import Estate
from support.gitserver import GitServer

CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {value: "VALUE"}\n'
CHART = "{apiVersion: v2, name: shop, version: 1.0.0}"

Engine = EmbeddedHelm | ProgramHelm


@pytest.fixture(params=["embedded", "program"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "embedded":
        pytest.importorskip("helm_python", reason="NOT TESTED HERE: no embedded Helm for this platform")
    made = helm.choose(
        program="" if request.param == "embedded" else str(tools.helm_program()),
        kube_version="",
        api_versions=(),
        commands=ProcessRunner(os.environ, str, tmp_path),
        scratch=tmp_path / "helm",
    )
    yield made
    if isinstance(made, EmbeddedHelm):
        made.close()


def judge(
    engine: Engine, folder: Path, files: Mapping[str, str], **values: str
) -> tuple[list[ClusterFinding], int]:
    """What is found in a chart, and how long was waited for the time to change, in whole seconds."""
    chart = write_files(folder / "shop", {"Chart.yaml": CHART, **files})
    component = Component(
        name="shop",
        folders=(),
        definition=Definition(name="shop", type="helm"),
        folder=Folder(LocalSource()),
        values=values,
    )
    resolved = ResolvedChart(path=chart, version="1.0.0", digest="sha256:x")
    job = RenderJob(component=component, content=component.folder, chart=resolved, digest="sha256:x")
    plan = RenderPlan(root=component.folder, tree=(), jobs=(job,))
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)

    found = find_nondeterminism(
        plan.jobs,
        render_components(plan, engine, workers=1),
        engine,
        lambda chart: read_templates(chart.path),
        wait=wait,
        workers=1,
    )
    return found, int(sum(waited))


def template(value: str) -> str:
    return CONFIG.replace('"VALUE"', value)


@pytest.mark.parametrize(
    ("call", "functions"),
    [
        ("{{ randAlphaNum 16 }}", "`randAlphaNum`"),
        ("{{ uuidv4 }}", "`uuidv4`"),
        ("{{ htpasswd \"cat\" \"meow\" | quote }}", "`htpasswd`"),
        ("{{ bcrypt \"meow\" | quote }}", "`bcrypt`"),
        ("{{ (genSelfSignedCert \"cat\" nil nil 1).Cert | b64enc }}", "`genSelfSignedCert`"),
        ("{{ genPrivateKey \"ed25519\" | b64enc }}", "`genPrivateKey`"),
        ("{{ encryptAES \"meow\" \"cat\" }}", "`encryptAES`"),
    ],
)  # fmt: skip
def test_chance_is_found_without_waiting(engine: Engine, tmp_path: Path, call: str, functions: str) -> None:
    [finding], waited = judge(engine, tmp_path, {"templates/config.yaml": template(call)})
    assert finding.component == "shop"
    assert finding.what == (
        "the chart prints something else each time: ConfigMap web at data.value "
        f"(shop/templates/config.yaml). It calls {functions}"
    )
    assert waited == 0


def test_the_time_is_found(engine: Engine, tmp_path: Path) -> None:
    [finding], waited = judge(
        engine, tmp_path, {"templates/config.yaml": template("{{ now | unixEpoch | quote }}")}
    )
    assert finding.what.startswith("the chart prints something else each time: ConfigMap web at data.value")
    assert finding.what.endswith("It calls `now`")
    assert waited == 1


def test_a_day_is_told_as_what_it_may_be(engine: Engine, tmp_path: Path) -> None:
    call = template('{{ now | date "2006" | quote }}')
    [finding], _ = judge(engine, tmp_path, {"templates/config.yaml": call})
    assert finding.what == "the chart may print something else another day: it calls `date`, `now`"


def test_a_dependency_counts_packed_or_not(engine: Engine, tmp_path: Path) -> None:
    library = {
        "Chart.yaml": "{apiVersion: v2, name: common, version: 1.0.0, type: library}",
        "templates/_secret.tpl": '{{ define "word" }}{{ randAlpha 9 }}{{ end }}',
    }
    files = {
        "Chart.yaml": CHART.replace("}", ", dependencies: [{name: common, version: 1.0.0}]}"),
        "templates/config.yaml": template('{{ include "word" . }}'),
    }
    [finding], _ = judge(
        engine, tmp_path / "plain", files | {f"charts/common/{k}": v for k, v in library.items()}
    )
    assert finding.what.endswith("It calls `randAlpha`")
    packed = write_files(tmp_path / "packed/shop", files) / "charts/common-1.0.0.tgz"
    packed.parent.mkdir()
    packed.write_bytes(pack({f"common/{name}": text for name, text in library.items()}))
    [finding], _ = judge(engine, tmp_path / "packed", files)
    assert finding.what.endswith("It calls `randAlpha`")


def test_values_that_the_chart_renders_count(engine: Engine, tmp_path: Path) -> None:
    files = {"templates/config.yaml": template("{{ tpl .Values.word . }}")}
    [finding], _ = judge(engine, tmp_path, files, word="{{ randNumeric 9 | quote }}")
    assert finding.what.endswith("It calls `randNumeric`")


def test_charts_without_such_functions_are_rendered_once(engine: Engine, tmp_path: Path) -> None:
    calls: list[object] = []
    original = engine.render
    engine.render = lambda release: (calls.append(release), original(release))[1]  # type: ignore[method-assign]
    found, waited = judge(engine, tmp_path, {"templates/config.yaml": template("{{ .Release.Name }}")})
    assert (found, waited, len(calls)) == ([], 0, 1)


def test_equal_texts_are_not_read(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a large chart's takes longer than rendering it."""
    files = {"templates/config.yaml": template("{{ keys .Values | sortAlpha | first }}")}
    with monkeypatch.context() as patch:
        patch.setattr("promotion.rendering.determinism.compare_renderings", None)
        assert judge(engine, tmp_path, files, word="meow") == ([], 0)
    comment = {"templates/config.yaml": template("meow") + "# {{ randAlphaNum 16 }}\n"}
    [finding], _ = judge(engine, tmp_path / "comment", comment)
    assert "the order or the comments" in finding.what


def test_a_given_value_in_place_of_chance_is_fine(engine: Engine, tmp_path: Path) -> None:
    files = {"templates/config.yaml": template("{{ .Values.word | default (randAlpha 9) }}")}
    assert judge(engine, tmp_path / "given", files, word="meow")[0] == []
    assert judge(engine, tmp_path / "absent", files)[0]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        made = Estate(server, tmp_path / "steps")
        secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: cat}\nstringData: {word: WORD}\n"
        made.repository("cat-application").commit(
            {"hld/chart/templates/secret.yaml": secret.replace("WORD", "{{ randAlphaNum 32 | quote }}")}
        )
        yield made


def test_what_is_committed_stays_while_its_inputs_do(estate: Estate) -> None:
    path = "cat-application/cat-application.yaml"
    first = estate.run(estate.push_event(secrets="allow"))
    assert first.code == 0, first.log
    [warning] = [line for line in first.log.splitlines() if line.startswith("::warning")]
    assert "component cat-application: the chart prints something else each time: Secret cats/cat" in warning
    assert " at stringData.word (cat-application/templates/secret.yaml). It calls `randAlphaNum`" in warning
    assert "randAlphaNum" in first.step.summary
    written = estate.manifests.read(path)

    word = next(line for line in written.splitlines() if "word:" in line).partition('"')[2].strip('"')
    assert len(word.rstrip('"}')) == 32
    assert word.rstrip('"}') not in first.log + first.step.summary

    estate.release("2.0.0", application="dog-application")
    second = estate.run(estate.push_event("dog-application", secrets="allow"))
    assert second.step.outputs["changed"] == "true"
    assert "::warning" not in second.log
    assert estate.manifests.read(path) == written

    # Neither do the action's own inputs draw anew.
    third = estate.run(estate.push_event(secrets="allow", validate="fail", kubernetes_version="1.33"))
    assert third.code == 0, third.log
    assert "Rendered 0 components" in third.log
    assert estate.manifests.read(path) == written

    estate.release("2.0.0")
    estate.run(estate.push_event(secrets="allow"))
    assert estate.manifests.read(path) != written


def test_determinism_off_renders_once_and_says_nothing(estate: Estate) -> None:
    done = estate.run(estate.push_event(secrets="allow", determinism="off"))
    assert done.code == 0, done.log
    assert "::warning" not in done.log
