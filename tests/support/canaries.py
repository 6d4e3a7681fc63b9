"""Credentials that are looked for everywhere, in every form that a leak may take."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

_SHORTEST = 8  # bytes: less is found by chance


@dataclass(frozen=True)
class Canary:
    """A credential with a name for messages. Each part of `user:password` counts by itself, and each line."""

    name: str
    value: str

    def shapes(self) -> set[bytes]:
        """All forms; each is in any text that shows the value in that form."""
        whole = self.value.strip()
        _, _, password = whole.partition(":") if "\n" not in whole else ("", "", "")
        texts = {whole, *whole.splitlines(), *([password] if password else [])}
        texts = {text for text in texts if not text.startswith("-----")}
        shapes = {shape for text in texts for shape in _shapes(text)}
        return {shape for shape in shapes if len(shape) >= _SHORTEST}


def _shapes(text: str) -> set[bytes]:
    data = text.encode()
    texts = {text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1], data.hex(), data.hex().upper()}
    texts |= {re.sub(r"%..", lambda found: found[0].lower(), encoded) for encoded in set(texts)}
    texts.add(re.sub(r"([\\`*_{}\[\]()<>#!|~$])", r"\\\1", text))  # Markdown
    texts.add(text[: len(text) * 3 // 4])  # cut off
    return {form.encode() for form in texts} | _stems(data)


def _stems(data: bytes) -> set[bytes]:
    """What all base64 texts of anything with these bytes in it have in common, by the bytes before."""
    stems = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        first = (0, 2, 3)[before]
        last = len(encoded) if (before + len(data)) % 3 == 0 else len(encoded.rstrip(b"=")) - 1
        stems |= {encoded[first:last], encoded[first:last].translate(bytes.maketrans(b"+/", b"-_"))}
    return stems


def find(canaries: Iterable[Canary], places: Mapping[str, bytes]) -> list[str]:
    """Where which credential stands, with some of the text around it."""
    found = []
    for canary in canaries:
        pattern = re.compile(b"|".join(re.escape(shape) for shape in sorted(canary.shapes(), key=len)))
        for place, data in places.items():
            if match := pattern.search(data):
                around = data[max(match.start() - 60, 0) : match.end() + 60]
                found.append(f"{canary.name} in {place}: {around!r}")
    return found
