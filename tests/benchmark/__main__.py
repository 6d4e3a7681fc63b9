"""Run the benchmark and write docs/performance.md's tables: `make bench`.

python -m benchmark [--sizes 10,50,200,800] [--transports local,http] [--rounds 3] [--delays 0,0.04]
                    [--large 20x200] [--no-charts] [--times-only] [--fab PATH] [--write]

One row alone: `--sizes 10 --transports local --large "" --no-charts`. `--write` leaves the page's other rows.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from benchmark.chart_rows import PROMOTION, ChartResult, measure_charts
from benchmark.estates import BRANCH, MANIFESTS, Estate, build
from benchmark.measure import Measured, Server, count_processes, measure, middle
from benchmark.tables import FAB, Result, write
from support.tools import helm_program

SCENARIOS = ("cold", "nothing changed", "one changed", "config of all")
_VAST = 800  # applications; from here on one round must do
_T = TypeVar("_T")
_TESTS = Path(__file__).resolve().parents[1]


def main() -> None:
    arguments = _read_arguments()
    results = []
    for transport in arguments.transports:
        for applications in arguments.sizes:
            results += _measure_estate(arguments, transport, applications, 0)
    if arguments.large:
        count, megabytes = map(int, arguments.large.split("x"))
        results += _measure_estate(arguments, "http", count, megabytes * 1_000_000)
    charts = _measure_charts(arguments.rounds) if arguments.charts else []
    write(results, charts, arguments.output, save=arguments.write)


def _read_arguments() -> argparse.Namespace:
    def list_of(kind: Callable[[str], _T]) -> Callable[[str], list[_T]]:
        return lambda text: [kind(part) for part in text.split(",") if part]

    parser = argparse.ArgumentParser(
        prog="benchmark", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=list_of(int), default=[10, 50, 200, 800], help="empty for none")
    parser.add_argument("--transports", type=list_of(str), default=["local", "http"])
    parser.add_argument("--rounds", type=int, default=3, help="the largest estates have one")
    parser.add_argument("--delays", type=list_of(float), default=[0.0, 0.04], help="seconds of a round trip")
    parser.add_argument("--large", default="20x200", help="repositories x MB each; empty leaves it out")
    parser.add_argument("--no-charts", dest="charts", action="store_false", help="leave out the charts")
    parser.add_argument(
        "--times-only", action="store_true", help="look at neither memory nor started programs"
    )
    parser.add_argument(
        "--fab", default="", help="a fab program to compare with; else the processes that it starts"
    )
    parser.add_argument("--write", action="store_true", help="write what was measured into the page")
    parser.add_argument("--output", type=Path, default=_TESTS.parent / "docs/performance.md")
    return parser.parse_args()


def _measure_estate(
    arguments: argparse.Namespace, transport: str, applications: int, ballast: int
) -> list[Result]:
    """Both sides side by side, alternating, for each length of a round trip."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        root = Path(folder) / "root"
        server = stack.enter_context(_serve(root)) if transport == "http" else None
        _say(
            f"building {applications} applications, {transport}"
            + (f", with {ballast // 1_000_000} MB each" if ballast else "")
        )
        url = server.url if server else f"file://{root}"
        estate = build(root, url, applications, ballast=ballast)
        is_vast = bool(ballast) or applications >= _VAST
        rounds = 1 if is_vast else arguments.rounds
        delays = arguments.delays if server else [0.0]
        results = []
        for delay in delays[:1] if is_vast else delays:
            if server:
                server.delay(delay)
            results.append(_measure_rounds(arguments, estate, server, Path(folder), delay, rounds, ballast))
        return results


def _measure_charts(rounds: int) -> list[ChartResult]:
    _say("rendering single charts")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return measure_charts(Path(folder), _make_environment(Path(folder)), rounds=rounds)


def _make_environment(folder: Path) -> dict[str, str]:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "TMPDIR": str(scratch), "PYTHONPATH": str(_TESTS)}


def _measure_rounds(
    arguments: argparse.Namespace,
    estate: Estate,
    server: Server | None,
    folder: Path,
    delay: float,
    rounds: int,
    ballast: int,
) -> Result:
    bench = _Bench(estate, server, folder, arguments.fab)
    theirs: list[Measured] = []
    ours: dict[str, list[Measured]] = {name: [] for name in SCENARIOS}
    for turn in range(rounds):
        theirs.append(bench.measure_theirs())
        for name in SCENARIOS:
            bench.prepare(name)
            ours[name].append(bench.measure_ours())
        times = [
            f"baseline {theirs[-1].wall:.2f} s",
            *(f"{name} {ours[name][-1].wall:.2f} s" for name in ours),
        ]
        way = f"{delay * 1000:.0f} ms" if server else "local"
        _say(f"{len(estate.names)} applications, {way}, round {turn + 1}: {', '.join(times)}")
    memory, processes = ({}, {}) if arguments.times_only else bench.look_closer()
    return Result(
        applications=len(estate.names),
        is_local=server is None,
        factor=1.0 if arguments.fab else FAB,
        ballast=ballast,
        size=estate.size,
        delay=delay,
        baseline=middle(theirs),
        ours={name: middle(runs) for name, runs in ours.items()},
        memory=memory,
        processes=processes,
    )


class _Bench:
    """The commands of both sides on one estate."""

    def __init__(self, estate: Estate, server: Server | None, folder: Path, fab: str) -> None:
        self._estate, self._server, self._turn = estate, server, 0
        self._environment = _make_environment(folder)
        self._ours = [
            PROMOTION, "materialize", "--environment", BRANCH,
            "--hld-repository", estate.address("hld"), "--manifest-repository", estate.address(MANIFESTS),
        ]  # fmt: skip
        words = [sys.executable, "-m", "benchmark.baseline", helm_program(), estate.url, *estate.names]
        if fab:
            words = [sys.executable, "-m", "benchmark.fab", fab, estate.address("hld"), BRANCH]
        self._theirs = words

    def measure_theirs(self) -> Measured:
        return measure(self._theirs, self._environment, self._server)

    def measure_ours(self, *, watch: bool = False) -> Measured:
        measured = measure(self._ours, self._environment, self._server, watch=watch)
        assert self._estate.manifests() == len(self._estate.names) + 1
        return measured

    def prepare(self, scenario: str) -> None:
        """Change the estate, so that the next run is of the scenario."""
        self._turn += 1
        if scenario == "cold":
            self._estate.forget()
        elif scenario == "one changed":
            self._estate.release(self._estate.names[len(self._estate.names) // 3], f"1.0.{self._turn}")
        elif scenario == "config of all":
            self._estate.configure(2 + self._turn)

    def look_closer(self) -> tuple[dict[str, float], dict[str, int | None]]:
        """Memory (MB) and started programs by scenario; both need time, so they aren't in the timed runs."""
        memory: dict[str, float] = {}
        processes: dict[str, int | None] = {}
        memory["baseline"] = measure(self._theirs, self._environment, self._server, watch=True).memory
        processes["baseline"] = count_processes(self._theirs, self._environment)
        for name in SCENARIOS:
            self.prepare(name)
            memory[name] = self.measure_ours(watch=True).memory
            self.prepare(name)
            processes[name] = count_processes(self._ours, self._environment)
        return memory, processes


@contextlib.contextmanager
def _serve(root: Path) -> Iterator[Server]:
    root.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-m", "benchmark.server", str(root), str(port)]
    process = subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(_TESTS)})
    try:
        server = Server(f"http://127.0.0.1:{port}")
        for _ in range(100):
            with contextlib.suppress(OSError):
                server.take()
                break
            time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
