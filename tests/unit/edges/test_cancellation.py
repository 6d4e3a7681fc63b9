"""Ending a run early: whoever waits is woken, whatever runs is ended, nothing new begins."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from promotion.edges.cancellation import SIGNALS, Cancellation, on_signals
from promotion.edges.child_process import ProcessRunner
from promotion.errors import CancelledError


def test_one_that_sleeps_is_woken() -> None:
    cancellation = Cancellation()
    threading.Timer(0.1, cancellation.cancel, [signal.SIGTERM]).start()
    start = time.monotonic()
    with pytest.raises(CancelledError) as caught:
        cancellation.sleep(30)
    assert time.monotonic() - start < 5
    assert caught.value.number == signal.SIGTERM


def test_programs_are_ended_with_their_children_and_no_other_starts(tmp_path: Path) -> None:
    cancellation = Cancellation()
    commands = ProcessRunner(os.environ, str, tmp_path, cancellation=cancellation)
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(commands.run, ["sh", "-c", "sleep 30 & sleep 30"], timeout=60) for _ in range(4)]
        time.sleep(0.3)
        cancellation.cancel(signal.SIGINT)
        assert all(isinstance(end.exception(), CancelledError) for end in ends)
    assert time.monotonic() - start < 5
    with pytest.raises(CancelledError):
        commands.run(["touch", tmp_path / "started"], timeout=60)
    assert not (tmp_path / "started").exists()


def test_what_nobody_waits_for_is_cleaned_up_all_the_same() -> None:
    cancellation, cleaned = Cancellation(), list[str]()
    with cancellation.cleaning(lambda: cleaned.append("at the end")):
        assert cleaned == []
    with cancellation.cleaning(lambda: cleaned.append("early")):
        cancellation.clean_up()
        assert cleaned == ["at the end", "early"]


@pytest.fixture(autouse=True)
def _handlers_are_kept() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def fail(number: int) -> None:
    raise AssertionError(f"signal {number}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_heard_in_another_thread(number: signal.Signals) -> None:
    heard = Future[int]()
    with on_signals(heard.set_result, grace=60, give_up=fail):
        os.kill(os.getpid(), number)
        assert heard.result(5) == number
        os.kill(os.getpid(), number)  # comes too late to matter
    os.kill(os.getpid(), number)


def test_without_a_signal_all_is_as_it_was() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with on_signals(fail, grace=0, give_up=fail):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_that_does_not_end_is_given_up() -> None:
    given_up = Future[int]()
    with on_signals(lambda _: None, grace=0.1, give_up=given_up.set_result):
        os.kill(os.getpid(), signal.SIGINT)
        assert given_up.result(5) == signal.SIGINT


def test_a_signal_that_our_caller_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with on_signals(fail, grace=0, give_up=fail):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        os.kill(os.getpid(), signal.SIGHUP)
