"""What is wrong, or may be, with a rendered manifest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Phrase, say
from promotion.common.text import list_first
from promotion.errors import RenderError, end_sentence

if TYPE_CHECKING:
    from promotion.rendering.manifests.resource_identity import Resource

SHOWN = 20
_LISTED = 5  # in an error, which is one annotation


@dataclass(frozen=True, kw_only=True)
class ClusterFinding:
    """One thing to look at.

    `component` is the label of the component that wrote it, `path` the manifest's below the output folder.
    `what` is one line that names resource and field; it never holds a value of a Secret.
    Of a `resource` that is defined twice, `twin` is the path of the other manifest.
    `certain` is false for what can't be judged: it is told, and never an error.
    """

    component: str
    path: str
    what: str
    fix: str = ""
    certain: bool = True
    resource: Resource | None = None
    twin: str = ""

    def __str__(self) -> str:
        return self.tell()

    def tell(self) -> str:
        """Return the finding in one line, as a phrase if what to do is one."""
        owner = f"component {self.component}: " if self.component else ""
        told = f"{owner}{self.what}"
        return say("{} {}", end_sentence(told), self.fix) if self.fix else told


def list_warnings(findings: Sequence[ClusterFinding]) -> list[str]:
    """Return the findings as lines: the first `SHOWN`, and how many more there are."""
    return list_first(findings, SHOWN, ClusterFinding.tell, "… and {} more of this kind")


def make_error(subject: str, findings: Sequence[ClusterFinding], fix: str) -> RenderError:
    """Return one error that lists the first few findings.

    Args:
        subject: what they are, in the plural: `problems in the manifests`.
        findings: at least one.
        fix: what to do when the findings don't say it.
    """
    if len(findings) == 1:
        finding = findings[0]
        return RenderError(finding.what, fix=finding.fix or fix, component=finding.component)
    numbers = range(len(findings))
    listed = list_first(numbers, _LISTED, lambda at: say("({}) {}", str(at + 1), findings[at].tell()))
    all_of_it = reduce(lambda told, part: say("{}; {}", told, part), listed)
    what = say("{} {}: {}", str(len(findings)), subject, all_of_it)
    return RenderError(Phrase(what.removesuffix("."), what.terminal.removesuffix(".")), fix=fix)
