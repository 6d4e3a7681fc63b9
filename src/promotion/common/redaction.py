"""Hide credentials in the texts that are shown.

A secret is what the inputs, the runner, the GitHub App or a variable that access.yaml names gave us: nothing
that a repository can choose. Only sentences and the texts of others go through here. Outputs, markers, and
the names and numbers of a structured report don't: a secret may be any word, `true` as well. Nothing is
looked for in a text that has been through here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote

from promotion.common.markdown import escape

MASK = "***"
_SHORTEST = 4  # a shorter "secret" would blank out ordinary words
_SHORTEST_STEM = 12  # a base64 text that is shorter may be part of another one by chance
_SHORTEST_USER = 20  # characters; GitHub's and GitLab's tokens have more, most names less
_FEW = 1000  # shapes; searching a text for each is faster up to so many, as measured


def forms(secret: str) -> tuple[str, ...]:
    """Return the forms in which a secret may appear: as it is, by line, URL-encoded, in base64, in JSON.

    Of `user:password` the password is a secret by itself.
    """
    whole = secret.strip()
    lines = [line.strip() for line in whole.splitlines()]
    shapes = {*lines, *_forms(whole), *(_forms(whole.partition(":")[2]) if len(lines) == 1 else ())}
    return tuple(sorted((shape for shape in shapes if len(shape) >= _SHORTEST), key=lambda s: (-len(s), s)))


def find_credentials(address: str) -> list[str]:
    """Return the passwords and tokens in an address; a lone user name only if long and with a digit."""
    _, separator, rest = address.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if not (separator and at):
        return []
    name, colon, password = user.partition(":")
    if not colon:  # whoever sends it decodes it first
        name, colon, password = unquote(user).partition(":")
    found = [password] if colon and password else [name] if _is_token(name) else []
    return [text for part in found for text in dict.fromkeys((part, unquote(part)))]


def _is_token(user: str) -> bool:
    """Tell a token from an organisation's name, as in `https://contoso-engineering-team@dev.azure.com`."""
    return len(user) >= _SHORTEST_USER and any(letter.isdigit() for letter in user)


def _forms(text: str) -> set[str]:
    if len(text) < _SHORTEST:
        return set()
    return {text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1], *_base64(text.encode())}


def _base64(data: bytes) -> set[str]:
    """Return it in base64, alone, after git's user name, and the part that is equal in any context.

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
    """Replaces every form of the secrets it knows, even where it is escaped for Markdown.

    Several threads may add secrets at once. A text is read once, however many secrets there are.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._shapes: dict[str, None] = {}
        self._lengths: dict[str, dict[int, None]] = {}  # of the shapes that begin so
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> bool:
        """Hide one more secret from now on, and return whether it is new."""
        shapes = forms(secret)
        is_new = not self._shapes.keys() >= set(shapes)
        for shape in (*shapes, *map(escape, shapes)) if is_new else ():
            self._lengths.setdefault(shape[:_SHORTEST], {})[len(shape)] = None
            self._shapes[shape] = None
        return is_new

    def __call__(self, text: str) -> str:
        parts, end = [], 0
        for start, stop in _join(sorted(self._find(text))):
            parts += [text[end:start], MASK]
            end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def _find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where forms begin and end. They may overlap."""
        if len(self._shapes) <= _FEW:
            shapes = tuple(self._shapes)  # another thread may add some
            return (span for shape in shapes for span in _find_all(text, shape))
        return _find_any(text, self._shapes, self._lengths)


def _find_all(text: str, shape: str) -> Iterator[tuple[int, int]]:
    at = text.find(shape)
    while at >= 0:
        yield at, at + len(shape)
        at = text.find(shape, at + 1)


def _find_any(
    text: str, shapes: Mapping[str, None], lengths: Mapping[str, Mapping[int, None]]
) -> Iterator[tuple[int, int]]:
    """Find all forms in one pass: thousands of tokens may begin alike, and have few lengths."""
    for at in range(len(text) - _SHORTEST + 1):
        for length in tuple(lengths.get(text[at : at + _SHORTEST], ())):
            if text[at : at + length] in shapes:
                yield at, at + length


def _join(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join overlapping spans, so that nothing of either is left. They come sorted."""
    current: tuple[int, int] | None = None
    for start, stop in spans:
        if current and start < current[1]:
            current = current[0], max(current[1], stop)
        else:
            if current:
                yield current
            current = start, stop
    if current:
        yield current
