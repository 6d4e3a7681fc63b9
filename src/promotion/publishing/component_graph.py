"""The tree of components as a graph for a job summary."""

from __future__ import annotations

import re
from collections.abc import Mapping

from promotion.common.markdown import details
from promotion.common.text import line

_TREE_NODES = 200  # GitHub's Mermaid gives up on much larger graphs


def draw_components(environment: str, components: Mapping[str, bool]) -> str:
    """Return the definition as a folded Mermaid graph: a node for each component, with changed ones marked.

    Args:
        components: whether each one changes, by its label.
    """
    paths: dict[tuple[str, ...], bool] = {}
    for label, is_changed in components.items():
        names = tuple(label.split("/"))
        for depth in range(1, len(names)):
            paths.setdefault(names[:depth], False)
        paths[names] = is_changed
    shown = sorted(paths)[:_TREE_NODES]
    if not shown:
        return ""
    numbers = {path: index for index, path in enumerate(shown, 1)}
    rows = [f'  n0["{_node(environment)}"]']
    for path, number in numbers.items():
        rows.append(f'  n{numbers.get(path[:-1], 0)} --> n{number}["{_node(path[-1])}"]')
    marked = [f"n{numbers[path]}" for path in shown if paths[path]]
    if marked:
        rows.append("  classDef changed stroke:#bf8700,stroke-width:3px")
        rows.append(f"  class {','.join(marked)} changed")
    more = f"\n… and {len(paths) - len(shown)} more.\n" if len(paths) > len(shown) else ""
    return details("Cluster", "```mermaid\ngraph LR\n" + "\n".join(rows) + "\n```\n" + more)


def _node(text: str) -> str:
    """Return a Mermaid label in which all but plain characters are entities (Mermaid: entity codes)."""
    return re.sub(r"[^\w .@/-]", lambda match: f"#{ord(match.group())};", line(text))
