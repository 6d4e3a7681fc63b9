"""Charts that print something else each time: which functions do that, and what of a manifest differs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import list_some
from promotion.rendering.validation.field_checks import MAX_DEPTH, Path, entries, show_path
from promotion.rendering.validation.manifest_items import Item, Manifest, read_items

# Sprig's and Helm's own (Masterminds/sprig: functions.go; helm: pkg/engine/funcs.go). genPrivateKey and what
# encrypts take random numbers, keys and values the random order of Go's maps.
RANDOM = frozenset(
    {
        *("bcrypt", "encryptAES", "htpasswd", "keys", "shuffle", "uuidv4", "values"),
        *("genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey"),
        *("genSignedCert", "genSignedCertWithKey"),
        *("randAlpha", "randAlphaNum", "randAscii", "randBytes", "randInt", "randNumeric"),
    }
)
# What isn't a time, those that format one take for this very moment.
TIME = frozenset(
    {
        *("ago", "date", "dateInZone", "date_in_zone", "durationRound", "htmlDate", "htmlDateInZone", "now"),
        *("dateModify", "date_modify", "mustDateModify", "must_date_modify"),
    }
)
_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_IGNORED = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|`[^`]*`', re.DOTALL)  # comments and texts
_FUNCTION = re.compile(rf"(?<![\w.$])(?:{'|'.join(sorted(RANDOM | TIME))})\b")
_NAMED = 5  # of each in a message


def find_functions(text: str) -> set[str]:
    """Return the functions in the actions of a template, or in values that `tpl` may get, that can differ."""
    if not _FUNCTION.search(text):
        return set()
    actions = (_IGNORED.sub(" ", match[1]) for match in _ACTION.finditer(text))
    return {name for action in actions for name in _FUNCTION.findall(action)}


@dataclass(frozen=True, kw_only=True)
class TextDifference:
    """A resource that two renders made differently: where, and which template prints it."""

    resource: str
    template: str
    fields: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """`Secret cats/db at data.password (db/templates/secret.yaml)`: no value is in it."""
        fields = f" at {list_some(self.fields, _NAMED)}" if self.fields else ""
        return f"{self.resource}{fields}" + (f" ({self.template})" if self.template else "")


def compare_renderings(first: bytes, second: bytes) -> list[TextDifference]:
    """Return what differs between two manifests that should be equal."""
    one, two = (list(read_items(Manifest(label="", path="", data=data))) for data in (first, second))
    if [str(item) for item, _ in one] != [str(item) for item, _ in two]:
        return list(_find_strangers([item for item, _ in one], [item for item, _ in two]))
    differences = []
    for (item, before), (_, after) in zip(one, two, strict=True):
        paths = tuple(map(show_path, _differ(before, after, ())))
        if paths:
            differences.append(TextDifference(resource=str(item), template=item.template, fields=paths))
    return differences


def list_differences(differences: Iterable[TextDifference]) -> str:
    """Return the first few, for a message."""
    shown = [str(difference) for difference in differences]
    more = f", and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return "; ".join(shown[:_NAMED]) + more


def _find_strangers(one: list[Item], two: list[Item]) -> Iterator[TextDifference]:
    """Yield resources that are in one of the two only, or in another order."""
    names = {str(item) for item in one} & {str(item) for item in two}
    strangers = [item for item in one if str(item) not in names] or one
    for item in strangers:
        yield TextDifference(resource=str(item), template=item.template)


def _differ(before: yaml.Node, after: yaml.Node, path: Path) -> Iterator[Path]:
    """Yield the paths of the innermost nodes that differ."""
    if len(path) > MAX_DEPTH:
        yield path[:_NAMED]
    elif isinstance(before, yaml.MappingNode) and isinstance(after, yaml.MappingNode):
        old, new = ({str(key.value): value for key, value in entries(node)} for node in (before, after))
        for name in dict.fromkeys((*old, *new)):
            if name in old and name in new:
                yield from _differ(old[name], new[name], (*path, name))
            else:
                yield (*path, name)
    elif _are_lists(before, after):
        for index, (one, two) in enumerate(zip(before.value, after.value, strict=True)):
            yield from _differ(one, two, (*path, index))
    elif (before.tag, before.value) != (after.tag, after.value):
        yield path


def _are_lists(before: yaml.Node, after: yaml.Node) -> bool:
    are_lists = isinstance(before, yaml.SequenceNode) and isinstance(after, yaml.SequenceNode)
    return are_lists and len(before.value) == len(after.value)
