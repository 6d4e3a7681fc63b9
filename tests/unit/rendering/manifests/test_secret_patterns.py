from __future__ import annotations

import pytest

from promotion.errors import UsageError
from promotion.rendering.manifests.plain_secrets import PlainSecret, is_allowed
from promotion.rendering.manifests.secret_patterns import check_patterns


@pytest.mark.parametrize(
    ("pattern", "namespace", "allowed"),
    [
        ("pets/db", "pets", True),
        ("pets/*", "pets", True),
        ("*/db", "pets", True),
        ("*/db", "", True),
        ("p*s/d*", "pets", True),
        ("*/*", "pets", True),
        ("pets/d", "pets", False),
        ("pets/db", "", False),
        ("other/db", "pets", False),
        ("PETS/db", "pets", False),
        ("pets/.*", "pets", False),
    ],
)
def test_an_allow_list_names_secrets(pattern: str, namespace: str, allowed: bool) -> None:
    secret = PlainSecret(namespace=namespace, name="db", keys=("a",))
    assert is_allowed(secret, ["nobody/else", pattern]) is allowed
    assert check_patterns([pattern]) == (pattern,)


@pytest.mark.parametrize("pattern", ["db", "*", "/db", "pets/", "a/b/c"])
def test_a_pattern_without_both_parts_is_an_error(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"isn't `namespace/name`"):
        check_patterns(["pets/db", pattern])
