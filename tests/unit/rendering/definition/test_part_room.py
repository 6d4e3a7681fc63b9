from __future__ import annotations

import pytest

from promotion.errors import PartLimitError
from promotion.rendering.definition.part_room import MOST_BYTES, PartRoom


def test_each_part_may_take_so_much_and_no_more() -> None:
    room = PartRoom("what its charts make")
    room.take("cat", MOST_BYTES)
    room.take("dog", MOST_BYTES)
    with pytest.raises(
        PartLimitError, match="what its charts make takes more than 100 MiB for cat"
    ) as caught:
        room.take("cat", 1)
    assert (caught.value.part, caught.value.component, caught.value.is_passing) == ("cat", "", False)
    with pytest.raises(PartLimitError):
        room.check("cat")
    room.check("dog")
