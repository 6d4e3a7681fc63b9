"""What the image says of the licences of all that is in it."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.licenses import canonicalize_license_expression

ROOT = Path(__file__).resolve().parents[2]


def read_label() -> str:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    (found,) = re.findall(r'image\.licenses="([^"]*)"', text)
    return found


def test_the_label_is_an_spdx_expression() -> None:
    assert canonicalize_license_expression(read_label()) == read_label()


def test_the_label_names_the_licences_of_our_libraries() -> None:
    named = set(re.split(r"[ ()]+", read_label()))
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    said = {name: distribution(name).metadata["License-Expression"] for name in locked}
    # Of those that may be chosen one is enough.
    missing = {name: text for name, text in said.items() if text and not named & set(text.split(" OR "))}
    assert not missing
    assert sum(text is not None for text in said.values()) > 5
