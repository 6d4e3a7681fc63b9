"""A path that isn't there is told with what might be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from promotion.edges.local_definition import locate_definition, require_folder
from promotion.errors import UsageError


def test_a_repository_named_as_on_github_is_told_its_address() -> None:
    with pytest.raises(UsageError, match=r"by its address: `https://github\.com/acme/cluster-hld@BRANCH`"):
        require_folder("acme/cluster-hld")


def test_a_missing_folder_shows_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "cluster-hld").mkdir()
    with pytest.raises(UsageError, match=r"Did you mean .*/cluster-hld\?"):
        require_folder(str(tmp_path / "cluster-hdl"))


def test_a_folder_is_what_it_is_even_with_a_sign_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "hld@dev"
    folder.mkdir()
    assert locate_definition(str(folder)) == str(folder)
