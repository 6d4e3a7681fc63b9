"""The program as somebody starts it in a terminal, with a token in the environment."""

from __future__ import annotations

import os
import subprocess

from support.estate import Estate
from support.prepared import run_program


def start(estate: Estate, *words: str, token: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program against the server of an estate, with the estate's token unless another is given."""
    environment = {
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "GITHUB_SERVER_URL": estate.server.url,
        "GITHUB_TOKEN": token or estate.token,
        **variables,
    }
    return run_program(words, env=environment)
