"""Hiding credentials in whatever is printed, raised or stored."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
_SHORTEST = 4  # a shorter "secret" would blank out ordinary words


def forms(secret: str) -> tuple[str, ...]:
    """The shapes in which a secret may turn up: as it is, by line, URL-encoded and base64.

    A base64 text depends on what stands before it, so the form with git's `x-access-token:` is one of them.
    """
    stripped = secret.strip()
    encoded = (base64.b64encode(text.encode()).decode() for text in (stripped, f"x-access-token:{stripped}"))
    shapes = {stripped, quote(stripped, safe=""), *encoded, *(line.strip() for line in stripped.splitlines())}
    return tuple(sorted((shape for shape in shapes if len(shape) >= _SHORTEST), key=lambda s: (-len(s), s)))


class Redactor:
    """Replaces every form of the secrets it knows."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._shapes: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide one more secret from now on."""
        self._shapes = tuple(sorted({*self._shapes, *forms(secret)}, key=lambda s: (-len(s), s)))

    def __call__(self, text: str) -> str:
        for shape in self._shapes:
            text = text.replace(shape, MASK)
        return text
