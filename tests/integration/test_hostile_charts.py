"""What a chart can't do, with either Helm: end us, use up the machine, or read what isn't its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promotion.core.model import Release
from promotion.edges.command import Commands
from promotion.edges.helm import choice as helm
from promotion.edges.helm.embedded import EmbeddedHelm
from promotion.edges.helm.program import ProgramHelm
from promotion.errors import RenderError
from support import tools
from support.charts import pack, write_files
from support.webserver import WebServer, serve

CANARY = "canary-9f31"
Helm = EmbeddedHelm | ProgramHelm
pytest.importorskip("helm_python", reason="NOT TESTED HERE: there is no embedded Helm for this platform")


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture(params=["embedded", "program"])
def engine(request: pytest.FixtureRequest, scratch: Path, warnings: list[str]) -> Iterator[Helm]:
    """Either Helm, in surroundings full of secrets."""
    home = write_files(
        scratch.parent / "home",
        {
            ".docker/config.json": json.dumps({"auths": {"ghcr.io": {"auth": CANARY}}, "const": CANARY}),
            ".kube/config": f"current-context: {CANARY}",
            ".config/helm/repositories.yaml": CANARY,
            ".local/share/helm/plugins/spy/plugin.yaml": CANARY,
            "secret.txt": CANARY,
        },
    )
    program = "" if request.param == "embedded" else str(tools.helm_program())
    names = ["INPUT_TOKEN", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "HELM_NAMESPACE", "HELM_KUBETOKEN"]
    environment = {**os.environ, "HOME": str(home), **dict.fromkeys(names, CANARY)}
    made = helm.choose(
        program=program,
        kube_version="",
        api_versions=[],
        commands=Commands(environment, str, scratch),
        scratch=scratch,
        warn=warnings.append,
    )
    yield made
    if isinstance(made, EmbeddedHelm):
        made.close()


def chart(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A chart named shop with these files."""
    content = {"Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}", **files}
    for name, text in content.items():
        path = folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "shop"


def template(engine: Helm, folder: Path, text: str, **values: Any) -> str:
    """What a chart with one template makes."""
    path = chart(folder, {"templates/a.yaml": text})
    return engine.template(Release(name="r", namespace="n", chart=path, values=values))


# -- ending us, and using up the machine

CIRCLE = '{{ $d := dict }}{{ $_ := set $d "a" $d }}'
ENDLESS = "call themselves without end"
MEMORY = "needs more than 1024 MiB of memory"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {{ tpl .Values.again . }}", ENDLESS),
        (f"{CIRCLE}{{{{ merge (dict) $d $d }}}}", ENDLESS),
        (f"{CIRCLE}{{{{ print $d }}}}", ENDLESS),
        ('a: {{ repeat 1000000000 "x" }}', MEMORY),
        ("{{ range until 1000000000 }}{{ end }}", MEMORY),
        ('{{ $s := "xxxx" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}{{ $s }}', MEMORY),
    ],
    ids=["tpl", "merge", "print", "repeat", "until", "doubling"],
)
def test_a_chart_that_ends_helm_is_an_error_and_nothing_more(
    engine: Helm, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(RenderError) as caught:
        template(engine, tmp_path, text, again="{{ tpl .Values.again . }}")
    assert words in caught.value.what
    assert "goroutine" not in str(caught.value)
    assert "a: 1" in template(engine, tmp_path, "a: 1")


LOOP = "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}"


def stat(process: int) -> list[str]:
    """The fields of a process's line in /proc after its name: state, parent, ..., CPU times."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["gone", "0"]


def children(parent: int) -> set[int]:
    """The processes that a process has started, and that live."""
    all_of_them = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return {one for one in all_of_them if stat(one)[1] == str(parent) and stat(one)[0] != "Z"}


def test_a_chart_without_end_is_given_up_and_its_process_with_it(tmp_path: Path, scratch: Path) -> None:
    before = children(os.getpid())
    commands = Commands({}, str, scratch)
    with closing(EmbeddedHelm(commands=commands, scratch=scratch, limit=1, workers=1)) as engine:
        with pytest.raises(RenderError, match="Helm was still rendering the chart after 1 s"):
            template(engine, tmp_path, LOOP)
        assert children(os.getpid()) <= before


def test_the_processes_end_with_ours_in_the_middle_of_a_render_too(tmp_path: Path, scratch: Path) -> None:
    path = chart(tmp_path, {"templates/a.yaml": LOOP})
    program = f"""if True:
        from pathlib import Path
        from promotion.core.model import Release
        from promotion.edges.command import Commands
        from promotion.edges.helm.embedded import EmbeddedHelm
        scratch = Path({str(scratch)!r})
        engine = EmbeddedHelm(commands=Commands({{}}, str, scratch), scratch=scratch)
        engine.template(Release(name="r", namespace="n", chart=Path({str(path)!r}), values={{}}))
    """
    with subprocess.Popen([sys.executable, "-c", program]) as ours:
        wait_for(lambda: children(ours.pid))
        (worker,) = children(ours.pid)
        wait_for(lambda: cpu_time(worker) > 1)  # it is at work
        ours.send_signal(signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{worker}").exists())


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def cpu_time(process: int) -> float:
    user, system = stat(process)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_the_process_that_renders_knows_no_secret(scratch: Path, tmp_path: Path) -> None:
    before = children(os.getpid())
    environment = {**os.environ, "INPUT_TOKEN": CANARY, "INPUT_SSH-KEY": CANARY, "HELM_DEBUG": CANARY}
    with closing(EmbeddedHelm(commands=Commands(environment, str, scratch), scratch=scratch)) as engine:
        template(engine, tmp_path, "a: 1")
        (worker,) = children(os.getpid()) - before
        for place in ("environ", "cmdline"):
            assert CANARY.encode() not in Path(f"/proc/{worker}/{place}").read_bytes()


def test_the_error_names_the_component_and_shows_no_trace_of_go(tmp_path: Path) -> None:
    files = {
        "component.yaml": "{name: cluster, subcomponents: [{name: shop, type: helm, path: chart}]}",
        "chart/Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}",
        "chart/templates/a.yaml": f"{CIRCLE}{{{{ merge (dict) $d $d }}}}",
    }
    definition = write_files(tmp_path / "definition", files)
    done = subprocess.run(
        [Path(sys.executable).with_name("promotion"), "render", definition, tmp_path / "out", "dev"],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "component shop" in done.stderr
    assert ENDLESS in done.stderr
    assert "goroutine" not in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()


# -- reading what isn't its own

READERS = {
    "Files.Get": 'a: {{ .Files.Get "../secret.txt" }}{{ .Files.Get "/etc/passwd" }}',
    "Files.Glob": 'a: {{ .Files.Glob "../**" | toJson | quote }}\nb: {{ .Files.Glob "/**" | len }}',
    "Files.Lines": 'a: {{ .Files.Lines "/proc/self/environ" | len }}',
    "Files link": 'a: {{ .Files.Get "link.txt" }}',
    "lookup": 'a: {{ lookup "v1" "Secret" "" "" | toJson }}',
    "getHostByName": 'a: {{ getHostByName "canary-9f31.example" }}',
    "tpl of values": "a: {{ tpl .Values.code . }}",
    "Release": "a: {{ toJson .Release }}",
    "Capabilities": "a: {{ toJson .Capabilities }}",
}
UNKNOWN = ("env", "expandenv", "readFile", "readDir", "file", "include_file", "exec", "shell", "httpGet")


@pytest.mark.parametrize("text", READERS.values(), ids=READERS.keys())
def test_functions_that_read(engine: Helm, tmp_path: Path, warnings: list[str], text: str) -> None:
    write_files(tmp_path, {"secret.txt": CANARY})
    shown = template(engine, tmp_path, text, code='{{ .Files.Get "../secret.txt" }}{{ $.Release.Name }}')
    assert "a:" in shown
    assert CANARY not in shown.replace("canary-9f31.example", "")
    assert not [word for word in ("root:", "PATH=") if word in shown]
    assert not warnings


@pytest.mark.parametrize("name", UNKNOWN)
def test_functions_that_are_not_there(engine: Helm, tmp_path: Path, name: str) -> None:
    with pytest.raises(RenderError, match=f'function "{name}" not defined'):
        template(engine, tmp_path, f'a: {{{{ {name} "HOME" }}}}')


def test_what_a_chart_sees_of_the_cluster_is_made_up(engine: Helm, tmp_path: Path) -> None:
    assert "a: {}" in template(engine, tmp_path, 'a: {{ lookup "v1" "Namespace" "" "default" | toJson }}')
    assert 'a: ""' in template(engine, tmp_path, 'a: {{ getHostByName "localhost" | quote }}')


# -- schemas

SCHEMA = "values.schema.json"
ANY = {"templates/a.yaml": "a: 1"}


def referring(reference: str, key: str = "$ref") -> str:
    return json.dumps({"properties": {"a": {key: reference}}})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebServer]:
    with serve(tmp_path / "www") as server:
        write_files(tmp_path / "www", {"secret.json": json.dumps({"const": CANARY})})
        yield server


@pytest.mark.parametrize("key", ["$ref", "$dynamicRef", "$recursiveRef", "$schema"])
def test_a_schema_reads_no_file_and_asks_no_server(
    engine: Helm, tmp_path: Path, site: WebServer, warnings: list[str], key: str
) -> None:
    write_files(tmp_path, {"secret.json": json.dumps({"const": CANARY})})
    for reference in (
        f"file://{tmp_path}/secret.json",
        f"{tmp_path}/secret.json",
        "../../secret.json",
        "file:///proc/self/environ",
        f"{site.url}/secret.json",
    ):
        schema = referring(reference, key) if key != "$schema" else json.dumps({"$schema": reference})
        path = chart(tmp_path, {**ANY, SCHEMA: schema})
        shown = engine.template(Release(name="r", namespace="n", chart=path, values={"a": "x"}))
        assert "a: 1" in shown
        assert warnings.pop().startswith(f"{SCHEMA} refers to {reference}, which isn't loaded")
    assert not site.paths()


@pytest.mark.parametrize(
    "schema",
    [
        '{"properties": {"a": {"\\u0024ref": "file:///etc/passwd"}}}',
        '{"properties": {"a": {"$ref": "file:///etc/passwd", "$ref": "#/definitions/a"}}}',
        '{"$id": "file:///etc/", "properties": {"a": {"$ref": "passwd"}}}',
        '{"allOf": [{"if": {"not": {"$ref": "file:///etc/passwd"}}}]}',
        '{"a": ' + "9" * 5000 + ', "properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        '{"properties": {"\ud800": {"$ref": "file:///etc/passwd"}}}',
        '{"x": ' * 3000 + '{"$ref": "file:///etc/passwd"}' + "}" * 3000,
        b'{"properties": {"\xff\t": {"$ref": "file:///etc/passwd"}}}',
    ],
    ids=["escaped", "twice", "id", "nested", "long-number", "surrogate", "deep", "not-utf-8"],
)
def test_references_that_hide(engine: Helm, tmp_path: Path, warnings: list[str], schema: str | bytes) -> None:
    content = schema.encode("utf-8", "surrogatepass") if isinstance(schema, str) else schema
    path = chart(tmp_path, {**ANY, SCHEMA: content})
    assert "a: 1" in engine.template(Release(name="r", namespace="n", chart=path, values={"a": "x"}))
    assert "which isn't loaded" in warnings[0]


def test_schemas_of_dependencies_packed_or_not(engine: Helm, tmp_path: Path, warnings: list[str]) -> None:
    leak = referring("file:///etc/passwd")
    inner = pack({"tiny/Chart.yaml": "{apiVersion: v2, name: tiny, version: 1.0.0}", f"tiny/{SCHEMA}": leak})
    files: dict[str, str | bytes] = {
        "packed/Chart.yaml": "{apiVersion: v2, name: packed, version: 1.0.0}",
        "packed/templates/b.yaml": "b: 2",
        f"packed/{SCHEMA}": leak,
        "packed/charts/tiny-1.0.0.tgz": inner,
    }
    content: dict[str, str | bytes] = {
        **ANY,
        "charts/open/Chart.yaml": "{apiVersion: v2, name: open, version: 1.0.0}",
        f"charts/open/{SCHEMA}": leak,
        "charts/packed-1.0.0.tgz": pack(files),
    }
    values = {"a": "x", "open": {"a": "x"}, "packed": {"a": "x", "tiny": {"a": "x"}}}
    shown = engine.template(Release(name="r", namespace="n", chart=chart(tmp_path, content), values=values))
    assert "b: 2" in shown
    assert sorted(warning.partition(" refers")[0] for warning in warnings) == [
        f"charts/open/{SCHEMA}",
        f"charts/packed-1.0.0.tgz/charts/tiny-1.0.0.tgz/{SCHEMA}",
        f"charts/packed-1.0.0.tgz/{SCHEMA}",
    ]


@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
)
def test_a_schema_of_its_own_is_checked(
    engine: Helm, tmp_path: Path, warnings: list[str], draft: str
) -> None:
    schema = {
        "$schema": draft,
        "definitions": {"a": {"const": 1}},
        "properties": {"a": {"$ref": "#/definitions/a"}},
    }
    path = chart(tmp_path, {**ANY, SCHEMA: json.dumps(schema)})
    with pytest.raises(RenderError, match="value must be 1"):
        engine.template(Release(name="r", namespace="n", chart=path, values={"a": "x"}))
    assert not warnings
