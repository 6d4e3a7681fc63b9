"""What a chart can't do, with either Helm: end us, use up the machine, or read what isn't its own."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm import helm_choice as helm
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.helm.helm_program import ProgramHelm
from promotion.errors import RenderError, SourceError
from promotion.rendering.model import Release
from support import tools
from support.charts import pack, write_files
from support.webserver import WebServer, serve

pytestmark = [pytest.mark.siege, pytest.mark.samples]

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
        commands=ProcessRunner(environment, str, scratch),
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
    commands = ProcessRunner({}, str, scratch)
    with closing(EmbeddedHelm(commands=commands, scratch=scratch, limit=1, workers=1)) as engine:
        with pytest.raises(RenderError, match="Helm was still rendering the chart after 1 s"):
            template(engine, tmp_path, LOOP)
        assert children(os.getpid()) <= before


def test_the_processes_end_with_ours_in_the_middle_of_a_render_too(tmp_path: Path, scratch: Path) -> None:
    path = chart(tmp_path, {"templates/a.yaml": LOOP})
    program = f"""if True:
        from pathlib import Path
        from promotion.rendering.model import Release
        from promotion.edges.child_process import ProcessRunner
        from promotion.edges.helm.embedded_helm import EmbeddedHelm
        scratch = Path({str(scratch)!r})
        engine = EmbeddedHelm(commands=ProcessRunner({{}}, str, scratch), scratch=scratch)
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
    with closing(EmbeddedHelm(commands=ProcessRunner(environment, str, scratch), scratch=scratch)) as engine:
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
        assert warnings.pop() == (
            f"component r: its values aren't checked against {SCHEMA} of the chart shop, for it refers to "
            f"{reference}, which isn't loaded"
        )
    assert not site.paths()


@pytest.mark.parametrize(
    "schema",
    [
        '{"properties": {"a": {"\\u0024ref": "file:///etc/passwd"}}}',
        '{"$id": "file:///etc/", "properties": {"a": {"$ref": "passwd"}}}',
        '{"allOf": [{"if": {"not": {"$ref": "file:///etc/passwd"}}}]}',
        '{"maximum": ' + "9" * 5000 + ', "properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        '\ufeff{"properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        '{"properties": {"a": {"$ref": "#/x"}}, "x": {"$ref": "file:///etc/passwd"}}',
        '{"properties": {"a": {"$ref": "#/const"}}, "const": {"$ref": "file:///etc/passwd"}}',
    ],
    ids=["escaped", "id", "nested", "long-number", "mark", "unknown-keyword", "data"],
)
def test_references_that_hide(engine: Helm, tmp_path: Path, warnings: list[str], schema: str) -> None:
    path = chart(tmp_path, {**ANY, SCHEMA: schema.encode()})
    assert "a: 1" in engine.template(Release(name="r", namespace="n", chart=path, values={"a": "x"}))
    assert "which isn't loaded" in warnings[0]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (b"{", "line 1, column 2"),
        (b"", "line 1, column 1"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "it isn't JSON"),
        (b'{"properties": {"\xff": {"$ref": "file:///etc/passwd"}}}', "it isn't UTF-8"),
        (b'{"enum": ["\\ud800"]}', "half of a surrogate pair"),
        (b'{"x": ' * 3000 + b'{"$ref": "file:///etc/passwd"}' + b"}" * 3000, "nested too deeply"),
        (b'{"minimum": NaN}', "NaN is no number"),
        (b'{"allOf": {"$ref": "file:///etc/passwd"}}', "a list has to be at #/allOf"),
        (b'{"properties": {"a": {"$ref": "file:///etc/passwd", "$ref": "#/x"}}}', "#/x, which isn't there"),
        (b"{} {}", "line 1, column 4"),
    ],
)
def test_a_schema_that_cannot_be_read_is_an_error(
    engine: Helm, tmp_path: Path, schema: bytes, reason: str
) -> None:
    path = chart(tmp_path, {**ANY, SCHEMA: schema})
    with pytest.raises(RenderError) as caught:
        engine.template(Release(name="r", namespace="n", chart=path, values={"a": "x"}))
    assert caught.value.what.startswith(f"{SCHEMA} of the chart shop can't be read: ")
    assert reason in caught.value.what


PACKED = "packed/Chart.yaml"
NAMED = "{apiVersion: v2, name: packed, version: 1.0.0}"


def pax(members: Mapping[str, bytes], *, name: str) -> bytes:
    """An archive that gives all its members another name, for those who heed global headers."""
    header = tarfile.TarInfo.create_pax_global_header({"path": name})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(header + buffer.getvalue())


def test_a_packed_dependency_has_the_names_that_helm_finds(
    engine: Helm, tmp_path: Path, site: WebServer, warnings: list[str]
) -> None:
    files = {
        PACKED: NAMED.encode(),
        "packed/templates/b.yaml": b"b: 2",
        f"packed/{SCHEMA}": referring(f"{site.url}/secret.json").encode(),
    }
    archive = pax(files, name="packed/README.md")
    path = chart(tmp_path, {**ANY, "charts/packed-1.0.0.tgz": archive})
    shown = engine.template(Release(name="r", namespace="n", chart=path, values={"packed": {"a": "x"}}))
    assert "b: 2" in shown
    assert f"charts/packed-1.0.0.tgz/{SCHEMA} of the chart shop" in warnings[0]
    assert not site.paths()


BLOCK = 512


@pytest.mark.parametrize("damage", ["header", "cut"])
def test_a_packed_dependency_is_read_to_its_end_or_not_at_all(
    engine: Helm, tmp_path: Path, damage: str
) -> None:
    """Python's reader takes a header that it can't read for the end."""
    archive = bytearray(gzip.decompress(pack({PACKED: NAMED, "packed/templates/b.yaml": "b: 2"})))
    second = 2 * BLOCK
    archive = archive[: second + 100] if damage == "cut" else archive
    archive[second] ^= 1
    path = chart(tmp_path, {**ANY, "charts/packed-1.0.0.tgz": gzip.compress(archive)})
    with pytest.raises(SourceError, match=r"charts/packed-1\.0\.0\.tgz isn't a usable chart archive"):
        engine.template(Release(name="r", namespace="n", chart=path, values={}))


def test_archives_within_archives_have_an_end(engine: Helm, tmp_path: Path) -> None:
    archive = pack({PACKED: NAMED})
    for _ in range(20):
        archive = pack({PACKED: NAMED, "packed/charts/a.tgz": archive})
    path = chart(tmp_path, {**ANY, "charts/a.tgz": archive})
    with pytest.raises(SourceError, match="a chart within a chart, 20 times over"):
        engine.template(Release(name="r", namespace="n", chart=path, values={}))


def test_archives_that_are_only_files_stay_as_they_are(engine: Helm, tmp_path: Path) -> None:
    """Helm loads those right below `charts/`, whose names begin with neither a dot nor an underscore."""
    files = {"files/a.tgz": b"text", "charts/_a.tgz": b"text", "charts/x/files/a.tgz": b"text"}
    plain = {"charts/x/Chart.yaml": "{apiVersion: v2, name: x, version: 1.0.0}", f"files/{SCHEMA}": "{"}
    text = f'a: {{{{ .Files.Get "files/a.tgz" }}}}{{{{ .Files.Get "files/{SCHEMA}" }}}}'
    path = chart(tmp_path, {**files, **plain, "templates/a.yaml": text})
    assert "a: text{" in engine.template(Release(name="r", namespace="n", chart=path, values={}))


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
    assert sorted(re.findall(r"against (\S+) of the chart shop", " ".join(warnings))) == [
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


OWN = "https://acme.example/shop/schema.json"
POSITIVE = {"type": "integer", "minimum": 1}
SELF_REFERRING = {
    "its address": {"$id": OWN, "$defs": {"n": POSITIVE}, "properties": {"a": {"$ref": f"{OWN}#/$defs/n"}}},
    "an embedded address": {
        "$id": OWN,
        "$defs": {"n": {"$id": "number.json", **POSITIVE}},
        "properties": {"a": {"$ref": "number.json"}},
    },
    "its file's name": {"$defs": {"n": POSITIVE}, "properties": {"a": {"$ref": f"{SCHEMA}#/$defs/n"}}},
    "an anchor": {"$defs": {"n": {"$anchor": "n", **POSITIVE}}, "properties": {"a": {"$ref": "#n"}}},
    "an anchor of old": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"$id": "#n", **POSITIVE}},
        "properties": {"a": {"$ref": "#n"}},
    },
    "the address of all drafts": {
        "$schema": "http://json-schema.org/schema#",
        "properties": {"a": POSITIVE},
    },
    "a draft's own schema": {
        "properties": {
            "a": {"allOf": [POSITIVE, {"not": {"$ref": "http://json-schema.org/draft-07/schema#"}}]}
        }
    },
    "data": {
        "properties": {
            "a": {**POSITIVE, "default": {"$ref": "x.json"}, "examples": [{"$id": 1, "$ref": "y"}]}
        },
        "not": {"const": {"$ref": "z"}},
    },
    "a recursive reference": {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$recursiveAnchor": True,
        "properties": {"a": POSITIVE, "b": {"$recursiveRef": "#"}},
    },
    "a dynamic reference": {
        "$defs": {"n": {"$dynamicAnchor": "n", **POSITIVE}},
        "properties": {"a": {"$dynamicRef": "#n"}},
    },
}


@pytest.mark.parametrize("schema", SELF_REFERRING.values(), ids=SELF_REFERRING.keys())
def test_a_schema_that_refers_to_itself_is_checked(
    engine: Helm, tmp_path: Path, warnings: list[str], schema: Mapping[str, Any]
) -> None:
    path = chart(tmp_path, {**ANY, SCHEMA: "\ufeff" + json.dumps(schema)})
    assert "a: 1" in engine.template(Release(name="r", namespace="n", chart=path, values={"a": 1}))
    with pytest.raises(RenderError, match="at '/a'"):
        engine.template(Release(name="r", namespace="n", chart=path, values={"a": 0}))
    assert not warnings
