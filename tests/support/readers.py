"""The readers of all files that others write, as functions of bytes, and files to start from."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from promotion.commands.guard.guard_event import parse_event
from promotion.common.event import choose_environment
from promotion.common.promotion_rules.rules_file import parse_rules
from promotion.edges.actions_runner import read_event
from promotion.errors import Location, PromotionError
from promotion.rendering.charts import chart_metadata
from promotion.rendering.charts.chart_index import ChartIndex, IndexLayoutError
from promotion.rendering.charts.chart_versions import choose_version, parse_constraint
from promotion.rendering.charts.helmignore import parse_helmignore
from promotion.rendering.charts.release_manifest import values_text
from promotion.rendering.charts.values_schema import ForeignSchemaError, UnreadableSchemaError, close_schema
from promotion.rendering.definition.component_file import parse_access, parse_component, parse_config
from promotion.rendering.definition.config_layers import merge
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.fab import fab_output
from promotion.rendering.lock.lock_file import dumps, parse_lock
from promotion.rendering.manifests import file_joining as joining
from promotion.rendering.manifests import manifest_file as manifest
from promotion.rendering.manifests.manifest_file import ManifestFile
from promotion.rendering.manifests.resources import list_resources, parse_documents
from promotion.rendering.model import Folder
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemoryFetcher, MemorySnapshot

ROOT = Path(__file__).parents[2]
WHERE = Location("file")


def read_component(data: bytes) -> None:
    parse_component(data, WHERE, json=False)


def read_component_json(data: bytes) -> None:
    parse_component(data, WHERE, json=True)


def read_config(data: bytes) -> None:
    config = parse_config(data, WHERE, json=False)
    values_text(merge(config, parse_config(SEEDS["config"][0], WHERE, json=False)).values)


def read_config_json(data: bytes) -> None:
    values_text(parse_config(data, WHERE, json=True).values)


def read_access(data: bytes) -> None:
    parse_access(data, WHERE)


def read_definition(data: bytes) -> None:
    """A whole definition, with the file as its component file, one of its configs, and access.yaml."""
    usual = {"component.yaml": SEEDS["component"][0], "config/common.yaml": SEEDS["config"][0]}
    for name in ("component.yaml", "config/common.yaml", "access.yaml", "sub/component.yaml"):
        snapshot = MemorySnapshot({"sub/component.yaml": "name: sub", "manifests/a.yaml": "kind: A"})
        snapshot.files |= {**usual, name: data}
        _allow(lambda snapshot=snapshot: _resolve(snapshot))


def _resolve(snapshot: MemorySnapshot) -> None:
    resolve_definition(
        Folder(LocalSource()), snapshot, ["prod", "common"], fetcher=MemoryFetcher(), environment={}
    )


def read_lock(data: bytes) -> None:
    dumps(parse_lock(data, WHERE))


def read_rules(data: bytes) -> None:
    parse_rules(data.decode("utf-8", "replace"), "rules")


def read_index(data: bytes) -> None:
    index = ChartIndex(data)
    for name in index.charts()[:5]:
        listing = index.find(name)
        if listing:
            wanted = choose_version(listing.versions, ">=0")
            listing.find(wanted if wanted is not None else listing.versions[0]) if listing.versions else None


def read_chart(data: bytes) -> None:
    files = {"Chart.yaml": (data, WHERE), "Chart.lock": (data, WHERE)}
    metadata = chart_metadata.parse_metadata(files)
    lock = chart_metadata.parse_chart_lock(files)
    assert lock
    chart_metadata.is_in_sync(metadata, lock)
    for dependency in metadata.dependencies:
        read_constraint(dependency.version.encode("utf-8", "surrogatepass"))


def read_static(data: bytes) -> None:
    for name in ("a.yaml", "a.json"):
        _allow(lambda name=name: _look_at(joining.join([ManifestFile(where=Location(name), data=data)])))


def read_helms_output(data: bytes) -> None:
    text = manifest.clean(data.decode("utf-8", "replace"))
    _look_at(text.encode())
    _look_at(manifest.inject_namespace(text, "team-a").encode())


def read_fabs_output(data: bytes) -> None:
    cleaned = fab_output.clean_manifest(data)
    fab_output.check_manifest(cleaned.manifest, "a.yaml", "a")


def _look_at(rendered: bytes) -> None:
    """All that a run asks of a manifest."""
    list_resources(rendered)
    for document in parse_documents(rendered):
        document.shown(document)
        for described in document.described:
            described.content, described.images  # noqa: B018


def read_helmignore(data: bytes) -> None:
    with contextlib.suppress(ValueError):  # so it says that a text is malformed
        is_ignored = parse_helmignore(data.decode("utf-8", "replace"))
        for path in ("a/b.yaml", "values.yaml", ".git", "x" * 50):
            is_ignored(path, False)


def read_constraint(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):  # so it says that a text is malformed
        parse_constraint(text)
        choose_version(["1.2.3", "2.0.0-beta.1", text, text[:9]], text)


def read_schema(data: bytes) -> None:
    with contextlib.suppress(ForeignSchemaError, UnreadableSchemaError):
        close_schema(data)


KNOWN = {"dev": "dev", "prod": "prod"}


def read_events(data: bytes, folder: Path = Path()) -> None:
    path = folder / "event.json"
    path.write_bytes(data)
    for name in ("push", "repository_dispatch", "workflow_dispatch", "pull_request", "merge_group"):
        variables = {"GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": name}
        event = read_event(variables)
        _allow(lambda event=event: choose_environment("", event, KNOWN))
        _allow(lambda event=event, name=name: parse_event(name, event.payload))


def _allow(job: Callable[[], object]) -> None:
    with contextlib.suppress(*ALLOWED):
        job()


ALLOWED = (PromotionError, IndexLayoutError)


def _files(*patterns: str) -> list[bytes]:
    found = [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    assert found, patterns
    return found


def _as_json(seeds: list[bytes]) -> list[bytes]:
    return [json.dumps(yaml.safe_load(seed), default=str).encode() for seed in seeds]


SEEDS: dict[str, list[bytes]] = {
    "component": _files("tests/fuzz/seeds/component.yaml", "examples/estate/**/component.yaml"),
    "config": _files("tests/fuzz/seeds/config.yaml", "examples/estate/**/config/*.yaml"),
    "access": _files("tests/fuzz/seeds/access.yaml"),
    "lock": _files("tests/fuzz/seeds/promotion.lock"),
    "rules": _files("tests/fuzz/seeds/rules.yaml"),
    "event": _files("tests/payloads/*.json"),
    "index": _files("tests/fuzz/seeds/index.yaml"),
    "chart": _files("tests/fuzz/seeds/chart.yaml", "tests/charts/**/Chart.yaml"),
    "manifest": _files("tests/fuzz/seeds/manifest.yaml", "examples/estate/**/manifests/*.yaml"),
    "helmignore": _files("tests/fuzz/seeds/helmignore.txt"),
    "constraint": _files("tests/fuzz/seeds/constraint-*.txt"),
    "schema": _files("tests/fuzz/seeds/schema.json", "tests/charts/**/values.schema.json"),
}
SEEDS |= {f"{name} in JSON": _as_json(SEEDS[name]) for name in ("component", "config")}
READERS: Mapping[Callable[[bytes], None], str] = {
    read_component: "component",
    read_component_json: "component in JSON",
    read_config: "config",
    read_config_json: "config in JSON",
    read_definition: "component",
    read_access: "access",
    read_lock: "lock",
    read_rules: "rules",
    read_events: "event",
    read_index: "index",
    read_chart: "chart",
    read_static: "manifest",
    read_helms_output: "manifest",
    read_fabs_output: "manifest",
    read_helmignore: "helmignore",
    read_constraint: "constraint",
    read_schema: "schema",
}


def read(reader: Callable[..., None], data: bytes, folder: Path) -> None:
    reader(data, folder) if reader is read_events else reader(data)
