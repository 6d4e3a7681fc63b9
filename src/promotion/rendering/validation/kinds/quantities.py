"""Amounts of resources (apimachinery: pkg/api/resource/quantity.go)."""

from __future__ import annotations

from decimal import Decimal

from promotion.common.yaml.scalars import Plain
from promotion.rendering.validation.value_formats import QUANTITY

_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)},
}
_LONGEST = 40  # characters: more digits than any amount has


def read_quantity(value: Plain) -> Decimal | None:
    """Return the amount; None for what is none, or isn't known."""
    if value is None or isinstance(value, bool):
        return None
    text = str(value)
    if len(text) > _LONGEST or not (found := QUANTITY.fullmatch(text)):
        return None
    unit = found[3] or ""
    number = text[: len(text) - len(unit)]
    if unit in _BINARY:
        return Decimal(number) * _BINARY[unit]
    if unit in _DECIMAL:
        return Decimal(number) * _DECIMAL[unit]
    power = int(unit[1:])
    return Decimal(number).scaleb(power) if abs(power) < 100 else None
