"""How a pull request may be merged: the repository's settings and the rules of its base together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import quote

from promotion.common.promotion_rules.branch_protection import METHODS, Protection, of_rules, of_settings
from promotion.edges.github.api_answers import Api, Json, read_map, read_maps, read_text
from promotion.edges.github.api_refusals import NotThereError
from promotion.errors import SourceError

_METADATA = "metadata: read"
_PREFERRED = ("merge", "squash", "rebase")
# What of classic branch protection shows to others than administrators (GraphQL API, `RefUpdateRule`).
_CLASSIC = (
    "query Linear($owner: String!, $name: String!, $ref: String!) { repository(owner: $owner, name: $name) "
    "{ ref(qualifiedName: $ref) { refUpdateRule { requiresLinearHistory } } } }"
)


class MergingApi(Api):
    """The merge methods of one repository."""

    def choose_method(self, base: str, need: str) -> str:
        """Return the first of merge, squash and rebase that is allowed into a branch; empty if none is.

        What can't be seen counts as allowed: GitHub refuses it then. With a merge queue it is the queue's:
        GitHub ignores any other (GraphQL API, `EnablePullRequestAutoMergeInput.mergeMethod`).

        Args:
            need: the permission of the token that is there anyway.
        """
        rules = self._find_rules(base)
        if queue := next((rule for rule in rules if rule.get("type") == "merge_queue"), None):
            return read_text(read_map(queue.get("parameters")), "merge_method").lower()
        protection = of_settings(read_map(self._session.get(self._at(""), _METADATA))) | of_rules(rules)
        if self._is_linear(base, need):
            protection |= Protection(methods=METHODS - {"merge"})
        return next((method for method in _PREFERRED if method in protection.methods), "")

    def _find_rules(self, base: str) -> list[Json]:
        """Return the rules of all rulesets; none on a server without rulesets."""
        try:
            return read_maps(
                self._session.pages(self._at(f"/rules/branches/{quote(base, safe='')}"), _METADATA)
            )
        except NotThereError:
            return []

    def _is_linear(self, base: str, need: str) -> bool:
        owner, _, name = self._repository.partition("/")
        asked = {"owner": owner, "name": name, "ref": f"refs/heads/{base}"}
        found: object = None
        with suppress(SourceError):
            found = self._session.query(_CLASSIC, asked, need)
        for key in ("repository", "ref", "refUpdateRule", "requiresLinearHistory"):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found is True
