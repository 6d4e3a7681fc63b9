"""What is changed in a chart, and what isn't."""

from __future__ import annotations

from pathlib import Path

from promotion.edges.charts.additions import add_templates
from promotion.edges.charts.chart_archive import read_files
from support.charts import pack

SCHEMA = '{"enum":["{{ .Capabilities.KubeVersion }}"]}'
TEMPLATE = "a: {{ .Capabilities.KubeVersion }}"


def test_a_schema_stays_as_it_is(tmp_path: Path) -> None:
    """Its texts are data, and no template's."""
    chart = tmp_path / "shop"
    (chart / "charts").mkdir(parents=True)
    (chart / "values.schema.json").write_text(SCHEMA)
    (chart / "a.yaml").write_text(TEMPLATE)
    inner = {"in/values.schema.json": SCHEMA, "in/a.yaml": TEMPLATE}
    (chart / "charts/in.tgz").write_bytes(pack(inner))
    with add_templates(chart, tmp_path, shown=1, values="APIVersions") as copy:
        assert (copy / "a.yaml").read_text() != TEMPLATE
        assert (copy / "values.schema.json").read_text() == SCHEMA
        packed = dict(read_files((copy / "charts/in.tgz").read_bytes(), "in.tgz"))
    assert packed["a.yaml"].decode() != TEMPLATE
    assert packed["values.schema.json"].decode() == SCHEMA
