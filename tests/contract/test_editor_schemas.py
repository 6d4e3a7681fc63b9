"""The published schemas of files that people write accept what the program does, and nothing else.

What a schema can't say is listed in docs/setup.md#schemas-for-editors; the documents here have none of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from promotion.commands.init.inputs import SetupRequest
from promotion.commands.init.ownership_template import ownership_file
from promotion.commands.init.workflow_templates import rules_file
from promotion.commands.matrix.clusters_file import parse_clusters
from promotion.common.promotion_rules.rules_file import parse_rules
from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.component_file import parse_component
from promotion.rendering.definition.source_paths import SourcePaths
from promotion.rendering.model import Definition
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_kinds import find_kind

ROOT = Path(__file__).parents[2]
SCHEMAS, EXAMPLES = ROOT / "schemas", ROOT / "examples"
WHERE = Location("written.yml")
ODD = (None, True, False, 0, 7, 1.5, -1, "", " ", [], {}, [None], ["x"], {"x": "y"}, [["x"]], "x\ny")
BRANCHES = [
    *("stage", "release/*", "release/**/v?", "acme:dev", "acme[bot]:dev", " stage ", "a.b", "a@b", "1.10"),
    *("@", "-x", ".x", "/x", "x/", "x.", "a..b", "a//b", "a/.b", "x.lock", "x.lock/y", "x.locks", "a@{b"),
    *("a b", "a~1", "a^", "a:b:c", ":x", "a[b]", "a\\b", "***", "\u00a0x", "\u00a0-x", "\u00e4", "a***b"),
]
FOLDERS = [
    *(".", "", " ", "edge", "a/b/", "./a//b", "{environment}/x", "/x", " /x", "..", "a/../b", "a/..", "..a"),
    *("a\\b", "a\tb", ".git", "a/.GIT/x", ".git. /x", ".git:x", "git~1", ".github", "x.git", "a b", ".git "),
    *("../ ", "a/ ..", "a/.. /b", "a\nb"),
]
Make = Callable[[Random], Any]


def pick(random: Random, *values: Any, odd: float = 0.05) -> Any:
    """One of some values; now and then anything else, and a call gives its result."""
    value = random.choice(ODD if random.random() < odd else values)
    return value(random) if callable(value) else value


def make_map(random: Random, fields: dict[str, Make], *, whole: float) -> dict[str, Any]:
    """A map with each field at some probability, and seldom an unknown one."""
    made = {name: make(random) for name, make in fields.items() if random.random() < whole}
    return made | ({"other": pick(random, "x")} if random.random() < 0.04 else {})


def one_or_list(random: Random, make: Make) -> Any:
    return make(random) if random.random() < 0.4 else [make(random) for _ in range(random.randrange(4))]


def make_branch(random: Random) -> Any:
    return pick(random, *BRANCHES[:9], *([random.choice(BRANCHES)] if random.random() < 0.4 else []))


def make_source(random: Random) -> Any:
    if random.random() < 0.7:
        return make_branch(random)
    fields: dict[str, Make] = {
        "branch": lambda r: make_source(r) if r.random() < 0.1 else make_branch(r),
        "require-ancestry": lambda r: pick(r, True, False),
    }
    return make_map(random, fields, whole=0.85)


def make_bypass(random: Random) -> Any:
    logins = ("ada", "acme-bot[bot]", "a_b", 42, " ada ", "@ada", "a b", "-x", "bot[x]")
    days = ("2027-01-31", "never", " never ", "2027-13-01", "2027-1-1", "forever", "2027-00-10", "2027-01-32")
    fields: dict[str, Make] = {
        "actors": lambda r: one_or_list(r, lambda s: pick(s, *logins)),
        "reason": lambda r: pick(r, "on call", 5),
        "until": lambda r: pick(r, *days),
    }
    return make_map(random, fields, whole=0.95)


def make_rules(random: Random) -> Any:
    def make_rule(random: Random) -> Any:
        if random.random() < 0.4:
            return one_or_list(random, make_source)
        fields: dict[str, Make] = {
            "from": lambda r: one_or_list(r, make_source),
            "merge-method": lambda r: pick(r, "merge", "squash", "rebase", "fast"),
            "require-ancestry": lambda r: pick(r, True, False, "true"),
            "bypass": lambda r: one_or_list(r, make_bypass),
        }
        return make_map(random, fields, whole=0.6)

    targets = ["Target", *BRANCHES] if random.random() < 0.3 else ["Target", "Other/x", "main-2"]
    return pick(random, lambda r: {r.choice(targets): make_rule(r) for _ in range(r.randrange(3))}, odd=0.02)


def make_clusters(random: Random) -> Any:
    words = ("{environment}", "prod", "a-b", 8, 1.5, True, "a b", "a,b", "")
    fields: dict[str, Make] = {
        "configs": lambda r: one_or_list(r, lambda s: pick(s, *words)),
        "hld-path": lambda r: pick(r, *FOLDERS),
        "manifest-path": lambda r: pick(r, *FOLDERS),
        "environments": lambda r: one_or_list(r, lambda s: pick(s, *words)),
    }
    names = ("east", "1.10", "a_b.c", "East-1", "a b", "-x", "x-", "", "a/b", "x\n")

    def make_cluster(random: Random) -> Any:
        return None if random.random() < 0.1 else make_map(random, fields, whole=0.4)

    return pick(
        random,
        lambda r: {r.choice(names[: r.choice((4, 10))]): make_cluster(r) for _ in range(r.randrange(1, 3))},
        odd=0.04,
    )


def make_component(random: Random) -> Any:
    texts: tuple[Any, ...] = ("x", "https://example.com/x", 1.10, 7, True, None, "")
    kinds = ("component", "helm", "static", "", None, "Helm", "kustomize", 5)
    phases = ("before-install", "after-generate", "after-lunch")
    fields: dict[str, Make] = {
        **dict.fromkeys(("name", "source", "path", "branch", "version"), lambda r: pick(r, *texts, odd=0.02)),
        "type": lambda r: pick(r, *kinds[:3], *kinds, odd=0.02),
        "method": lambda r: pick(r, "git", "helm", "http", "local", "HTTP", "Git", "", None, odd=0.02),
    }

    def make_hooks(random: Random) -> Any:
        def make_commands(random: Random) -> Any:
            return [pick(random, "make", 5, None, True, odd=0.02) for _ in range(2)]

        return {
            phase: pick(random, make_commands, None, odd=0.03) for phase in phases if random.random() < 0.4
        }

    made = make_map(random, fields, whole=0.5)
    if random.random() < 0.2:
        made["generator"] = pick(random, *kinds, odd=0.02)
    if random.random() < 0.15:
        made["hooks"] = pick(random, make_hooks, make_hooks, make_hooks, None)
    if random.random() < 0.35:
        made["subcomponents"] = pick(
            random, lambda r: [make_component(r) for _ in range(r.randrange(3))], None
        )
    return pick(random, made, odd=0.02)


def read_rules(data: bytes) -> None:
    parse_rules(data.decode(), WHERE.file)


def read_clusters(data: bytes) -> None:
    parse_clusters(data, WHERE)


def read_component(data: bytes) -> None:
    """Read a file as a run does, with what it says of the type and method of each component."""
    for definition in list_definitions(parse_component(data, WHERE, json=False)):
        SourcePaths(reader=None).check(definition)  # type: ignore[arg-type]
        kind = find_kind(definition.method, definition.type)
        if kind in (GitSource, ChartSource):
            kind.from_definition(definition, "")


def list_definitions(definition: Definition) -> Iterator[Definition]:
    yield definition
    for below in definition.subcomponents:
        yield from list_definitions(below)


@pytest.mark.parametrize(
    ("name", "make", "read"),
    [
        ("promotion-rules", make_rules, read_rules),
        ("promotion-clusters", make_clusters, read_clusters),
        ("component", make_component, read_component),
    ],
)
def test_the_schema_accepts_what_the_parser_accepts(
    name: str, make: Make, read: Callable[[bytes], None]
) -> None:
    """Documents are written as JSON, which is YAML, too."""
    validator = Draft7Validator(load(name))
    accepted = 0
    for seed in range(1000):
        document = make(Random(seed))  # noqa: S311
        text = json.dumps(document, ensure_ascii=False)
        try:
            read(text.encode())
            reason = ""
        except DefinitionError as error:
            reason = str(error)
        if "names itself as its source" in reason:
            continue  # no schema compares a key with what stands below it
        assert validator.is_valid(document) == (not reason), f"seed {seed}: {text}: {reason or 'accepted'}"
        accepted += not reason
    assert 150 < accepted < 850


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: path.name)
def test_an_editor_understands_it(path: Path) -> None:
    """It is draft 7, the newest that editors support widely, and says what each property is for.

    https://github.com/SchemaStore/schemastore/blob/master/CONTRIBUTING.md#best-practices; version 1.19 of
    yaml-language-server "supports JSON Schema 7 and below".
    """
    schema = load(path.name.removesuffix(".schema.json"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)
    for part in list_parts(schema):
        assert "$ref" not in part or len(part) == 1, f"draft 7 ignores what stands beside $ref: {part}"
        if "object" in part.get("type", ()):
            for name, value in part.get("properties", {}).items():
                assert is_described(schema, value), name


def test_what_init_writes_and_the_examples_are_right_by_their_schemas() -> None:
    request = SetupRequest(
        kind="hld",
        hld="acme/cluster-hld",
        manifests="acme/cluster-manifests",
        action="acme/gitops-promotion",
        version="v1",
        environments={"dev": "dev", "stage": "stage", "1.10": "prod"},
    )
    clusters = (EXAMPLES / "promotion-clusters.yml").read_text("utf-8")
    for text in (rules_file(request), ownership_file(request), clusters):
        address = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        folder, _, name = address.rpartition("/")
        assert folder == "https://raw.githubusercontent.com/acme/gitops-promotion/v1/schemas"
        Draft7Validator(load(name.removesuffix(".schema.json"))).validate(yaml.safe_load(text))
    components = sorted((EXAMPLES / "estate").rglob("component.yaml"))
    assert len(components) > 3
    for component in components:
        Draft7Validator(load("component")).validate(yaml.safe_load(component.read_text("utf-8")))


def is_described(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    if "$ref" in value:
        value = schema["definitions"][value["$ref"].rpartition("/")[2]]
    return bool(value.get("description"))


def list_parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and all within it."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from list_parts(part)


def load(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
