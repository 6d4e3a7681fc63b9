"""Write the schema of the ownership file, from the kinds that the program knows."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from promotion.rendering.ownership.kind_catalogue import CLUSTER_KINDS, NAMESPACED_KINDS  # noqa: E402

FILE = ROOT / "schemas/promotion-ownership.schema.json"
_KIND = r"[A-Za-z*?][A-Za-z0-9*?]*"
_GROUP = r"[a-z0-9*?][a-z0-9*?-]*(\.[a-z0-9*?-]+)*"
_SPACE = r"([a-z0-9*?]|\{part\})(([a-z0-9*?-]|\{part\})*([a-z0-9*?]|\{part\}))?"
_HOST = r"[A-Za-z0-9*?_-]+(\.[A-Za-z0-9*?_-]+)*\.*"
_IMAGE = r"(?!.*/\s*$)[A-Za-z0-9*?]([A-Za-z0-9*?._/-]|:[0-9*]+/)*"
_SOURCE = r"((https?|oci|ssh)://[^\s/]+(/\S*)?|[\w.-]+@[\w.-]+:\S+|file:///\S*|/\S*)"


def make_schema() -> dict[str, Any]:
    """Return the schema of the ownership file."""
    core = "|".join(sorted(kind for group, kind in NAMESPACED_KINDS if not group))
    wide = [(group, kind) for kind, group in sorted(CLUSTER_KINDS.items()) if group]
    not_wide = "|".join(
        re.escape(form) for group, kind in wide for form in (f"{group}/{kind}", f"{kind}.{group}")
    )
    owned = "|".join(re.escape(f"{kind}.{group}") for group, kind in sorted(NAMESPACED_KINDS) if group)
    kinds = "|".join(
        (r"\*", core, rf"(?=[^/]*[a-z0-9-][^/]*/){_GROUP}/{_KIND}", rf"{_KIND}\.(?=.*[a-z0-9-]){_GROUP}")
    )
    cluster = (
        rf"(({'|'.join(sorted(CLUSTER_KINDS))})|(?!({owned})/)[A-Za-z][A-Za-z0-9]*\.[a-z0-9.-]+)/[^\s/]+"
    )
    fields = {
        "namespaces": ("Namespaces, also as patterns; {part} is the part's name.", _SPACE),
        "kinds": (
            "Kinds that have a namespace: Service, apps/*, Ingress.networking.k8s.io.",
            rf"(?!({not_wide})\s*$)({kinds})",
        ),
        "cluster-scoped": ("What has no namespace, by kind and name: ClusterRole/cat-*.", cluster),
        "hosts": ("Hosts of Ingresses, Gateways and routes; left out: any.", _HOST),
        "images": ("Images by repository, without tag; left out: any.", _IMAGE),
        "sources": (
            "Addresses that the part's own definitions may name, to be read with our credentials; patterns.",
            _SOURCE,
        ),
    }
    lists = {name: _list(*texts) for name, texts in fields.items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "What each part of a cluster definition may make",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": r"^(?!\s*/)(?!.*/\s*$)(?!.*//)(?!.*\*\*\*)\s*\S"},
        "additionalProperties": {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*any\s*$"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": False,
                    "properties": lists,
                },
                {
                    "type": "object",
                    "required": ["any"],
                    "additionalProperties": False,
                    "properties": {
                        "any": {
                            "description": "As `any` alone: the part may make everything.",
                            "const": True,
                        },
                        "sources": lists["sources"],
                    },
                },
            ]
        },
    }


def _list(description: str, pattern: str) -> dict[str, Any]:
    one = {"type": "string", "pattern": rf"^(?!.*\*\*\*)\s*({pattern})\s*$"}
    return {"description": description, "anyOf": [one, {"type": "array", "items": one}]}


if __name__ == "__main__":
    FILE.write_text(json.dumps(make_schema(), indent=2) + "\n", "utf-8")
