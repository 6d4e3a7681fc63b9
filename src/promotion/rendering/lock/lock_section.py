"""One JSON object of the lock file, read with distrust."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import Location
from promotion.rendering.lock.lock_damage import RepeatedKeyError, damaged


@dataclass(frozen=True)
class Section:
    """One JSON object of the lock, with its place for messages. All methods raise PublishError."""

    content: dict[str, Any]
    name: str
    where: Location

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            raise damaged(f"{self.name or 'its content'} is no JSON object", self.where)

    def section(self, key: str) -> Section:
        """Return the object of this key; empty if it isn't there."""
        return Section(self.content.get(key, {}), self._path(key), self.where)

    def sections(self) -> dict[str, Section]:
        """Return all objects in it."""
        return {key: self.section(key) for key in self.content}

    def items(self, key: str) -> list[Section]:
        """Return a list of objects; empty if it isn't there."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise damaged(f"{self._path(key)} is no list", self.where)
        return [Section(item, f"{self._path(key)}.{index}", self.where) for index, item in enumerate(value)]

    def text(self, key: str) -> str:
        """Return a text; empty if it isn't there."""
        value = self.content.get(key, "")
        if not isinstance(value, str):
            raise damaged(f"{self._path(key)} is no text", self.where)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty if it isn't there."""
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise damaged(f"{self._path(key)} is no list of texts", self.where)
        return tuple(value)

    def number(self, key: str) -> int:
        """Return a whole number; 0 if it isn't there."""
        value = self.content.get(key, 0)
        if type(value) is not int:
            raise damaged(f"{self._path(key)} is no number", self.where)
        return value

    def numbers(self) -> dict[str, int]:
        """Return all numbers in it."""
        return {key: self.number(key) for key in self.content}

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON.

    Raises:
        RepeatedKeyError: it has a key twice.
    """
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise RepeatedKeyError(f"the key {key!r} occurs twice")
        content[key] = value
    return content
