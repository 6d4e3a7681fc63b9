"""Two components that would write one file."""

from __future__ import annotations

import pytest

from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.file_claims import Claim, check_collisions


def refuse(*paths: str) -> str:
    claims = [Claim(path=path, label=path[:-5], where=Location("component.yaml", 3)) for path in paths]
    with pytest.raises(DefinitionError) as caught:
        check_collisions(claims)
    return caught.value.what


def test_one_name_twice() -> None:
    assert refuse("app.yaml", "app.yaml").endswith("would both be written to app.yaml")


@pytest.mark.parametrize(("one", "other"), [("App.yaml", "app.yaml"), ("e\u0301.yaml", "\u00e9.yaml")])
def test_names_that_some_systems_take_for_one_are_told_so(one: str, other: str) -> None:
    words = f"would be written to {one} and {other}, which are one file where capitals or Unicode forms don't"
    assert words in refuse(one, other)
