"""Plan and write the files of `promotion init`: new ones are written, others kept unless forced."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promotion.commands.init.inputs import SetupRequest
from promotion.commands.init.ownership_template import ownership_file
from promotion.commands.init.readme_section import BEGIN, make_section, merge_section
from promotion.commands.init.workflow_templates import adapt, choose, rules_file
from promotion.common.console import Console
from promotion.rendering.materialize_request import OWNERSHIP_FILE

_WORKFLOWS = ".github/workflows"
_RULES = ".github/promotion.yml"
_README = "README.md"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """One file: its present content (None if missing), its planned content, and whether to write it.

    `differs` are those that somebody has changed, or that another version wrote.
    """

    path: str
    before: str | None
    after: str
    state: Literal["new", "extended", "same", "differs"]

    @property
    def difference(self) -> str:
        """A unified diff."""
        old, new = (self.before or "").splitlines(), self.after.splitlines()
        return "\n".join(difflib.unified_diff(old, new, self.path, self.path, lineterm=""))


def plan_files(
    request: SetupRequest,
    examples: Mapping[str, str],
    read: Callable[[str], str | None],
) -> Sequence[Placement]:
    """Return all files that a repository gets, in order of their paths.

    Args:
        examples: the published workflows by file name.
        read: a file of the folder, or None.

    Raises:
        UsageError: the README's markers are broken.
    """
    chosen = choose(request)
    wanted = {f"{_WORKFLOWS}/{name}": adapt(examples[example], request) for name, example in chosen.items()}
    if request.kind != "manifests" and len(request.branches) > 1:
        wanted[_RULES] = rules_file(request)
    if request.kind == "hld":
        wanted[OWNERSHIP_FILE] = ownership_file(request)
    placements = [_place(path, text, read(path)) for path, text in wanted.items()]
    placements.append(_place_readme(request, [*chosen], read(_README)))
    return sorted(placements, key=lambda placement: placement.path)


def _place(path: str, text: str, present: str | None) -> Placement:
    if present is None:
        return Placement(path=path, before=None, after=text, state="new")
    is_same = present.replace("\r\n", "\n") == text  # git may have written it with Windows' line ends
    return Placement(path=path, before=present, after=text, state="same" if is_same else "differs")


def _place_readme(request: SetupRequest, files: Sequence[str], present: str | None) -> Placement:
    own = {"application": "An application", "hld": request.hld, "manifests": request.manifests}[request.kind]
    section = make_section(request, files=files)
    after = merge_section(present, section, own.rpartition("/")[2])
    if present is None:
        return Placement(path=_README, before=None, after=after, state="new")
    if after == present:
        return Placement(path=_README, before=present, after=after, state="same")
    state: Literal["extended", "differs"] = "differs" if BEGIN in present else "extended"
    return Placement(path=_README, before=present, after=after, state=state)


_SAID = {"new": "write", "extended": "add to", "same": "is as it should be:", "differs": "replace"}


def install(
    placements: Sequence[Placement],
    write: Callable[[str, str], None],
    console: Console,
    *,
    force: bool,
    dry_run: bool,
) -> bool:
    """Write the missing files, and with `force` those that differ. Show each difference.

    Returns:
        Whether all files are, or would be, as planned: none was kept as it is.
    """
    kept = [placement for placement in placements if placement.state == "differs" and not force]
    for placement in placements:
        if placement in kept:
            console.warning(f"{placement.path} is there and differs, so it stays")
            console.diff(placement.difference)
            continue
        would = "would " if dry_run and placement.state != "same" else ""
        console.info(f"{would}{_SAID[placement.state]} {placement.path}")
        if placement.state != "same" and (dry_run or placement.state != "new"):
            console.diff(placement.difference)
        if placement.state != "same" and not dry_run:
            write(placement.path, placement.after)
    if kept:
        names = ", ".join(placement.path for placement in kept)
        console.warning(f"not replaced: {names}; give --force to replace what differs")
    return not kept
