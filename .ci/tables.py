"""Write the tables of the documents from the code: inputs, outputs, placeholders of the commit message.

The README has those of the main action; that of another action has its own in docs/<command>.md. The example
workflows are copied into the package, from where `promotion init` takes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from promotion.cli.catalog import COMMANDS, Command
from promotion.common.settings import Output, markdown_table
from promotion.publishing.commit_message import PLACEHOLDERS

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, PACKAGED = ROOT / "examples/workflows", ROOT / "src/promotion/workflows"


def documents() -> Mapping[Path, Callable[[str], str]]:
    """Each document with what fills in its tables."""
    found = {}
    for name, command in COMMANDS.items():
        if command.action == "":
            rows = [f"| `{{{word}}}` | {meaning} |" for word, meaning in PLACEHOLDERS.items()]
            more = {"placeholders": "\n".join(["| placeholder | becomes |", "|---|---|", *rows, ""])}
            found[ROOT / "README.md"] = partial(_fill, {**_tables(command), **more})
        elif command.action:
            found[ROOT / f"docs/{name}.md"] = partial(_fill, _tables(command))
    return found


def _tables(command: Command) -> dict[str, str]:
    return {"inputs": markdown_table(command.inputs), "outputs": _outputs(command.outputs)}


def _outputs(table: Sequence[Output]) -> str:
    rows = [f"| `{output.name}` | {output.help} |" for output in table]
    return "\n".join(["| output | meaning |", "|---|---|", *rows, ""])


def _fill(tables: Mapping[str, str], text: str) -> str:
    for name, table in tables.items():
        marked = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        text, count = marked.subn(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}<!-- /{n} -->", text)
        if count != 1:
            raise SystemExit(f"the markers of {name} are there {count} times")
    return text


if __name__ == "__main__":
    for path, fill in documents().items():
        path.write_text(fill(path.read_text("utf-8")), "utf-8")
    for example in EXAMPLES.glob("*.yml"):
        (PACKAGED / example.name).write_bytes(example.read_bytes())
