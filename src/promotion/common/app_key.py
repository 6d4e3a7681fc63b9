"""A GitHub App in place of a token, and its key in the shapes that people paste."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import name_input, say
from promotion.common.settings import Settings
from promotion.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PEM = re.compile(r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----\n[A-Za-z0-9+/=\n]+\n-----END \1-----")


@dataclass(frozen=True, kw_only=True)
class AppKey:
    """The App's id and its private key as PEM."""

    app_id: str
    pem: str = field(repr=False)


def read_app(settings: Settings) -> AppKey | None:
    """Return the GitHub App that the inputs name, if they name one.

    The key may be PEM, the same on one line with a backslash and an `n` for each line's end, or in base64.

    Raises:
        UsageError: one of the two inputs is missing or malformed. The message holds nothing of the key.
    """
    if not settings.has("app-id"):
        return None
    app_id, key = settings.text("app-id"), settings.text("app-private-key")
    if not app_id and not key:
        return None
    if not app_id or not key:
        names = ("app-id", "app-private-key")
        given, missing = map(name_input, names if app_id else reversed(names))
        fix = "Give both, or neither. A secret that isn't there is an empty text."
        raise UsageError(say("{} is missing, and {} is given", missing, given), fix=fix)
    if not _NAME.fullmatch(app_id):
        raise UsageError(say("{app-id} is {}", repr(app_id)), fix="Copy the App ID from the App's settings.")
    return AppKey(app_id=app_id, pem=_read_pem(key))


def _read_pem(text: str) -> str:
    if not text.startswith("-----"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            text = ""
    lines = text.replace("\\r", "").replace("\\n", "\n").splitlines()
    pem = "\n".join(line.strip() for line in lines if line.strip())
    if not _PEM.fullmatch(pem):
        fix = "Paste all of the .pem file that GitHub made, from `-----BEGIN` to `-----END … KEY-----`."
        raise UsageError(say("{app-private-key} is no private key of an App"), fix=fix)
    return pem
