"""Which findings an examination of an estate tells, and how often."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

from promotion.commands.doctor.examination import EstateExamination
from promotion.errors import UnreachableError


def refuse(name: str) -> NoReturn:
    raise UnreachableError(f"{name} can't be reached after 4 attempts: no route", fix="Check the network.")


def test_a_repository_that_cannot_be_reached_is_told_once_for_all_its_branches() -> None:
    request: Any = SimpleNamespace(
        hld="acme/hld",
        hld_path="",
        applications=(),
        manifests="acme/manifests",
        environments={"dev": "dev", "stage": "stage", "prod": "prod"},
    )
    tools: Any = SimpleNamespace(
        helm=SimpleNamespace(version="4"),
        fetcher=SimpleNamespace(
            ask=lambda source, token: refuse(source.url), fetch=lambda source, token: refuse(source.url)
        ),
        open_branch=lambda repository, branch: refuse(repository),
    )
    examination = EstateExamination(
        request=request,
        tools=tools,
        try_push=lambda repository, branch: refuse(repository),
        hosting=None,
        environment={},
        version="1",
    )
    wrong = [
        (check.area, check.what, check.fix)
        for check in examination.examine()
        if check.mark == "wrong" and check.area != "GitHub"
    ]
    said = "can't be reached after 4 attempts: no route"
    assert wrong == [
        ("acme/hld", f"acme/hld {said}", "Check the network."),
        ("acme/manifests", f"acme/manifests {said}", "Check the network."),
    ]
