"""Which git program there is."""

from __future__ import annotations

import re

from promotion.edges.child_process import ProcessRunner
from promotion.errors import PromotionError

OLDEST = (2, 31)  # the first to read GIT_CONFIG_COUNT
PINNING = (2, 37)  # the first to read http.curloptResolve


def check_git_version(commands: ProcessRunner, oldest: tuple[int, int] = OLDEST) -> None:
    """Refuse a git that is too old for us.

    Raises:
        PromotionError
    """
    words = commands.run(["git", "version"], timeout=60).stdout.decode("utf-8", "replace")
    number = re.search(r"(\d+)\.(\d+)", words)
    if not number or (int(number[1]), int(number[2])) < oldest:
        raise PromotionError(
            f"this git is too old: {words.strip() or 'it tells no version'}",
            fix=f"Install git {'.'.join(str(part) for part in oldest)} or later.",
        )
