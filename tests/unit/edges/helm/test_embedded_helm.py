"""How many processes render charts: as many as are worth their start."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm import embedded_helm
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.worker_process import WorkerEndedError
from promotion.errors import PromotionError
from promotion.rendering.model import Release, Rendered

ANSWER = json.dumps({"result": {"text": "a: 1\n"}, "warnings": []}).encode()


class FakeWorker:
    """Answers, or ends, as `behave` does."""

    behave: Callable[[], None]
    processor_time = 0.0

    def __init__(self, *_: object, **__: object) -> None:
        STARTED.append(self)

    def ask(self, _: bytes, *, limit: float) -> bytes:
        assert limit > 0
        type(self).behave()
        return ANSWER

    def close(self) -> None:
        """Do nothing."""


STARTED: list[FakeWorker] = []


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedHelm]:
    STARTED.clear()
    monkeypatch.setattr(embedded_helm, "Worker", FakeWorker)
    commands = ProcessRunner({}, str, tmp_path)
    yield EmbeddedHelm(commands=commands, scratch=tmp_path, workers=3)


def render(helm: EmbeddedHelm, charts: int) -> list[Rendered]:
    release = Release(name="a", namespace="b", chart=Path("/nowhere"), values={}, label="a")
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(helm.render, [release] * charts))


def test_a_few_small_charts_are_rendered_by_one(helm: EmbeddedHelm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeWorker, "behave", lambda: None, raising=False)
    monkeypatch.setattr(embedded_helm, "_BUSY", 60)
    monkeypatch.setattr(embedded_helm, "_SLOW", 60)
    helm.prepare()
    assert len(render(helm, 30)) == 30
    assert len(STARTED) == 1


def test_more_join_when_the_first_is_busy_for_long(
    helm: EmbeddedHelm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWorker, "behave", lambda: time.sleep(0.02), raising=False)
    monkeypatch.setattr(embedded_helm, "_BUSY", 0.03)
    assert len(render(helm, 30)) == 30
    assert len(STARTED) == 3


def test_more_join_when_the_first_chart_takes_long(
    helm: EmbeddedHelm, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=60)
    monkeypatch.setattr(FakeWorker, "behave", together.wait, raising=False)
    monkeypatch.setattr(embedded_helm, "_SLOW", 0.01)
    assert len(render(helm, 3)) == 3


def test_the_place_of_one_that_ended_is_free(helm: EmbeddedHelm, monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise WorkerEndedError("it ended", timed_out=False)

    monkeypatch.setattr(FakeWorker, "behave", end, raising=False)
    for _ in range(5):
        with pytest.raises(PromotionError):
            render(helm, 1)
    assert len(STARTED) == 5


def test_the_place_of_one_that_could_not_be_started_is_free(
    helm: EmbeddedHelm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PromotionError("the program isn't there")

    monkeypatch.setattr(embedded_helm, "Worker", refuse)
    for _ in range(5):
        with pytest.raises(PromotionError, match="isn't there"):
            render(helm, 1)
