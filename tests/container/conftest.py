"""The image, built once, and a container of it for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support import image

NAME = "localhost/promotion-test"


@pytest.fixture(scope="session")
def built() -> Iterator[str]:
    if os.geteuid() or (missing := image.missing_programs()):
        wanted = "root" if os.geteuid() else f"`apt-get install {' '.join(missing)}`"
        pytest.skip(f"NOT TESTED HERE: building the image needs {wanted}")
    image.build(NAME)
    yield NAME
    image.buildah("rmi", "--force", NAME)


@pytest.fixture(scope="session")
def container(built: str) -> Iterator[image.Container]:
    with image.Container(built) as made:
        yield made
