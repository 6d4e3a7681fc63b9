"""What a resource does that its part may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from promotion.common.branch_patterns import is_pattern, matches
from promotion.common.text import line, list_some
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.ownership.part_rules import PartRule
from promotion.rendering.ownership.resource_heads import Head

_SHOWN = 5  # patterns of a rule


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One breach: `field` and `what` say what is there, `rule` what is allowed, `right` what to do.

    `line` counts from 1 in the manifest. None of it holds a value of a Secret.
    """

    resource: str
    field: str
    what: str
    rule: str
    right: str
    line: int
    template: str = ""

    def tell(self, place: str) -> str:
        """Return all but what to do in one line; `place` is the line for people."""
        source = f"from {self.template}, {place}" if self.template else place
        what = f"{self.field} {self.what}" if self.field else self.what
        return line(f"{self.resource} ({source}): {what}{f'; {self.rule}' if self.rule else ''}")


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A resource with the rule that it is judged by; `part` is whose it is."""

    part: str
    rule: PartRule
    head: Head

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The patterns of the namespaces that the part may use."""
        return self.rule.list_namespaces(self.part)

    def may_use(self, namespace: str) -> bool:
        """Return whether a namespace is the part's; none is."""
        return bool(namespace) and any(
            pattern == namespace or (is_pattern(pattern) and matches(pattern, namespace))
            for pattern in self.namespaces
        )

    def report(self, field: str, what: str, rule: str, right: str, node: yaml.Node | None = None) -> Breach:
        """Return a breach at a node, or at the resource."""
        head = self.head
        where = head.offset + node.start_mark.line + 1 if node else head.line
        return Breach(
            resource=str(head),
            field=field,
            what=what,
            rule=rule,
            right=right,
            line=where,
            template=head.template,
        )

    def cite(self, key: str, allowed: Sequence[str] | None) -> str:
        """Return what the file says, with its place: `the part cat may have namespaces cats (file:2)`."""
        listed = list_some(tuple(map(show, allowed)), _SHOWN) if allowed else "none"
        return f"the part {self.part} may have {key} {listed} ({self.rule.where})"


def show(text: str) -> str:
    """Return a text that others chose, for a message."""
    return repr(text[:100])


ADD = f"or have it added to {OWNERSHIP_FILE}"
