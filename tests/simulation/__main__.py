"""`make simulate`: many histories, or the one of a seed with its trace."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from multiprocessing import Pool

from simulation.history import Outcome, simulate


def main() -> int:
    """Run the histories that the environment asks for; the exit code says whether a law is broken."""
    if seed := os.environ.get("SEED"):
        outcome = simulate(int(seed))
        print("\n".join(outcome.trace), outcome.broken or "All laws hold.", sep="\n")
        return bool(outcome.broken)
    first, number = int(os.environ.get("FIRST", "0")), int(os.environ.get("HISTORIES", "100000"))
    began, broken, counts = time.monotonic(), list[Outcome](), Counter[str]()
    with Pool() as pool:
        for outcome in pool.imap_unordered(simulate, range(first, first + number), chunksize=20):
            counts += outcome.counts
            if outcome.broken:
                broken.append(outcome)
                print(f"make simulate SEED={outcome.seed}: {outcome.broken}", flush=True)
    for kind, times in sorted(counts.items()):
        print(f"{times:9d}  {kind}")
    print(f"{number} histories in {time.monotonic() - began:.0f} s, {len(broken)} break a law")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
