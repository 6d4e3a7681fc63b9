"""Helm's own Go code, in processes of ours that charts may end."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from promotion import errors
from promotion.common.phrases import Phrase
from promotion.edges.child_process import ProcessRunner
from promotion.edges.worker_process import Worker, WorkerEndedError
from promotion.errors import PromotionError
from promotion.rendering.charts.helm_refusals import MOST_MEMORY, crash, endless
from promotion.rendering.charts.release_manifest import values_text
from promotion.rendering.definition.part_times import ENDLESS, PartTimes, make_overdue
from promotion.rendering.model import Release, Rendered

_SLOW = 0.5  # seconds; a worker that hasn't answered by then has a chart that takes long
_BUSY = 0.05  # seconds after the first answer; whoever still waits then isn't soon done
VERSION = "4.2.3"  # of the Go code in helm-python-sdk 0.2.2
_ENVIRONMENT = {
    # Go tidies up before it fails, and says what failed without the state of every thread.
    "GOMEMLIMIT": f"{MOST_MEMORY * 3 // 4}B",
    "GOTRACEBACK": "single",
}


class EmbeddedHelm:
    """Renders charts without a `helm` program. Threads may share it.

    A render reads the chart, and nothing of the user's home, environment or cluster. Each worker process
    renders one chart at a time; one that a chart has ended is replaced.

    Args:
        commands: starts the processes.
        scratch: a folder for logs and copies of charts.
        kube_version: what charts see as `.Capabilities.KubeVersion`; empty for `KUBE_VERSION`.
        api_versions: more of `.Capabilities.APIVersions`.
        cluster_apis: what charts see there in place of all that Helm knows; empty for just that.
        include_crds: whether the files in folders `crds/` are printed, too.
        skip_tests: whether Helm's tests are left out.
        warn: takes each warning, one line.
        limit: seconds that one chart may take.
        workers: how many processes there may be.
        times: what parts of a definition have, each for all of its charts.
    """

    version = VERSION

    def __init__(
        self,
        *,
        commands: ProcessRunner,
        scratch: Path,
        kube_version: str = "",
        api_versions: Sequence[str] = (),
        cluster_apis: Sequence[str] = (),
        include_crds: bool = False,
        skip_tests: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        limit: float = 120.0,
        workers: int = 0,
        times: PartTimes = ENDLESS,
    ) -> None:
        self._commands, self._scratch = commands, scratch
        self._options = {
            "scratch": str(scratch),
            "kube_version": kube_version,
            "api_versions": list(api_versions),
            "cluster_apis": list(cluster_apis),
            "include_crds": include_crds,
            "skip_tests": skip_tests,
        }
        self._warn = warn
        self._limit, self._times = limit, times
        self._computed: defaultdict[str, float] = defaultdict(
            float
        )  # seconds of a processor that the charts of each part took
        self._workers: set[Worker] = set()
        self._most = self._unstarted = workers or os.cpu_count() or 1
        self._idle: list[Worker] = []
        self._changed = threading.Condition()
        self._helpful = math.inf  # when one more worker may be started beside those at work

    def prepare(self) -> None:
        """Start a process, which loads Helm while nobody asks it yet."""
        with suppress(PromotionError), self._worker():  # who renders is told
            pass

    def template(self, release: Release) -> str:
        """Return what `helm template` prints for a release; errors as of `render`."""
        return self.render(release).text

    def render(self, release: Release) -> Rendered:
        """Return what `helm template` prints for a release, and what it leaves out.

        Raises:
            RenderError: Helm refuses the chart or its values, takes too long, or the chart ended it.
        """
        values = json.loads(values_text(release.values))
        names = {"name": release.name, "namespace": release.namespace, "label": release.label}
        request = {**names, "chart": str(release.chart), "values": values}
        return self._ask({"release": request, **self._options}, release.part)

    def close(self) -> None:
        """End the processes, also those that are at work."""
        for worker in list(self._workers):
            worker.close()

    def _ask(self, request: dict[str, Any], part: str) -> Rendered:
        limit = 0.0
        try:
            with self._worker() as worker, self._times.spending(part) as left:
                if left <= 0:
                    raise self._tell_overdue("charts of it are still to be rendered", part)
                limit, before = min(self._limit, left), worker.processor_time
                self._help_in(_SLOW)
                answer = json.loads(worker.ask(json.dumps(request).encode(), limit=limit))
                self._help_in(_BUSY)
                self._computed[part] += worker.processor_time - before
        except WorkerEndedError as error:
            if not error.timed_out:
                raise crash(error.log) from None
            self._computed[part] += error.computed
            raise self._tell_late(error, part, is_own=limit == self._limit) from None
        for warning in answer["warnings"]:
            self._warn(warning)
        if "defect" in answer:
            raise RuntimeError(answer["defect"])
        if "error" in answer:
            known: type[PromotionError] = getattr(errors, answer["error"])
            raise known(Phrase(*answer["what"]), fix=Phrase(*answer["fix"]))
        return Rendered(**answer["result"])

    def _tell_late(self, error: WorkerEndedError, part: str, *, is_own: bool) -> PromotionError:
        """Return the error for a chart that took too long.

        It is the chart's own fault if it has kept a processor busy for at least half of the time. Else
        servers had used up the time of its part before, or this machine had no processor free.
        """
        limit = self._limit if is_own else self._times.limit
        if not is_own and error.computed < limit / 2:
            return self._tell_overdue("charts of it are still to be rendered", part)
        found = endless(limit)
        found.is_passing = 0 < error.computed < limit / 2
        return found

    def _tell_overdue(self, what: str, part: str) -> PromotionError:
        limit = self._times.limit
        return make_overdue(what, part, limit, is_passing=self._computed[part] < limit / 2)

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        """Open a worker of one's own, as long as it is needed."""
        worker = self._take() or self._start()
        try:
            yield worker
        except WorkerEndedError:
            self._workers.discard(worker)
            self._give(None)
            self._commands.check()
            raise
        except BaseException:
            self._give(worker)
            raise
        self._give(worker)

    def _take(self) -> Worker | None:
        """Return a worker that is idle; None if one more is to be started.

        Beside others one is started only when they have been at work for a while: to load Helm takes as long
        as dozens of small charts.
        """
        with self._changed:
            while not self._idle:
                left = self._helpful - time.monotonic() if self._unstarted < self._most else 0
                if self._unstarted and left <= 0:
                    self._unstarted -= 1
                    return None
                timeout = left if self._unstarted and left < math.inf else None
                self._changed.wait(timeout)
            return self._idle.pop()

    def _give(self, worker: Worker | None) -> None:
        """Let others have a worker; None if it isn't there any more."""
        with self._changed:
            if worker:
                self._idle.append(worker)
            else:
                self._unstarted += 1
            self._changed.notify()

    def _help_in(self, seconds: float) -> None:
        """Let one more worker be started after so long, or as it was said before."""
        with self._changed:
            before, self._helpful = self._helpful, min(self._helpful, time.monotonic() + seconds)
            if self._helpful < before:
                self._changed.notify_all()

    def _start(self) -> Worker:
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            worker = Worker(
                "promotion.edges.helm.helm_worker",
                commands=self._commands,
                environment={**_ENVIRONMENT, "TMPDIR": str(self._scratch)},
                scratch=self._scratch,
                memory=MOST_MEMORY,
            )
        except BaseException:
            self._give(None)
            raise
        self._workers.add(worker)
        return worker
