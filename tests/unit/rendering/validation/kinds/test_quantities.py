from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.yaml.scalars import Plain
from promotion.rendering.validation.kinds.quantities import read_quantity


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        *((1, "1"), ("1", "1"), ("1.5", "1.5"), ("100m", "0.1"), ("1Ki", "1024"), ("1.5Gi", "1610612736")),
        *(("1k", "1000"), ("1E", "1000000000000000000"), ("1e3", "1000"), ("-1", "-1"), (".5", "0.5")),
    ],
)
def test_amounts(value: Plain, amount: str) -> None:
    assert read_quantity(value) == Decimal(amount)


@pytest.mark.parametrize("value", [None, True, "", "1 Gi", "1gi", "1e999", "9" * 100])
def test_what_is_no_amount(value: Plain) -> None:
    assert read_quantity(value) is None


@given(st.integers(-(10**9), 10**9))
def test_units_are_multiples(number: int) -> None:
    assert read_quantity(f"{number}Mi") == read_quantity(number * 1024 * 1024)
    assert read_quantity(f"{number}k") == read_quantity(f"{number}000000m")
