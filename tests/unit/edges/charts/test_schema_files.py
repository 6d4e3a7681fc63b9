"""What is looked at in a chart before Helm gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promotion.edges.charts.schema_files import seal
from promotion.errors import SourceError
from promotion.rendering.model import Release
from support.charts import chart_files, pack, write_files

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"


def read(chart: Path, scratch: Path) -> None:
    with seal(Release(name="r", namespace="n", chart=chart, values={}), scratch, pytest.fail):
        pass


@pytest.mark.parametrize(
    "path",
    [
        *("values.yaml", "values.schema.json", "Chart.lock", ".helmignore", "crds/a.yaml"),
        *("templates/a.yaml", "templates/sub/_helpers.tpl"),
        *("charts/in/Chart.yaml", "charts/in/charts/deep/templates/a.yaml"),
    ],
)
def test_a_pointer_of_lfs_is_no_file_of_a_chart(tmp_path: Path, path: str) -> None:
    """A template or a helper would silently be something else."""
    chart = write_files(tmp_path / "shop", {**chart_files("shop"), path: POINTER})
    with pytest.raises(SourceError, match=rf"^{path} of the chart shop: this is a pointer of Git LFS"):
        read(chart, tmp_path)


def test_a_pointer_of_lfs_in_a_packed_dependency(tmp_path: Path) -> None:
    chart = write_files(tmp_path / "shop", {**chart_files("shop"), "charts/README": ""})
    (chart / "charts/in-1.tgz").write_bytes(pack({"in/Chart.yaml": "", "in/templates/a.yaml": POINTER}))
    with pytest.raises(
        SourceError, match=r"^charts/in-1\.tgz/templates/a\.yaml of the chart shop: this is a"
    ):
        read(chart, tmp_path)


@pytest.mark.parametrize("path", ["README.md", "docs/logo.png", "templates.md", "charts/in/logo.png"])
def test_what_helm_reads_for_no_chart_may_be_in_lfs(tmp_path: Path, path: str) -> None:
    read(write_files(tmp_path / "shop", {**chart_files("shop"), path: POINTER}), tmp_path)
