"""Write the tables of README.md from the code: inputs, outputs, placeholders of the commit message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from promotion.core.inputs import MATERIALIZE, MATERIALIZE_OUTPUTS
from promotion.core.message import PLACEHOLDERS
from promotion.core.settings import markdown_table

README = Path(__file__).resolve().parents[1] / "README.md"


def tables() -> Mapping[str, str]:
    """Each table by the name of its markers."""
    outputs = [f"| `{output.name}` | {output.help} |" for output in MATERIALIZE_OUTPUTS]
    placeholders = [f"| `{{{name}}}` | {meaning} |" for name, meaning in PLACEHOLDERS.items()]
    return {
        "inputs": markdown_table(MATERIALIZE),
        "outputs": "\n".join(["| output | meaning |", "|---|---|", *outputs, ""]),
        "placeholders": "\n".join(["| placeholder | becomes |", "|---|---|", *placeholders, ""]),
    }


def fill(text: str) -> str:
    """The text with each table between its markers."""
    for name, table in tables().items():
        marked = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        text, count = marked.subn(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}<!-- /{n} -->", text)
        if count != 1:
            raise SystemExit(f"README.md has the markers of {name} {count} times")
    return text


if __name__ == "__main__":
    README.write_text(fill(README.read_text("utf-8")), "utf-8")
