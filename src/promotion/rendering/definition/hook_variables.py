"""Which variables a hook, a shell command, takes from its environment."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'[^']*'")  # nothing is filled in there
_USED = re.compile(r"(?<!\\)\$(?:\{#?(?P<braced>[A-Za-z_]\w*)|(?P<plain>[A-Za-z_]\w*))", re.ASCII)
_SET = re.compile(
    r"(?:^|[\s;&|({])(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=|\b(?:for|read(?:\s+-\w+)*)\s+([A-Za-z_]\w*)",
    re.ASCII,
)


def list_variables(command: str) -> list[str]:
    """Return the variables that a command uses and doesn't set itself, in their order.

    Those that its programs and scripts use can't be seen here.
    """
    own = {name for match in _SET.finditer(command) for name in match.groups() if name}
    # Within double quotes an apostrophe is no quote; then a name too many is found, and not one too few.
    text = command if '"' in command else _QUOTED.sub("", command)
    used = (match["braced"] or match["plain"] for match in _USED.finditer(text))
    return [name for name in dict.fromkeys(used) if name not in own]
