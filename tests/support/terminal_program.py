"""The installed program as somebody starts it in a terminal, with a token in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.estate import Estate


def start(estate: Estate, *words: str, token: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program against the server of an estate, with the estate's token unless another is given."""
    environment = {
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "GITHUB_SERVER_URL": estate.server.url,
        "GITHUB_TOKEN": token or estate.token,
        **variables,
    }
    program = Path(sys.executable).with_name("promotion")
    return subprocess.run(
        [program, *words], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
