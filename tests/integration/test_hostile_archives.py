"""Chart repositories and archives of an attacker's, against the real program."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping

import pytest

from support import registry
from support.charts import chart_files, pack, packed_chart
from support.packs import zeros
from support.siege import Siege, lay_siege
from support.webserver import Answer

pytestmark = [pytest.mark.siege, pytest.mark.samples]

CHART = {f"c/{path}": text for path, text in chart_files("c").items()}


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    pytest.importorskip("helm_python", reason="NOT TESTED HERE: no embedded Helm for this platform")
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        yield laid


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def with_(name: str, content: str | tarfile.TarInfo = "evil") -> bytes:
    """A chart with one more member."""
    return pack({**CHART, name: content})


def sparse(size: int) -> bytes:
    """A chart with a file that is all hole: GNU's format needs a header of 512 bytes for it."""
    info = member("c/hole", tarfile.GNUTYPE_SPARSE)
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[386:398], head[398:410] = b"%011o " % size, b"%011o " % 0
    head[483:495] = b"%011o " % size  # the real size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    plain = gzip.decompress(pack(CHART)).rstrip(b"\0")
    return gzip.compress(plain + bytes(-len(plain) % 512) + bytes(head) + bytes(1024))


def zeros_in_gzip(mebibytes: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        for piece in zeros(mebibytes * 2**20):
            stream.write(piece)
    return packed.getvalue()


ARCHIVES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "absolute": (lambda: with_("/etc/cron.d/evil"), "leads out of the chart"),
    "dots": (lambda: with_("../../evil"), "leads out of the chart"),
    "dots inside": (lambda: with_("c/templates/../../../evil"), "leads out of the chart"),
    "dots at the end": (lambda: with_("c/.."), "leads out of the chart"),
    "backslashes": (lambda: with_("c\\..\\..\\evil"), "leads out of the chart"),
    "drive": (lambda: with_("C:/evil"), "leads out of the chart"),
    "drive inside": (lambda: with_("c/C:/evil"), "leads out of the chart"),
    "long name": (lambda: with_("c/" + "x" * 300), "can't be written"),
    "long path": (lambda: with_("c/" + "x/" * 3000 + "y"), "can't be written"),
    "link": (lambda: with_("l", member("c/link", tarfile.SYMTYPE, "/etc/passwd")), "leads out"),
    "relative link": (lambda: with_("l", member("c/a/link", tarfile.SYMTYPE, "../../x")), "leads out"),
    "hard link": (lambda: with_("l", member("c/hard", tarfile.LNKTYPE, "/etc/passwd")), "leads out"),
    "hard link out": (lambda: with_("l", member("c/hard", tarfile.LNKTYPE, "../x")), "leads out"),
    "device": (lambda: with_("d", member("c/null", tarfile.CHRTYPE)), "device"),
    "disk": (lambda: with_("d", member("c/sda", tarfile.BLKTYPE)), "device"),
    "pipe": (lambda: with_("d", member("c/pipe", tarfile.FIFOTYPE)), "device"),
    "unknown kind": (lambda: with_("d", member("c/odd", b"Z")), "device"),
    "hole": (lambda: sparse(2**33), "holes"),
    "file and folder": (lambda: pack({**CHART, "c/a": "", "c/a/b": ""}), "a file and a folder at once"),
    "no gzip": (lambda: b"PK\3\4 a zip", "damaged"),
    "empty": (lambda: b"", "damaged"),
    "half": (lambda: packed_chart("c")[:150], "damaged"),
    "gzip of nothing": (lambda: gzip.compress(b""), "damaged"),
    "not tar": (lambda: gzip.compress(b"text" * 1000), "damaged"),
    "no chart": (lambda: pack({"c/values.yaml": ""}), r"no Chart\.yaml"),
    "chart on top": (lambda: pack({"Chart.yaml": "{}"}), "outside of the chart's folder"),
    "many files": (lambda: pack({f"c/{n}": "" for n in range(10_001)}), "too big for a chart"),
    "bomb": (lambda: zeros_in_gzip(120), "too big for a chart|damaged"),
    "bomb in gzip in gzip": (lambda: gzip.compress(zeros_in_gzip(120)), "damaged"),
}


def serve(siege: Siege, archive: bytes, *, name: str = "c") -> str:
    """The component file that asks for a chart of the attacker's repository, which serves this archive."""
    index = {"apiVersion": "v1", "entries": {name: [{"version": "1.0.0", "urls": ["c.tgz"]}]}}
    siege.stranger.answer("/charts/index.yaml", json.dumps(index).encode())
    siege.stranger.answer("/charts/c.tgz", archive)
    source = f"{siege.stranger.url}/charts"
    return json.dumps({"name": "cat", "type": "helm", "method": "helm", "source": source, "path": name})


@pytest.mark.parametrize("case", ARCHIVES)
def test_an_archive_from_a_repository(siege: Siege, case: str) -> None:
    make, words = ARCHIVES[case]
    siege.repel(serve(siege, make()), words)


@pytest.mark.parametrize(
    "case", [case for case in ARCHIVES if case not in ("empty", "half", "no gzip", "not tar")]
)
def test_an_archive_from_a_registry(siege: Siege, case: str) -> None:
    """Helm looks into it first, and has words of its own."""
    make, _ = ARCHIVES[case]
    with registry.serve() as server:
        source = server.add("acme/c", "1.0.0", make()).rpartition("/")[0]
        written = {
            "name": "cat",
            "type": "helm",
            "method": "helm",
            "source": source,
            "path": "c",
            "version": "1.0.0",
        }
        outcome = siege.attack(json.dumps(written))
    assert outcome.code == 1, outcome.log


def test_two_top_folders_are_one_chart(siege: Siege) -> None:
    """As for Helm; whatever the archive's folders are called, they all stand for the chart's."""
    archive = pack({**CHART, "d/templates/d.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: d}\n"})
    outcome = siege.attack(serve(siege, archive))
    assert outcome.code == 0, outcome.log
    assert "name: d" in siege.manifests.read("cat/cat.yaml")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../c", "isn't the name of a chart"),
        ("a/b", "isn't the name of a chart"),
        ("/etc/passwd", "isn't the name of a chart"),
        ("..", "has no chart"),
        ("%2e%2e%2fc", "has no chart"),
        ("c?x=y", "has no chart"),
        ("c#x", "has no chart"),
        ("--help", "has no chart"),
        ("c\nd", "has no chart"),
        ("c\\..\\d", "has no chart"),
    ],
)
def test_a_name_of_a_chart(siege: Siege, name: str, words: str) -> None:
    written = json.loads(serve(siege, packed_chart("c")))
    siege.repel(json.dumps({**written, "path": name}), words)


@pytest.mark.parametrize(
    "version", ["../1.0.0", "--devel", "1.0.0;touch CANARY", "v1@sha256:00", "x" * 1000, "*/../.."]
)
def test_a_version_of_a_chart(siege: Siege, version: str) -> None:
    written = json.loads(serve(siege, packed_chart("c")))
    siege.repel(json.dumps({**written, "version": version}), "isn't a version or a range")


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc",
        "file://../..",
        "/etc",
        "../..",
        "ftp://127.0.0.1/x",
        "git+https://127.0.0.1/x",
        "s3://bucket/x",
        "--repo=x",
        "@stable",
        "alias:stable",
        "ext::sh -c touch% x",
        "http://",
        "http://[",
        "http://[::1",
        "http://127.0.0.1:99999",
    ],
)
@pytest.mark.parametrize("where", ["component", "dependency"])
def test_an_address_of_charts(siege: Siege, where: str, source: str) -> None:
    written = {
        "name": "cat",
        "type": "helm",
        "method": "helm",
        "source": source,
        "path": "c",
        "version": "1.0.0",
    }
    dependency = {"name": "c", "version": "1.0.0", "repository": source}
    chart = {"apiVersion": "v2", "name": "own", "version": "1.0.0", "dependencies": [dependency]}
    if where == "component":
        outcome = siege.attack(json.dumps(written))
    else:
        component = json.dumps({"name": "cat", "type": "helm", "path": "chart"})
        outcome = siege.attack({"hld/component.yaml": component, "hld/chart/Chart.yaml": json.dumps(chart)})
    assert outcome.code == 1, outcome.log


@pytest.mark.parametrize(
    "source",
    [
        "oci://",
        "oci://[",
        "oci://[/x",
        "oci:///etc",
        "oci://../..",
        "oci://--help/x",
        "oci://127.0.0.1:x/y",
        "oci://127.0.0.1:1/../..",
        "oci://127.0.0.1:1/x?y#z",
        "oci://127.0.0.1:1/x y",
        "oci://127.0.0.1:1/x\ny",
        "oci://127.0.0.1:1/UPPER",
        "oci://127.0.0.1:1/x:1.0.0",
        "oci://127.0.0.1:1/x@sha256:00",
        "oci://127.0.0.1:1/x\\..\\y",
    ],
)
@pytest.mark.parametrize("chart", ["c", "../c"])
def test_an_address_of_a_registry(siege: Siege, source: str, chart: str) -> None:
    written = {"name": "cat", "type": "helm", "method": "helm", "source": source, "path": chart}
    siege.repel(json.dumps(written), "can't be the address of a chart in a registry")


@pytest.mark.parametrize("source", ["oci://user:pass@", "oci://user:pass@127.0.0.1:1/x"])
def test_an_address_with_a_credential(siege: Siege, source: str) -> None:
    written = {"name": "cat", "type": "helm", "method": "helm", "source": source, "path": "c"}
    siege.repel(json.dumps(written), "is written with a credential")


def test_a_registry_where_machines_get_credentials(siege: Siege) -> None:
    source = "oci://169.254.169.254/latest"
    written = {
        "name": "cat",
        "type": "helm",
        "method": "helm",
        "source": source,
        "path": "c",
        "version": "1.0.0",
    }
    siege.repel(json.dumps(written), "where machines get credentials")


@pytest.mark.parametrize(
    "path",
    [
        "../../..",
        "../../../../../../etc",
        "/etc",
        "//etc",
        "%2e%2e/%2e%2e/%2e%2e",
        "..%2f..%2f..",
        "../../../../../../proc/self",
        "localhost/etc",
        "~",
        "../chart",
        ".",
        "",
    ],
)
def test_a_dependency_in_a_folder(siege: Siege, path: str) -> None:
    dependency = {"name": "c", "version": "1.0.0", "repository": f"file://{path}"}
    chart = {"apiVersion": "v2", "name": "own", "version": "1.0.0", "dependencies": [dependency]}
    component = json.dumps({"name": "cat", "type": "helm", "path": "chart"})
    siege.repel(
        {"hld/component.yaml": component, "hld/chart/Chart.yaml": json.dumps(chart)},
        "leads out of its repository|isn't there|on this chart itself|holds no chart",
    )


INDEXES: Mapping[str, tuple[bytes, str]] = {
    "a page": (b"<html>Please log in</html>", "is damaged"),
    "a list": (b"[]", "is damaged"),
    "deep": (b"entries: " + b"[" * 100_000, "is damaged"),
    "deep maps": (b"entries: {c: " + b"{a: " * 50_000, "is damaged"),
    "aliases": (
        b"a: &a [x,x]\nb: &b [*a,*a]\nentries: {c: [{version: 1.0.0, urls: *b}]}\n",
        "is damaged|no web",
    ),
    "many charts": (
        b"apiVersion: v1\nentries:\n" + b"".join(b"  x%d: []\n" % n for n in range(100_000)),
        "has no chart",
    ),
    "a long name": (b"apiVersion: v1\nentries:\n  " + b"x" * 10**7 + b": []\n", "has no chart|is damaged"),
    "binary": (bytes(range(256)) * 1000, "is damaged"),
}


@pytest.mark.parametrize("case", INDEXES)
def test_an_index(siege: Siege, case: str) -> None:
    index, words = INDEXES[case]
    written = serve(siege, b"")
    siege.stranger.answer("/charts/index.yaml", index)
    siege.repel(written, words)


@pytest.mark.parametrize("path", ["/charts/index.yaml", "/charts/c.tgz"])
def test_an_answer_that_unpacks_to_gigabytes(siege: Siege, path: str) -> None:
    """`Content-Encoding: gzip`, once around an index, once around an archive: there it isn't undone."""
    written = serve(siege, packed_chart("c"))
    siege.stranger.answer(path, Answer(body=zeros_in_gzip(210), headers={"Content-Encoding": "gzip"}))
    siege.repel(written, "is larger than 200 MiB|too big for a chart|damaged")
