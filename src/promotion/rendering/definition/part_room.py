"""The memory that each part of a definition may take with what one run makes of it anew."""

from __future__ import annotations

from collections import Counter

from promotion.errors import PartLimitError

MOST_BYTES = 100 * 2**20  # of all manifests of a part; GitHub takes no single file that is larger


class PartRoom:
    """Counts what parts take; threads may share it. Its error doesn't say which component was the last one,
    for that depends on who came first.

    Args:
        what: is counted, as `what its charts make`.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._taken: Counter[str] = Counter()

    def take(self, part: str, size: int) -> None:
        """Count so many bytes for a part.

        Raises:
            PartLimitError: they are too many.
        """
        self._taken[part] += size
        self.check(part)

    def check(self, part: str) -> None:
        """Refuse to go on with a part that has taken too much; errors as of `take`."""
        if self._taken[part] > MOST_BYTES:
            raise PartLimitError(
                f"{self._what} takes more than {MOST_BYTES >> 20} MiB for {part}, all in all",
                part=part,
                fix="Make less of it, or divide it into several entries of the definition.",
            )
