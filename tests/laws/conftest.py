"""The kitchen that the laws share: its charts are written once."""

from __future__ import annotations

import pytest

from support.trees import Kitchen


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    pytest.importorskip("helm_python", reason="NOT TESTED HERE: there is no embedded Helm for this platform")
    return Kitchen.open(tmp_path_factory.mktemp("charts"))
