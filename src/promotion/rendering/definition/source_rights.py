"""Which of the sources that a part names may have our credentials.

The definition's own files say what our credentials read. What other repositories name is asked for as
anybody may, but for the part's own repository and what the ownership file allows: else whoever may push to an
application's repository could have any private one that we read published among his manifests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from promotion.common.addresses import is_name
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import say
from promotion.errors import AccessError, PromotionError, SourceError
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.sources.credential_reach import Reach, may_use_credential, normalise_address

if TYPE_CHECKING:
    from promotion.rendering.definition.tree_visit import Need
    from promotion.rendering.ownership.part_rules import Ownership


@dataclass(frozen=True, kw_only=True)
class SourceRights:
    """What the ownership file says of sources, if there is one; `expand` gives the address of `owner/name`
    in full.
    """

    ownership: Ownership | None = None
    expand: Callable[[str], str] = str

    def judge(self, address: str, *, part: str, own: str) -> Reach:
        """Return whether our credentials go to an address that a file of another repository names.

        Args:
            part: the part that it belongs to.
            own: the address of the part's own repository.
        """
        rule = self.ownership.find(part) if self.ownership else None
        allowed = (rule.sources or ()) if rule else ()
        may_be_sent = may_use_credential(self._complete(address), self._complete(own), allowed)
        return Reach.ALLOWED if may_be_sent else Reach.PUBLIC

    def advise(self, address: str, part: str) -> str:
        """Return where to allow an address to a part."""
        plain = normalise_address(self._complete(address))
        if not plain:
            return "Write its address plainly, as https://host/owner/name."
        line = f'`sources: ["{plain}"]`'
        rule = self.ownership.find(part) if self.ownership else None
        if self.ownership is None:
            return (
                f"Name it in the definition's own files, or write {line} into an entry for {part} in "
                f"{OWNERSHIP_FILE} beside them (`promotion ownership propose` writes the rest of that file)."
            )
        if rule is None:
            return f"To allow it, add an entry for {part} with {line} to {self.ownership.where}."
        beside = " (`any: true` beside it says what `any` alone does)" if rule.is_any else ""
        return f"To allow it, add {line} to the entry {rule.pattern!r}{beside}, {rule.where}."

    def _complete(self, address: str) -> str:
        return self.expand(address) if is_name(address) else address


class OpenRights(SourceRights):
    """For a look at what parts name: everything is allowed."""

    def judge(self, address: str, *, part: str, own: str) -> Reach:
        """Return that it is allowed, whatever it is."""
        return super().judge(address, part=part, own=own) and Reach.ALLOWED


def explain_refusal(error: PromotionError, need: Need) -> None:
    """Say in the error for a source that is asked for as anybody may which line allows our credential."""
    is_refusal = isinstance(error, AccessError) or (
        need.withheld
        and isinstance(error, SourceError)
        and not error.is_passing  # many hide what they refuse
    )
    if need.source.reach is not Reach.PUBLIC or not is_refusal:
        return
    withheld = need.withheld or "our credentials"
    what = f"the part {need.part} names {need.source}, for which it may not use {withheld}"
    error.what = say("{}: {}", what, error.what)
    error.fix = need.advice
