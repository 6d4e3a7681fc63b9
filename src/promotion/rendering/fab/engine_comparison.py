"""How two engines' manifests differ, document by document, with the known reasons.

Numbers, booleans and words such as `yes` are compared as they are written; comments, the order of keys and
the way a text is written don't count. Values of Secrets are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import yaml

from promotion.common.yaml.composer import compose_all
from promotion.common.yaml.scalars import resolve_plain
from promotion.errors import DefinitionError, Location, PromotionError
from promotion.rendering.fab.fab_output import is_message
from promotion.rendering.manifests.resources import ManifestDocument, parse_documents

# The Fabrikate semantics, section 11, by number; 0 is section 14.
REASONS: Mapping[int, str] = {
    0: "fab writes texts that look like numbers bare into the values, so a chart gets numbers",
    1: "two components write this file, and fab keeps the one that ends last",
    2: "fab writes empty files for components without a manifest",
    3: "fab takes Helm's warnings for a part of the manifest",
    6: "`fab install` reads the config common only",
    7: "fab reads the config common twice",
    8: "the config layers disagree about a kind of value",
    11: "fab takes no branch, and the branch master, for the same",
    13: "without its variable, fab sends the variable's name for a token",
    17: "fab ignores `source` here",
    18: "fab pastes every file of a static folder, and stops at a folder in it",
    19: "fab takes a server's error page for the manifest",
    21: "fab goes round for ever",
    22: "fab mixes up the configs of siblings with one name",
    23: "fab makes paths of names",
    25: "with injectNamespace, fab reads every value anew and writes it back as another",
    27: "fab drops documents that it can't read",
    29: "fab takes an unknown type for a component without a manifest",
    34: "fab writes large numbers with an exponent",
}
_BUG = re.compile(r"\(bug (\d+)\)")
# What the native engine's errors say where fab goes on.
_REFUSALS = (
    ("would both be written", 1),
    ("which are one file where capitals", 23),
    ("layers disagree", 8),
    ("isn't set", 13),
    ("inside a static component's folder", 18),
    ("would be left out of the manifest", 18),
    ("can't be fetched: 4", 19),
    ("in a circle", 21),
    ("so it can't name the manifest's file", 23),
    ("isn't a map, so no namespace", 25),
    ("doesn't render to Kubernetes YAML", 27),
    ("isn't known", 29),
)


@dataclass(frozen=True, kw_only=True)
class EngineDifference:
    """One document, or file, that differs.

    `title` says which and how; `lines` show it, those of the native engine after `-`, fab's after `+`.
    `reason` is a number of `REASONS`, None if there is none that we know.
    """

    path: str
    title: str
    lines: tuple[str, ...] = ()
    reason: int | None = None


def compare_trees(
    native: Mapping[str, bytes],
    fab: Mapping[str, bytes],
    *,
    shared: Collection[str] = (),
    injected: Collection[str] = (),
) -> list[EngineDifference]:
    """Return the differences between two trees, by file.

    Args:
        native, fab: path → manifest.
        shared: paths that more than one component writes.
        injected: paths of components with `injectNamespace`.
    """
    found = []
    for path in sorted(native.keys() | fab.keys()):
        if path not in native and not fab[path].strip():
            found.append(EngineDifference(path=path, title="an empty file, of fab only", reason=2))
            continue
        for part in _compare_files(path, native.get(path, b""), fab.get(path, b""), path in injected):
            lost = part.reason is None and path in shared
            found.append(EngineDifference(**{**vars(part), "reason": 1}) if lost else part)
    return found


def explain_refusal(error: PromotionError) -> int | None:
    """Return the number of the reason why only one engine refuses a definition, if we know it."""
    if match := _BUG.search(str(error)):
        return int(match[1]) if int(match[1]) in REASONS else None
    return next((number for words, number in _REFUSALS if words in error.what), None)


def _compare_files(path: str, native: bytes, fab: bytes, injected: bool) -> Iterator[EngineDifference]:
    old, new = (_read(data) for data in (native, fab))
    before, after = [part.key for part in old], [part.key for part in new]
    left: list[_Part] = []
    right: list[_Part] = []
    for action, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if action == "equal":
            continue
        there = list(new[c:d])
        for one in old[a:b]:
            if other := _find(one, there):
                there.remove(other)
                yield _changed(path, one, other, injected)
            else:
                left.append(one)
        right += there
    for one in left:
        other = _find(one, right) if one.is_object else None
        if other:  # it stands elsewhere
            right.remove(other)
            yield _moved(path, one, other, injected)
        else:
            yield EngineDifference(path=path, title=f"{one.name}: not in fab's", lines=one.show("-"))
    for other in right:
        reason = 3 if is_message(other.document.text) else None if other.is_object else 18
        yield EngineDifference(
            path=path, title=f"{other.name}: only in fab's", lines=other.show("+"), reason=reason
        )


def _find(one: _Part, others: Sequence[_Part]) -> _Part | None:
    """Return the part among others that has the same resources."""
    return next((each for each in others if each.name == one.name), None)


def _moved(path: str, one: _Part, other: _Part, injected: bool) -> EngineDifference:
    if one.key == other.key:
        return EngineDifference(path=path, title=f"{one.name}: at another place in fab's")
    changed = _changed(path, one, other, injected)
    return replace(changed, title=f"{one.name}: changed, and at another place in fab's", reason=None)


@dataclass(frozen=True)
class _Part:
    """A document as `key` that is equal for equal content, and the values in it by their places."""

    document: ManifestDocument
    key: str
    leaves: Mapping[str, tuple[str, str]]

    @property
    def is_object(self) -> bool:
        return "kind" in self.leaves and "apiVersion" in self.leaves

    @property
    def name(self) -> str:
        return ", ".join(str(each) for each in self.document.resources) or "a document"

    def show(self, sign: str) -> tuple[str, ...]:
        return tuple(f"{sign} {line}" for line in self.document.shown().splitlines() if line.strip("- "))


def _read(manifest: bytes) -> list[_Part]:
    parts = []
    for document in parse_documents(manifest):
        leaves = dict(_flatten(document.text)) if document.readable else {}
        parts.append(_Part(document, repr(sorted(leaves.items())) if leaves else document.text, leaves))
    return parts


def _flatten(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield every value with its place, as `spec.ports[0].port`: its kind and its text."""
    try:
        nodes = compose_all(text, Location("manifest"))
    except (DefinitionError, UnicodeEncodeError):
        return
    todo: list[tuple[str, yaml.Node]] = [("", node) for node in nodes]
    while todo:
        place, node = todo.pop()
        if isinstance(node, yaml.MappingNode) and node.value:
            for key, value in node.value:
                todo.append((f"{place}.{getattr(key, 'value', '?')}".lstrip("."), value))
        elif isinstance(node, yaml.SequenceNode) and node.value:
            todo += [(f"{place}[{index}]", value) for index, value in enumerate(node.value)]
        elif isinstance(node, yaml.ScalarNode):
            yield place, _scalar(node)
        else:
            yield place, ("empty", "{}" if isinstance(node, yaml.MappingNode) else "[]")


def _scalar(node: yaml.ScalarNode) -> tuple[str, str]:
    if node.style or (node.tag == "tag:yaml.org,2002:str" and not _is_ambiguous(node.value)):
        return "text", node.value
    if node.value in ("", "~", "null", "Null", "NULL"):
        return "null", "null"
    return ("plain" if _is_ambiguous(node.value) else "text"), node.value


_AMBIGUOUS = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|[-+]?\.inf|\.nan|[-+]?0[xob][0-9a-f_]+"
    r"|[-+]?(?=\.?[0-9])[0-9_]*\.?[0-9_]*(?:e[-+]?[0-9]+)?"
)


def _is_ambiguous(text: str) -> bool:
    """Return whether one YAML reader or another takes a plain scalar for a number or a boolean."""
    return bool(_AMBIGUOUS.fullmatch(text))


def _changed(path: str, one: _Part, other: _Part, injected: bool) -> EngineDifference:
    shown = [dict(_flatten(one.document.shown())), dict(_flatten(other.document.shown(one.document)))]
    lines: list[str] = []
    reasons: set[int | None] = set()
    for place in sorted(one.leaves.keys() | other.leaves.keys()):
        before, after = one.leaves.get(place), other.leaves.get(place)
        if before != after:
            for sign, leaves, leaf in (("-", shown[0], before), ("+", shown[1], after)):
                if leaf:
                    kind, text = leaves.get(place, ("text", "(hidden)"))
                    lines.append(f"{sign} {place}: {repr(text) if kind == 'text' else text}")
            reasons.add(_explain(before, after, injected))
    reason = reasons.pop() if len(reasons) == 1 else None
    return EngineDifference(path=path, title=f"{one.name}: changed", lines=tuple(lines), reason=reason)


def _explain(before: tuple[str, str] | None, after: tuple[str, str] | None, injected: bool) -> int | None:
    """Return why fab's value isn't the native engine's."""
    if before is None or after is None or after[0] != "plain":
        return None
    old, new = (resolve_plain(text) for text in (before[1], after[1]))
    if old != new and before[1] != after[1] and not _is_same_number(before[1], after[1]):
        return None
    if injected:
        return 25
    return 34 if before[0] == "plain" else 0


def _is_same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def render_report(differences: Sequence[EngineDifference]) -> str:
    """Return the differences as text, by file, and at the end how many there are of each reason."""
    lines: list[str] = []
    path = None
    for part in differences:
        if part.path != path:
            path = part.path
            lines.append(path)
        why = f" ({_name(part.reason)})" if part.reason is not None else ""
        lines += [f"  {part.title}{why}", *(f"    {line}" for line in part.lines)]
    known = [part.reason for part in differences if part.reason is not None]
    lines += ["", "Known reasons:"] if known else []
    lines += [
        f"  {known.count(number)} x {_name(number)}: {REASONS[number]}" for number in sorted(set(known))
    ]
    return "\n".join(lines)


def _name(reason: int) -> str:
    return f"bug {reason}" if reason else "values"
