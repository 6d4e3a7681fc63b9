"""Write from the code what says the same: action.yml files, and the documents' tables.

The README has those of the main action; that of another action has its own in docs/<command>.md. The example
workflows are copied into the package, from where `promotion init` takes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path

from promotion.cli.catalog import COMMANDS, Action, Command
from promotion.common.backoff import RETRIES, Backoff
from promotion.common.settings import Input
from promotion.publishing.commit_message import PLACEHOLDERS

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, PACKAGED = ROOT / "examples/workflows", ROOT / "src/promotion/workflows"


def documents() -> Mapping[Path, Callable[[str], str]]:
    """Return each document with what fills in its tables, and each action.yml with what writes it."""
    reliability = partial(_fill, {"retries": _retries()})
    found: dict[Path, Callable[[str], str]] = {ROOT / "docs/reliability.md": reliability}
    for name, command in COMMANDS.items():
        if command.action is None:
            continue
        found[ROOT / command.action.folder / "action.yml"] = partial(
            _describe_action, name, command, command.action
        )
        if not command.action.folder:
            rows = ((f"`{{{word}}}`", meaning) for word, meaning in PLACEHOLDERS.items())
            more = {"placeholders": _table("placeholder | becomes", rows)}
            found[ROOT / "README.md"] = partial(_fill, {**_tables(command), **more})
        else:
            found[ROOT / f"docs/{name}.md"] = partial(_fill, _tables(command))
    return found


def _tables(command: Command) -> dict[str, str]:
    return {
        "inputs": _table("input | default | meaning", map(_make_row, command.inputs)),
        "outputs": _table("output | meaning", ((f"`{entry.name}`", entry.help) for entry in command.outputs)),
    }


def _make_row(entry: Input) -> Sequence[str]:
    default = entry.default_text or (f"`{entry.default}`" if entry.default else "")
    return (f"`{entry.name}`", "**required**" if entry.required else default, entry.help)


def _retries() -> str:
    rows = (
        (what, str(backoff.attempts), _pauses(backoff), _asked(backoff)) for what, backoff in RETRIES.items()
    )
    return _table("what | attempts | pauses between them | if the server says how long", rows)


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = ["|".join(f" {cell} " if cell else " " for cell in row) for row in rows]
    return "".join(f"|{line}|\n" for line in (f" {head} ", "|".join("---" for _ in head.split("|")), *lines))


def _pauses(backoff: Backoff) -> str:
    """Return the pauses in words, each as a range where chance chooses."""
    words = [
        f"{low:g} to {high:g} s" if low < high else f"{high:g} s" if high else "none"
        for low, high in zip(backoff.pauses(0.0), backoff.pauses(1.0), strict=True)
    ]
    return ", ".join(words if len(words) < 5 else [*words[:2], "…", words[-1]])


def _asked(backoff: Backoff) -> str:
    if backoff.longest_asked == inf:
        return "as long, within the time limit"
    return f"as long, up to {backoff.longest_asked:g} s" if backoff.longest_asked else ""


def _fill(tables: Mapping[str, str], text: str) -> str:
    for name, table in tables.items():
        marked = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        text, count = marked.subn(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}<!-- /{n} -->", text)
        if count != 1:
            raise SystemExit(f"the markers of {name} are there {count} times")
    return text


def _describe_action(name: str, command: Command, action: Action, _: str) -> str:
    """Return an action.yml.

    https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
    """
    lines = [
        "# `make tables` writes this file.",
        f"name: {_quote(f'GitOps Promotion: {name}')}",
        f"description: {_quote(action.description)}",
        "author: The GitOps Promotion maintainers",
        *("branding:", f"  icon: {action.icon}", "  color: blue"),
        *("", "inputs:"),
        *(line for entry in command.inputs for line in _describe_input(entry)),
        *("", "outputs:"),
        *(f"  {entry.name}:\n    description: {_quote(entry.help)}" for entry in command.outputs),
        *("", "runs:", "  using: docker"),
        f"  image: {'../' if action.folder else ''}Dockerfile",
        *(f"  args: [{name}]", ""),
    ]
    return "\n".join(lines)


def _describe_input(entry: Input) -> Sequence[str]:
    default = f" Default: {entry.default_text.replace('**', '')}." if entry.default_text else ""
    lines = [
        f"  {entry.name}:",
        f"    description: {_quote(entry.help + default)}",
        f"    required: {str(entry.required).lower()}",
    ]
    return [*lines, f"    default: {_quote(entry.default)}"] if entry.default else lines


def _quote(text: str) -> str:
    """Return a scalar of YAML, which takes every string of JSON."""
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    for path, fill in documents().items():
        path.write_text(fill(path.read_text("utf-8")), "utf-8")
    for example in EXAMPLES.glob("*.yml"):
        (PACKAGED / example.name).write_bytes(example.read_bytes())
