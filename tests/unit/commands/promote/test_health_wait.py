"""Which deployments tell how an environment is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from promotion.commands.promote.health_wait import find_waiting
from promotion.commands.promote.promote_github import PromotionHosts

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TIP = "a" * 40


class Record:
    """Deployments to all environments, whichever is asked for, as GitHub lists them by a repository's old
    name: PyGithub follows its redirect without the query.
    """

    def __init__(self, **states: str) -> None:
        self.states = states

    def recent(self, environment: str) -> Sequence[dict[str, Any]]:
        return [{"id": number, "sha": TIP, "environment": name} for number, name in enumerate(self.states)]

    def statuses(self, identifier: int) -> Sequence[dict[str, Any]]:
        moment = (NOW - timedelta(hours=25)).isoformat()
        return [{"state": [*self.states.values()][identifier], "created_at": moment}]


def judge(record: Record) -> str:
    hosts: Any = type("_Hosts", (), {"deployments": record, "now": NOW})
    typed: PromotionHosts = hosts
    return str(find_waiting("dev", TIP, "dev", timedelta(hours=24), typed) or "")


def test_those_to_other_environments_do_not() -> None:
    assert judge(Record(dev="failure", prod="success")) == "the deployment to dev has failed"
    assert judge(Record(dev="success", prod="failure")) == ""
    assert judge(Record(prod="success")) == "no deployment to dev is on record"


def test_upper_case_is_no_other_environment() -> None:
    assert judge(Record(Dev="success")) == ""
