"""Doing a thing once per run, however many threads ask for it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from promotion.errors import PromotionError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """A memory with a lock for each key: the first caller makes the value, the others wait for it.

    A failure is remembered as well, so that every caller sees it. Each gets a copy of its own of a
    `PromotionError`, because callers add to an error what they know of its place.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[K, Future[V]] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of a key, made by `make` if nobody has asked before.

        `make` may not ask for its own key.
        """
        with self._lock:
            future = self._futures.get(key)
            is_first = future is None
            if future is None:
                future = self._futures[key] = Future()
        if is_first:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
        try:
            return future.result()
        except PromotionError as error:
            raise copy.copy(error) from error.__cause__

    def known(self, key: K) -> V | None:
        """Return the value of a key if it is made already, and no failure."""
        with self._lock:
            future = self._futures.get(key)
        return None if future is None or not future.done() or future.exception() else future.result()
