"""What the parts of a definition may make: the content of the ownership file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promotion.common.branch_patterns import is_pattern, matches
from promotion.errors import Location
from promotion.rendering.ownership.kind_catalogue import SAFE_KINDS, Kind
from promotion.rendering.ownership.kind_patterns import ClusterPattern, KindPattern

PART = "{part}"
EVERY_PART = "*"
# A namespace's name is a DNS label (apimachinery: pkg/api/validation/generic.go, ValidateNamespaceName).
NAMESPACE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class PartRule:
    """What the parts of one entry may make; `pattern` is the entry's key.

    `is_any`: everything. `kinds` is None for the safe ones; `hosts` and `images` are None for any; `sources`,
    which count for any, too, are the addresses beside the part's own repository that our credentials read.
    """

    pattern: str
    where: Location
    is_any: bool = False
    namespaces: tuple[str, ...] = ()
    kinds: tuple[KindPattern, ...] | None = None
    cluster_scoped: tuple[ClusterPattern, ...] = ()
    hosts: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None

    def allows_kind(self, kind: Kind) -> bool:
        """Return whether a kind with a namespace is allowed."""
        if self.kinds is None:
            return kind in SAFE_KINDS
        return any(pattern.covers(kind) for pattern in self.kinds)

    def allows_cluster_wide(self, kind: Kind, name: str) -> bool:
        """Return whether a resource without a namespace is allowed."""
        return any(pattern.covers(kind, name) for pattern in self.cluster_scoped)

    def list_namespaces(self, part: str) -> tuple[str, ...]:
        """Return the patterns of the namespaces of a part. Where `{part}` isn't a namespace's name, as one
        with a slash, its pattern is left out.
        """
        return tuple(
            pattern.replace(PART, part)
            for pattern in self.namespaces
            if PART not in pattern or NAMESPACE_NAME.fullmatch(part)
        )


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The entries of the file, in its order, and where it is."""

    where: Location
    rules: tuple[PartRule, ...] = ()

    def find(self, part: str) -> PartRule | None:
        """Return the rule for a part: that of its name, else the first whose pattern matches, `*` last.

        `*` alone is for every part, also for one with a slash in its name.
        """
        if not is_pattern(part):
            for rule in self.rules:
                if rule.pattern == part:
                    return rule
        for rule in self.rules:
            if rule.pattern != EVERY_PART and is_pattern(rule.pattern) and matches(rule.pattern, part):
                return rule
        return next((rule for rule in self.rules if rule.pattern == EVERY_PART), None)
