"""The published schema of the ownership file accepts what the program does, and nothing else.

Exceptions, where an editor says less or more than a run: numbers and `true` without quotes are texts to the
program; a key twice, merge keys and further documents aren't JSON's; an address with a credential, or with
`..`, is refused by the program only.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from random import Random
from typing import Any

from jsonschema import Draft7Validator

from promotion.errors import DefinitionError, Location
from promotion.rendering.ownership.kind_catalogue import CLUSTER_KINDS, NAMESPACED_KINDS
from promotion.rendering.ownership.ownership_file import parse_ownership

ROOT = Path(__file__).parents[2]
FILE = ROOT / "schemas/promotion-ownership.schema.json"
VALIDATOR = Draft7Validator(json.loads(FILE.read_text("utf-8")))
TEXTS = {
    "namespaces": [
        "cats",
        "cats-*",
        "{part}",
        "{part}-x",
        "x{part}",
        "Cats",
        "-x",
        "x-",
        "a/b",
        "c?t",
        "{other}",
    ],
    "kinds": [
        "*",
        "apps/*",
        "Service",
        "Pod",
        "Ingress.networking.k8s.io",
        "Deployment",
        "*/*",
        "*.*/X",
        "a*.io/*",
        "Config*",
        "X.y.z",
        "apps/",
        "/Pod",
        "kind.a b",
        "*.acme.io/Kennel",
        "Foo.*",
        "Foo.*.a",
    ],
    "cluster-scoped": [
        "ClusterRole/cat-*",
        "ClusterRole",
        "Foo/x",
        "Foo.acme.io/*",
        "Pod/x",
        "Namespace/cats",
        "ClusterRole/a/b",
        "Role.rbac.authorization.k8s.io/x",
        "Deployment.apps/x",
        "ClusterRole/ x",
    ],
    "hosts": ["cats.example.com", "*.Example.com", "x..y", "https://x", "a.b.", "a b", "_x.y", "*"],
    "images": [
        "nginx",
        "nginx:1",
        "ghcr.io/acme/cat-*",
        "localhost:5000/x",
        "x@sha256:0",
        "a/",
        "/a",
        "*",
        "h:*/x",
    ],
    "sources": [
        "https://github.com/acme/*",
        "cats",
        "git@github.com:acme/x",
        "ssh://host/x",
        "/srv/git/x",
        "oci://x",
    ],
}
_WIDE = [f"{group}/{kind}" for kind, group in CLUSTER_KINDS.items()] + [*CLUSTER_KINDS]
_KINDS = [f"{group}/{kind}".strip("/") for group, kind in sorted(NAMESPACED_KINDS)]


def make_document(random: Random) -> Any:
    if random.random() < 0.03:
        return random.choice(([], "any", None, {}, 5))
    names: tuple[str, ...] = ("cat", "*", "infra/*", "infra/dns")
    if random.random() < 0.15:
        names = ("/x", "x/", "a//b", "", " ", "***")
    return {random.choice(names): _make_entry(random) for _ in range(random.randrange(1, 3))}


def _make_entry(random: Random) -> Any:
    if random.random() < 0.2:
        return random.choice(("any", "any", "any", "none", " any", {}, [], None, ["any"]))
    if random.random() < 0.1:
        beside = random.choice(({}, {}, {"sources": ["https://a.b/c"]}, {"kinds": ["*"]}))
        return {"any": random.choice((True, True, "true", False, None, "any", [])), **beside}
    fields = random.sample([*TEXTS, *TEXTS, "namespace"], random.randrange(1, 3))
    return {name: _make_value(random, name) for name in fields}


def _make_value(random: Random, name: str) -> Any:
    texts = TEXTS.get(name, ["x"])
    if name == "kinds" and random.random() < 0.5:
        texts = random.choice((_WIDE, _KINDS))
    if random.random() < 0.08:
        return random.choice((None, {}, {"a": "b"}, [None], [["x"]], "", [""], "***", [" "]))
    text = random.choice(texts)
    text = f" {text} " if random.random() < 0.1 else text
    return text if random.random() < 0.3 else [text] * random.randrange(3)


def test_the_schema_accepts_what_the_parser_accepts() -> None:
    accepted = 0
    for seed in range(3000):
        document = make_document(Random(seed))  # noqa: S311
        try:
            parse_ownership(json.dumps(document).encode(), Location("owners.yml"))
            is_fine = True
        except DefinitionError:
            is_fine = False
        assert VALIDATOR.is_valid(document) == is_fine, f"seed {seed}: {json.dumps(document)}: {is_fine}"
        accepted += is_fine
    assert 500 < accepted < 2500


def test_the_schema_is_what_its_writer_writes() -> None:
    spec = importlib.util.spec_from_file_location("ownership_schema", ROOT / ".ci/ownership_schema.py")
    assert spec and spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert json.loads(FILE.read_text("utf-8")) == writer.make_schema(), "run python .ci/ownership_schema.py"
