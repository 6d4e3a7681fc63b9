"""Hiding credentials in whatever is printed, raised or stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, unquote

from promotion.core.text import escape

MASK = "***"
_SHORTEST = 4  # a shorter "secret" would blank out ordinary words
_SHORTEST_STEM = 12  # a base64 text that is shorter may be part of another one by chance
_SHORTEST_USER = 20  # characters; GitHub's and GitLab's tokens have more, most names less


def forms(secret: str) -> tuple[str, ...]:
    """The shapes in which a secret may turn up: as it is, by line, URL-encoded, in base64, in JSON.

    Of `user:password` the password is a secret by itself.
    """
    whole = secret.strip()
    lines = [line.strip() for line in whole.splitlines()]
    shapes = {*lines, *_forms(whole), *(_forms(whole.partition(":")[2]) if len(lines) == 1 else ())}
    return tuple(sorted((shape for shape in shapes if len(shape) >= _SHORTEST), key=lambda s: (-len(s), s)))


def find_credentials(address: str) -> list[str]:
    """What of an address may be a password or token. A user's name alone is one if it is long."""
    _, separator, rest = address.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if not (separator and at):
        return []
    name, colon, password = user.partition(":")
    found = [password] if colon and password else [name] if len(name) >= _SHORTEST_USER else []
    return [text for part in found for text in dict.fromkeys((part, unquote(part)))]


def _forms(text: str) -> set[str]:
    if len(text) < _SHORTEST:
        return set()
    return {text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1], *_base64(text.encode())}


def _base64(data: bytes) -> set[str]:
    """In base64 alone and after git's user name; and the part that is the same whatever stands around it.

    That depends on how many bytes before it don't fill a group of three.
    """
    encoded = {base64.b64encode(text).decode() for text in (data, b"x-access-token:" + data)}
    for before, changing in enumerate((0, 2, 3)):
        text = base64.b64encode(bytes(before) + data).decode()
        stem = text[changing:] if (before + len(data)) % 3 == 0 else text.rstrip("=")[changing:-1]
        if len(stem) >= _SHORTEST_STEM:
            encoded |= {stem, stem.translate(str.maketrans("+/", "-_"))}
    return encoded


class Redactor:
    """Replaces every form of the secrets it knows, also where it is escaped for Markdown.

    Several threads may add secrets at once.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._shapes: tuple[str, ...] = ()  # the same, the longest first
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> bool:
        """Hide one more secret from now on; gives whether it is new."""
        shapes = forms(secret)
        is_new = not self._known.issuperset(shapes)
        self._known.update([*shapes, *map(escape, shapes)])
        while len(self._shapes) != len(self._known):  # another thread may have put its own, older ones there
            self._shapes = tuple(sorted(self._known, key=lambda s: (-len(s), s)))
        return is_new

    def __call__(self, text: str) -> str:
        for shape in self._shapes:
            text = text.replace(shape, MASK)
        return text
