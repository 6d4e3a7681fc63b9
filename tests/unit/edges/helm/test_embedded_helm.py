"""Which charts are at fault when the time is up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.part_stopwatch import PartStopwatch
from promotion.edges.worker_process import WorkerEndedError
from promotion.errors import PartLimitError, PromotionError, RenderError
from promotion.rendering.model import Release

RELEASE = Release(name="cats", namespace="cats", chart=Path("cats"), values={}, part="cat")


class Slow:
    """A worker that takes too long, and so much of a processor."""

    def __init__(self, computed: float) -> None:
        self._computed, self.processor_time = computed, 0.0

    def ask(self, request: bytes, *, limit: float) -> bytes:
        raise WorkerEndedError("", timed_out=True, computed=self._computed)


def render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: float, *, times: PartStopwatch, **options: Any
) -> PromotionError:
    commands = ProcessRunner({}, str, tmp_path)
    helm = EmbeddedHelm(commands=commands, scratch=tmp_path, times=times, **options)
    monkeypatch.setattr(helm, "_start", lambda: Slow(computed))
    with pytest.raises(PromotionError) as caught:
        helm.render(RELEASE)
    return caught.value


def test_one_that_computes_all_the_time_is_itself_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = render(tmp_path, monkeypatch, 29, times=PartStopwatch(30))
    assert isinstance(error, RenderError)
    assert not error.is_passing
    assert error.what == "Helm was still rendering the chart after 30 s"


def test_if_the_machine_had_no_processor_for_it_it_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = render(tmp_path, monkeypatch, 3, times=PartStopwatch(30))
    assert isinstance(error, PartLimitError)
    assert error.is_passing
    assert "cat has used up the 30 s" in error.what
    assert not render(tmp_path, monkeypatch, 0, times=PartStopwatch(900), limit=60).is_passing
    assert render(tmp_path, monkeypatch, 3, times=PartStopwatch(900), limit=60).is_passing


def test_many_charts_that_take_all_the_time_are_at_fault_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    times = PartStopwatch(30, clock=lambda: now)
    helm = EmbeddedHelm(commands=ProcessRunner({}, str, tmp_path), scratch=tmp_path, times=times)

    class Honest:
        processor_time = 0.0

        def ask(self, request: bytes, *, limit: float) -> bytes:
            nonlocal now
            now += 1
            self.processor_time += 1
            return b'{"result": {"text": "a: 1"}, "warnings": []}'

    monkeypatch.setattr(helm, "_start", Honest)
    for _ in range(30):
        assert helm.render(RELEASE).text == "a: 1"
    with pytest.raises(PartLimitError, match="charts of it are still to be rendered") as caught:
        helm.render(RELEASE)
    assert not caught.value.is_passing
    assert helm.render(Release(name="dogs", namespace="dogs", chart=Path("dogs"), values={}, part="dog"))
