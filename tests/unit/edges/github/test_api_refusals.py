"""What a refusal of GitHub's means, in words that fit a job and a terminal."""

from __future__ import annotations

import pytest
from github import GithubException

from promotion.edges.github.api_refusals import explain


@pytest.mark.parametrize("status", [429, 500, 502])
def test_what_passes_is_tried_again_by_whoever_reads_it(status: int) -> None:
    error = explain(GithubException(status, {}, {}), "GET", "/repos/acme/shop", "contents: read")
    assert "un it again" in error.fix
    assert "job" not in error.fix, "there is none at a terminal"
