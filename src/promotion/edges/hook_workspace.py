"""Fabrikate hooks: shell commands, run in a working copy of ours, never in the user's folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from promotion.common.text import line
from promotion.edges.child_process import ProcessRunner, read_text
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.errors import RenderError
from promotion.rendering.model import Snapshot

_TIMEOUT = 600.0  # seconds
_SHOWN = 20  # lines of a failed hook's output
_QUOTED = re.compile(r"'[^']*'")  # nothing is filled in there
_USED = re.compile(r"(?<!\\)\$(?:\{#?(?P<braced>[A-Za-z_]\w*)|(?P<plain>[A-Za-z_]\w*))", re.ASCII)
_SET = re.compile(
    r"(?:^|[\s;&|({])(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=|\b(?:for|read(?:\s+-\w+)*)\s+([A-Za-z_]\w*)",
    re.ASCII,
)


class HookWorkspace:
    """A working copy in which hooks run (`promotion.rendering.definition.hook_stages.Workspace`).

    A hook gets `PATH`, proxy and certificate settings, and `HOME` and `TMPDIR` in scratch space. Unlike
    Fabrikate's, it inherits nothing else, so that no token or input reaches it.

    Args:
        source: the definition's source, of which a copy is made.
        scratch: an existing folder for the copy.
        withheld: the names of variables that are set where we run, and that no hook gets.
        warn: told of hooks that use one.
    """

    def __init__(
        self,
        source: Snapshot,
        commands: ProcessRunner,
        scratch: Path,
        *,
        withheld: Collection[str] = (),
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._withheld, self._warn = withheld, warn
        self._commands, self._scratch = commands, scratch.resolve()
        self._revision = source.revision
        self._root = self._scratch / "working-copy"
        # A folder as it is, for nobody may need a link in it that leads out.
        self.place("", source.root if isinstance(source, FolderSnapshot) else source.export(""))

    def open(self, path: str, *, revision: str = "") -> Snapshot:
        """Return the files as they are whenever they are read. Exports copy them at the first export."""
        return FolderSnapshot(self._root / path, self._scratch, revision=revision or self._revision)

    def place(self, path: str, content: Path | bytes) -> None:
        """Put a copy of a folder, or a file, there, in the place of what is there."""
        target = self._root / path
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copytree(content, target, symlinks=True, ignore=self._leave_out)

    def _leave_out(self, folder: str, names: list[str]) -> list[str]:
        """Return git's own files, and our scratch folder, should it lie in the folder that is copied."""
        return [name for name in names if name == ".git" or Path(folder, name) == self._scratch]

    def run(self, command: str, path: str, *, phase: str) -> None:
        """Run a hook with `sh -c` in a folder of the working copy.

        Raises:
            RenderError: it ended with another exit code than 0; with the end of what it printed.
            CommandTimeoutError: it ran for more than ten minutes.
        """
        if missing := [name for name in list_variables(command) if name in self._withheld]:
            named = ", ".join(f"${name}" for name in missing)
            self._warn(
                f"the {phase} hook `{line(command)}` uses {named}, which is empty there: no hook gets "
                "variables of the runner but PATH and those of proxies and certificates. Have it read a file"
            )
        done = self._commands.run(["sh", "-c", command], cwd=self._root / path, timeout=_TIMEOUT)
        if done.code == 0:
            return
        printed = self._commands.show(f"{read_text(done.stdout)}{done.stderr}")
        lines = printed.rstrip().splitlines()[-_SHOWN:]
        shown = "\n".join(["", *lines]) if lines else ""
        raise RenderError(f"the {phase} hook `{command.strip()}` ended with exit code {done.code}{shown}")


def list_variables(command: str) -> list[str]:
    """Return the variables that a command uses and doesn't set itself, in their order.

    Those that its programs and scripts use can't be seen here.
    """
    own = {name for match in _SET.finditer(command) for name in match.groups() if name}
    # Within double quotes an apostrophe is no quote; then a name too many is found, and not one too few.
    text = command if '"' in command else _QUOTED.sub("", command)
    used = (match["braced"] or match["plain"] for match in _USED.finditer(text))
    return [name for name in dict.fromkeys(used) if name not in own]
