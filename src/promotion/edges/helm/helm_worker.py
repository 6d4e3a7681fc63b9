"""The process in which charts are rendered, since a chart can end the process that renders it.

It reads requests from its standard input and answers on its standard output, both in JSON
(`promotion.edges.message_frames`). It ends when its input does, in the middle of a render too.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from promotion.edges.message_frames import read_frame, write_frame

if TYPE_CHECKING:
    from promotion.errors import PromotionError

_MOST_LOGGED = 64 * 1024  # bytes of one render's warnings


def main() -> None:
    """Answer requests until there are no more."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed by mistake isn't an answer
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    # Go starts in threads of its own, which takes 60 ms; what imports the rest is this one.
    threading.Thread(target=_load, daemon=True).start()
    import json

    import_module("promotion.edges.helm.helm_library")
    while True:
        request = json.loads(requests.get())
        write_frame(replies, json.dumps(_answer(request), ensure_ascii=False).encode("utf-8", "replace"))


def _load() -> None:
    """Load Helm's code before anybody asks. Whoever asks is told if that fails."""
    with suppress(Exception):
        import_module("helm_python")


def _receive(requests: queue.SimpleQueue[bytes]) -> None:
    try:
        while True:
            requests.put(read_frame(sys.stdin.buffer))
    except EOFError:
        os._exit(0)


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict
    from pathlib import Path

    from promotion.edges.helm.helm_library import HelmLibrary
    from promotion.errors import PromotionError
    from promotion.rendering.charts.helm_refusals import crash
    from promotion.rendering.model import Release

    warnings: list[str] = []
    try:
        helm = HelmLibrary(
            scratch=Path(request["scratch"]),
            kube_version=request["kube_version"],
            api_versions=request["api_versions"],
            cluster_apis=request["cluster_apis"],
            include_crds=request["include_crds"],
            skip_tests=request["skip_tests"],
            warn=warnings.append,
        )
        arguments = request["release"]
        release = Release(**{**arguments, "chart": Path(arguments["chart"])})
        answer: dict[str, Any] = {"result": asdict(helm.render(release))}
    except PromotionError as error:
        answer = _describe(error)
    except MemoryError:
        answer = _describe(crash("out of memory"))
    except Exception as error:
        answer = {"defect": f"{type(error).__name__}: {error}"}
    return {**answer, "warnings": [*warnings, *_take_log()]}


def _describe(error: PromotionError) -> dict[str, Any]:
    """Return the error as JSON; each of its texts in the words of both places."""
    from promotion.common.phrases import spell_for_terminal

    what, fix = ([text, spell_for_terminal(text)] for text in (error.what, error.fix))
    return {"error": type(error).__name__, "what": what, "fix": fix}


def _take_log() -> list[str]:
    """Return what Go printed to the error stream, which is a file."""
    log = os.pread(2, _MOST_LOGGED, 0)
    if not log:
        return []
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    from promotion.rendering.charts.helm_refusals import read_messages

    return read_messages(log.decode("utf-8", "replace"))[0]
