"""The narrowest ownership file that allows what there is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from promotion.errors import Location
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.ownership.breach import Suspect
from promotion.rendering.ownership.host_places import list_hosts
from promotion.rendering.ownership.image_names import normalise_image
from promotion.rendering.ownership.image_places import list_images
from promotion.rendering.ownership.kind_catalogue import CLUSTER_KINDS, RBAC, SAFE_KINDS, Kind
from promotion.rendering.ownership.node_search import find_all, list_pairs, text_of
from promotion.rendering.ownership.ownership_file import parse_ownership
from promotion.rendering.ownership.ownership_judge import (
    PartManifest,
    find_scopes,
    is_namespaced,
    judge_parts,
)
from promotion.rendering.ownership.part_rules import Ownership, PartRule
from promotion.rendering.ownership.resource_heads import Head, read_heads
from promotion.rendering.sources.credential_reach import normalise_address

_Entry = dict[str, list[str]]
_WHERE = Location(OWNERSHIP_FILE)
_INTRODUCTION = """\
# What each part of this definition may make. What isn't allowed here isn't published.
# Its keys are explained in docs/teams.md of the action.
"""


def propose_ownership(
    manifests: Sequence[PartManifest], sources: Mapping[str, Collection[str]] | None = None
) -> str:
    """Return an ownership file that allows what the parts make, and nothing else that can be told apart.

    A part that no narrower entry can allow gets `any`, with a comment that says why.

    Args:
        sources: by part, the addresses that our credentials read for it beside its own repository.
    """
    anything = Ownership(where=_WHERE, rules=(PartRule(pattern="*", where=_WHERE, is_any=True),))
    heads: dict[str, list[Head]] = {}
    for manifest in manifests:
        heads.setdefault(manifest.part, []).extend(read_heads(manifest.data))
    scopes = find_scopes(manifests, anything)
    entries = {part: _propose(part, found, scopes) for part, found in sorted(heads.items())}
    for part, addresses in (sources or {}).items():
        plain = {normalise_address(address) for address in addresses} - {""}
        if part in entries and plain:
            entries[part]["sources"] = sorted(plain)
    ownership = parse_ownership(json.dumps(entries).encode(), _WHERE)
    reasons: dict[str, str] = {}
    for manifest, breach in judge_parts(manifests, ownership):
        reasons.setdefault(manifest.part, f"{breach.resource}: {breach.field} {breach.what}")
    written = [_write(part, entry, reasons.get(part, "")) for part, entry in entries.items()]
    return _INTRODUCTION + "\n".join(written)


def _propose(part: str, heads: Sequence[Head], scopes: Mapping[Kind, str]) -> _Entry:
    everything = PartRule(pattern=part, where=_WHERE)
    namespaces, kinds, wide, hosts, images = (set[str]() for _ in range(5))
    is_safe = is_hosted = True
    for head in (head for head in heads if not head.faults):
        kind = head.group_kind
        if is_namespaced(kind, scopes):
            namespaces.add(head.namespace)
            kinds.add(f"{kind[0]}/{kind[1]}" if kind[0] else kind[1])
            is_safe = is_safe and kind in SAFE_KINDS
        elif kind == ("", "Namespace"):
            namespaces.add(head.name)
            labels = [
                key for node in find_all(head.node, "metadata", "labels") for key, _ in list_pairs(node)
            ]
            if any(str(key.value).startswith("pod-security.") for key in labels):
                wide.add(_name(kind, head.name))
        else:
            wide.add(_name(kind, head.name))
        wide |= {_name((RBAC, "ClusterRole"), role) for role in _list_roles(head)}
        named = [host.text for host in list_hosts(head)]
        named += [text_of(node) for node in find_all(head.node, "spec", "externalName")]
        hosts |= {host.lower().rstrip(".").rpartition("/")[2] for host in named if host}
        is_hosted = is_hosted and all(named)
        for _, image in list_images(Suspect(part=part, rule=everything, head=head)):
            images.add(normalise_image(text_of(image) or ""))
    entry: _Entry = {"namespaces": sorted(namespaces - {""})}
    if not is_safe:
        entry["kinds"] = sorted(kinds)
    if wide:
        entry["cluster-scoped"] = sorted(wide)
    if is_hosted:
        entry["hosts"] = sorted(hosts)
    if "" not in images:
        entry["images"] = sorted(images)
    return entry


def _list_roles(head: Head) -> set[str]:
    """Return the ClusterRoles that a resource gives, or adds its rules to."""
    found = set()
    for ref in find_all(head.node, "roleRef") if head.group == RBAC else ():
        if any(text_of(node) == "ClusterRole" for node in find_all(ref, "kind")):
            found |= {text_of(node) or "" for node in find_all(ref, "name")}
    if head.group_kind == (RBAC, "ClusterRole"):
        for labels in find_all(head.node, "metadata", "labels"):
            found |= {str(key.value).partition("/aggregate-to-")[2] for key, _ in list_pairs(labels)}
    return found - {""}


def _name(kind: Kind, name: str) -> str:
    full = kind[1] if CLUSTER_KINDS.get(kind[1]) == kind[0] else f"{kind[1]}.{kind[0]}".rstrip(".")
    return f"{full}/{name or '*'}"


def _write(part: str, entry: _Entry, reason: str) -> str:
    key = json.dumps(part)
    if reason:
        sources = entry.get("sources")
        anything = f"{{any: true, sources: {json.dumps(sources)}}}" if sources else "any"
        return f"# Nothing narrower allows {' '.join(reason.split())}\n{key}: {anything}\n"
    lines = [f"  {name}: {json.dumps(values)}" for name, values in entry.items()]
    return "\n".join((f"{key}:", *lines, ""))
