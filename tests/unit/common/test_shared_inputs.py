"""The allow-list of Secrets in plain text, which several commands take."""

from __future__ import annotations

import pytest

from promotion.common.settings import Settings
from promotion.common.shared_inputs import ALLOWED_SECRETS, read_allowed_secrets
from promotion.errors import UsageError


def read(text: str) -> tuple[str, ...]:
    return read_allowed_secrets(Settings([ALLOWED_SECRETS], {"allowed-secrets": text}))


def test_patterns_are_of_a_namespace_and_a_name() -> None:
    assert read("pets/db, */registry p*s/d*") == ("pets/db", "*/registry", "p*s/d*")
    assert read("") == ()


@pytest.mark.parametrize("pattern", ["db", "*", "/db", "pets/", "a/b/c"])
def test_a_pattern_without_both_parts_is_an_error(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"isn't `namespace/name`"):
        read(f"pets/db {pattern}")
