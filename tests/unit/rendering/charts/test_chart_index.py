from __future__ import annotations

import json
import textwrap
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.charts import chart_index
from promotion.rendering.charts.chart_index import ChartIndex, ChartVersion, IndexLayoutError

INDEX = """
apiVersion: v1
entries:
  cache:
  - apiVersion: v2
    created: "2020-11-04T12:00:00Z"
    dependencies:
    - name: common
      version: 9.9.9
    description: |-
      A cache.
      version: 6.6.6

      cachet:
    digest: abababababababababababababababababababababababababababababababab
    name: cache
    urls:
    - cache-1.10.tgz
    - https://mirror.example/cache-1.10.tgz
    version: "1.10"
  - name: cache
    urls:
    - cache-1.9.0.tgz
    version: 1.9.0
  cache-proxy:
  - name: cache-proxy
    urls:
    - cache-proxy-0.1.0.tgz
    version: 0.1.0
  "404":
  - name: "404"
    urls: []
    version: 1.0.0
generated: "2020-11-04T12:00:00Z"
"""


def versions(index: str | bytes, chart: str) -> list[str] | None:
    listing = ChartIndex(index.encode() if isinstance(index, str) else index).find(chart)
    return listing.versions if listing else None


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole index may not be read."""

    def refuse(data: bytes) -> None:
        raise AssertionError("the whole index was read")

    monkeypatch.setattr(chart_index, "_read_entries", refuse)


@pytest.mark.usefixtures("never_whole")
class TestHelmsLayout:
    def test_versions_in_order(self) -> None:
        assert versions(INDEX, "cache") == ["1.10", "1.9.0"]

    def test_details_of_one_version(self) -> None:
        listing = ChartIndex(INDEX.encode()).find("cache")
        assert listing
        assert listing.find("1.10") == ChartVersion(
            version="1.10",
            urls=("cache-1.10.tgz", "https://mirror.example/cache-1.10.tgz"),
            digest="ab" * 32,
        )

    @pytest.mark.parametrize(
        "chart", ["cachet", "cach", "common", "version", "urls", "", "c.che", "generated"]
    )
    def test_no_such_chart(self, chart: str) -> None:
        assert versions(INDEX, chart) is None

    def test_name_that_needs_quotes(self) -> None:
        assert versions(INDEX, "404") == ["1.0.0"]

    def test_names(self) -> None:
        assert ChartIndex(INDEX.encode()).charts() == ["cache", "cache-proxy", "404"]

    def test_entries_at_the_end(self) -> None:
        start = INDEX.index("apiVersion"), INDEX.index("generated")
        assert versions(INDEX[: start[1]], "404") == ["1.0.0"]

    def test_windows_line_ends(self) -> None:
        assert versions(INDEX.replace("\n", "\r\n"), "cache") == ["1.10", "1.9.0"]

    def test_wider_indentation(self) -> None:
        head, entries = INDEX.split("entries:\n")
        entries, tail = entries.split("generated")
        text = f"{head}entries:\n{textwrap.indent(entries, '  ')}generated{tail}"
        assert versions(text, "cache") == ["1.10", "1.9.0"]

    def test_items_indented_below_their_chart(self) -> None:
        items = "    - name: cache\n      version: 1.0.0\n    - version: 0.9.0\n"
        assert versions(f"apiVersion: v1\nentries:\n  cache:\n{items}", "cache") == ["1.0.0", "0.9.0"]


class TestOtherLayouts:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(json.dumps(yaml.safe_load(INDEX)), id="JSON"),
            pytest.param(json.dumps(yaml.safe_load(INDEX), indent=4), id="indented JSON"),
            pytest.param(yaml.safe_dump(yaml.safe_load(INDEX)), id="PyYAML's own"),
            pytest.param(INDEX.replace("  - name: cache\n", "  -\n    name: cache\n"), id="lonely dash"),
            pytest.param(
                INDEX.replace("  - name: cache\n    urls", "  -   version: 1.9.0\n      urls").replace(
                    "    - cache-1.9.0.tgz\n    version: 1.9.0\n", "      - cache-1.9.0.tgz\n"
                ),
                id="uneven dashes",
            ),
            pytest.param(yaml.safe_dump(yaml.safe_load(INDEX), default_flow_style=True), id="flow"),
            pytest.param(yaml.safe_dump(yaml.safe_load(INDEX), default_flow_style=None), id="half flow"),
            pytest.param(yaml.safe_dump(yaml.safe_load(INDEX), default_style='"'), id="all quoted"),
            pytest.param(yaml.safe_dump(yaml.safe_load(INDEX), explicit_start=True, indent=8), id="wide"),
            pytest.param(
                "# comment\n" + INDEX.replace("\n  cache:", "\n  # cache:\n  cache: # it"), id="comments"
            ),
            pytest.param(INDEX.replace('version: "1.10"', "version: &v !!str 1.10"), id="tags and anchors"),
        ],
    )
    def test_are_read_whole(self, text: str) -> None:
        assert versions(text, "cache") == ["1.10", "1.9.0"]
        assert versions(text, "nothing") is None
        listing = ChartIndex(text.encode()).find("cache")
        assert listing
        assert listing.find("1.10").urls[0] == "cache-1.10.tgz"
        assert sorted(ChartIndex(text.encode()).charts()) == ["404", "cache", "cache-proxy"]

    @pytest.mark.parametrize(
        "text", ["apiVersion: v1\nentries: {}\n", "apiVersion: v1\nentries:\n", "apiVersion: v1\n"]
    )
    def test_nothing_in_it(self, text: str) -> None:
        assert versions(text, "cache") is None
        assert ChartIndex(text.encode()).charts() == []

    def test_chart_without_versions(self) -> None:
        assert versions("apiVersion: v1\nentries:\n  cache: []\n", "cache") == []
        assert versions("apiVersion: v1\nentries:\n  cache:\n  other: []\n", "cache") == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<html>Please log in</html>",
            "entries: {}",
            "[]",
            "{",
            '{"apiVersion": "v1", "entries": [1]}',
            "apiVersion: v1\nentries:\n  cache: 1\n",
            "apiVersion: v1\nentries:\n  cache: [a]\n",
            "apiVersion: v1\nentries:\n  cache:\n  - version: 1.0.0\n    urls: x\n",
            "apiVersion: v1\nentries:\n  cache:\n  - version: 1.0.0\n    urls: [[x]]\n",
            "apiVersion: v1\nentries:\n  cache:\n  - version: 1.0.0\n    digest: [x]\n",
            "a: &a [*a]\n",
            "[" * 100_000,
            '{"a":' * 100_000,
            "? - - - " * 50_000,
            "apiVersion: v1\nentries:\n  - name: cache\n    version: 1.0.0\n",
        ],
        ids=lambda text: text[:30],
    )
    def test_no_index(self, text: str) -> None:
        with pytest.raises(IndexLayoutError):
            listing = ChartIndex(text.encode()).find("cache")
            assert listing
            listing.find("1.0.0")

    def test_bytes_that_are_no_text(self) -> None:
        with pytest.raises(IndexLayoutError):
            versions(b"apiVersion: v1\nentries: {cache: [{version: \xff\xfe}]}\n", "cache")


names = st.text("abx-019.", min_size=1, max_size=5).filter(
    lambda name: name[0] not in "-." and name[-1] not in "-."
)
charts = st.fixed_dictionaries(
    {"version": st.sampled_from(["1.0.0", "1.10", "2.0.0-rc.1", "1e3"]), "urls": st.just(["a.tgz"])},
    optional={
        "description": st.text("ab: -#'\"\n\t|>", max_size=30),
        "keywords": st.lists(st.text("ab:- #", max_size=8), max_size=3),
        "annotations": st.dictionaries(
            st.sampled_from(["version", "urls", "note"]), st.text("ab\n: -", max_size=20)
        ),
    },
)


@given(st.dictionaries(names, st.lists(charts, max_size=3), max_size=5), names)
def test_cutting_gives_what_reading_gives(entries: dict[str, list[dict[str, object]]], other: str) -> None:
    text = yaml.safe_dump({"apiVersion": "v1", "entries": entries, "generated": "x"}, allow_unicode=True)
    for chart in {*entries, other}:
        expected = [item["version"] for item in entries[chart]] if chart in entries else None
        assert versions(text, chart) == expected


class TestSpeed:
    """An index of 20 MB takes less time to search than 0.4 s; reading it all takes seconds."""

    ITEM = """\
  - annotations:
      category: Infrastructure
      images: |
        - name: apache
          image: docker.io/example/apache:2.4.{v}-debian-11-r0
    apiVersion: v2
    appVersion: 2.4.{v}
    created: "2024-01-01T00:00:00.000000000Z"
    dependencies:
    - name: common
      repository: oci://registry-1.docker.io/example
      tags:
      - common
      version: 2.x.x
    description: Apache is an open-source server. The goal of this project is to provide
      a secure, efficient and extensible server that provides services in sync with
      the current standards.
    digest: 3e36d877a65a554f711a64b160a2fff906a8bdc5fcbd2ac3f5b10e77ec3dc862
    home: https://example.com
    keywords:
    - apache
    - http
    name: chart-{c}
    sources:
    - https://github.com/example/charts/tree/main/example/apache
    urls:
    - https://charts.example.com/chart-{c}-1.{v}.0.tgz
    version: 1.{v}.0
"""

    def index(self, charts: int, versions: int) -> bytes:
        rows = ["apiVersion: v1\nentries:\n"]
        for c in range(charts):
            rows.append(f"  chart-{c}:\n")
            rows += [self.ITEM.format(c=c, v=v) for v in range(versions, 0, -1)]
        return "".join([*rows, 'generated: "2024-01-01T00:00:00Z"\n']).encode()

    @pytest.mark.parametrize(("charts", "versions"), [(100, 225), (1, 22_500)])
    def test_twenty_megabytes(self, charts: int, versions: int) -> None:
        data = self.index(charts, versions)
        assert len(data) > 20_000_000
        start = time.process_time()
        listing = ChartIndex(data).find(f"chart-{charts - 1}")
        assert listing
        assert len(listing.versions) == versions
        assert listing.find("1.7.0").urls == (f"https://charts.example.com/chart-{charts - 1}-1.7.0.tgz",)
        assert time.process_time() - start < 0.4 * 3  # room for a busy machine

    def test_no_such_chart(self) -> None:
        data = self.index(100, 210)
        start = time.process_time()
        assert ChartIndex(data).find("nothing") is None
        assert time.process_time() - start < 0.4 * 3
