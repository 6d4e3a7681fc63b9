"""Real fab, run in a copy of the definition that is its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from promotion.common.phrases import say
from promotion.edges.child_process import CommandTimeoutError, ProcessRunner, read_text
from promotion.edges.fab.fab_program import Program
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.edges.git.fab_mirrors import write_mirror
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.git_snapshot import GitSnapshot
from promotion.errors import PromotionError, RenderError, SourceError
from promotion.rendering.fab.clone_layout import Authorized, Pinned, find_relative
from promotion.rendering.fab.fab_limitations import output_folder
from promotion.rendering.fab.fab_output import explain_failure, find_warnings
from promotion.rendering.model import Snapshot
from promotion.rendering.sources.git_source import GitSource

TIMEOUT = 900.0  # seconds for each command; fab itself may go round for ever (bug 21)
NEEDED = ("git", "helm", "sh", "curl")  # what `fab install` looks for on PATH (fab: cmd/install.go:19)


class FabProgram:
    """Runs a fab program. Every copy has a HOME, a TMPDIR and Helm folders of its own, beside it, for fab
    moves files from one to the other (bug 20).

    Args:
        program: the program.
        commands: starts it.
        git: gives its git the sources.
        scratch: a folder of ours.
        search_path: PATH.
        helm: another helm than the one on PATH: its path, or a name on PATH.
        warn: told of fab's warnings.
        timeout: seconds that each of fab's commands may take.

    Raises:
        PromotionError: a program that fab needs isn't on PATH.
    """

    def __init__(
        self,
        program: Program,
        *,
        commands: ProcessRunner,
        git: GitClient,
        scratch: Path,
        search_path: str,
        helm: str = "",
        warn: Callable[[str], None],
        timeout: float = TIMEOUT,
    ) -> None:
        self._program, self._commands, self._git = program, commands, git
        self._warn, self._timeout = warn, timeout
        self._scratch = Path(tempfile.mkdtemp(prefix="fab-", dir=scratch))
        self._search_path = self._find_programs(search_path, helm)

    def warn(self, text: str) -> None:
        """Tell of something to look at."""
        self._warn(text)

    @property
    def version(self) -> str:
        """Which fab it is: the digest of the program."""
        return f"fab {self._program.digest}"

    def open_copy(
        self, source: Snapshot, path: str, sources: Pinned | Authorized, places: Iterable[str]
    ) -> FabCopy:
        """Return a copy of the definition's whole source, for its paths may lead anywhere in it.

        Args:
            source: the definition's source.
            path: the folder of its component file, where relative addresses of git sources start.
            sources: how fab's git finds repositories.
            places: the folders that fab will fill, which are cleared.

        Raises:
            SourceError: fab would write through a link that leads out of the copy.
        """
        folder = Path(tempfile.mkdtemp(dir=self._scratch)).resolve()
        near = find_relative(sources, path)
        highest = max((place.split("/").count("..") for place in near), default=0)
        copy = folder.joinpath(*["copy"] * (highest + 1))  # so deep that none leads out of our folder
        if isinstance(source, FolderSnapshot):
            source.copy(copy)
        else:
            shutil.copytree(source.export(""), copy, symlinks=True)
        for place, snapshots in near.items():
            write_mirror(Path(os.path.normpath(copy / place), ".git"), _ours(snapshots))
        for place in places:
            _check_inside(copy, place)
            shutil.rmtree(copy / place, ignore_errors=True)
        variables = self._variables(folder, sources)
        withheld = frozenset[str]().union(*sources.users.values())
        return FabCopy(self, copy, revision=source.revision, variables=variables, withheld=withheld)

    def run(
        self, words: Sequence[str], *, cwd: Path, variables: Mapping[str, str], withheld: Collection[str]
    ) -> None:
        """Run one of fab's commands.

        Args:
            withheld: the variables of tokens, which our git has instead: no warning that they aren't set.

        Raises:
            RenderError: it failed, crashed or took too long; in its own words.
        """
        name = " ".join(["fab", *words])
        try:
            done = self._commands.run(
                [self._program.path, *words], cwd=cwd, timeout=self._timeout, env=variables
            )
        except CommandTimeoutError:
            raise RenderError(
                f"`{name}` was still running after {self._timeout:.0f} s and was ended",
                fix=say("Look for components that lead back to themselves, or use {engine: native}."),
            ) from None
        copy = str(cwd)
        stdout, show = read_text(done.stdout).replace(copy, "."), self._commands.show
        for warning in find_warnings(stdout, withheld):
            self._warn(f"fab: {show(warning)}")
        if done.code:
            raise explain_failure(f"`{name}`", done.code, stdout, done.stderr.replace(copy, "."), show)

    def commit_of(self, clone: Path, variables: Mapping[str, str]) -> str:
        """Return the commit that a clone of fab's is at; empty if there is no clone."""
        if not (clone / ".git").is_dir():
            return ""
        argv = ["git", f"--git-dir={clone / '.git'}", "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
        done = self._commands.run(argv, timeout=60, env=variables)
        return done.stdout.decode("ascii", "replace").strip()

    def snapshot(self, folder: Path, revision: str) -> FolderSnapshot:
        """Return a folder's files, to be read."""
        return FolderSnapshot(folder, self._scratch, revision=revision)

    def _variables(self, folder: Path, sources: Pinned | Authorized) -> dict[str, str]:
        match sources:
            case Pinned(snapshots=snapshots, users=users):
                variables = self._git.mirror(_ours(snapshots), users)
            case Authorized(tokens=tokens, addresses=addresses):
                variables = self._git.authorize(tokens, addresses)
        for name in ("home", "tmp", "helm"):
            (folder / name).mkdir()
        variables |= {f"HELM_{kind}_HOME": str(folder / "helm" / kind.lower()) for kind in _HELM_FOLDERS}
        # without the file, `helm repo list` of Helm 3 fails
        config = Path(variables["HELM_CONFIG_HOME"])
        config.mkdir()
        (config / "repositories.yaml").write_text("apiVersion: v1\nrepositories: []\n", "utf-8")
        return variables | {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "KUBECONFIG": os.devnull,
            "PATH": self._search_path,
        }

    def _find_programs(self, search_path: str, helm: str) -> str:
        """Return PATH with all that fab needs, the chosen helm first."""
        chosen = shutil.which(helm, path=search_path) if helm else None
        if chosen:
            folder = self._scratch / "bin"
            folder.mkdir()
            (folder / "helm").symlink_to(Path(chosen).absolute())
            search_path = os.pathsep.join(filter(None, (str(folder), search_path)))
        missing = [name for name in NEEDED if not shutil.which(name, path=search_path)]
        if missing:
            named = ""
            if "helm" in missing:
                named = say(" (or set {helm} to its path, or an https address with `#sha256=`)")
            raise PromotionError(
                f"fab needs {' and '.join(missing)} on PATH",
                fix=say(
                    "Install {}{}, or do without fab, as `promotion render` and `engine: native` do.",
                    " and ".join(missing),
                    named,
                ),
            )
        return search_path


_HELM_FOLDERS = ("CACHE", "CONFIG", "DATA")


class FabCopy:
    """A copy in which fab works. Implements `fab_rendering.FabCopy`; paths start at the source's root."""

    def __init__(
        self,
        fab: FabProgram,
        root: Path,
        *,
        revision: str,
        variables: Mapping[str, str],
        withheld: Collection[str],
    ) -> None:
        self._fab, self._root, self._revision = fab, root, revision
        self._variables, self._withheld = variables, withheld

    def install(self, path: str) -> None:
        """Run `fab install` in the definition's own folder; raise RenderError if it fails."""
        self._run(["install"], self._root / path)

    def generate(self, path: str, arguments: Sequence[str]) -> dict[str, bytes]:
        """Run `fab generate` there; return every file that it wrote, empty ones too.

        Raises:
            RenderError: it failed, or wrote nothing at all.
        """
        folder = self._root / path
        _check_inside(self._root, f"{path}/generated" if path else "generated")
        shutil.rmtree(folder / "generated", ignore_errors=True)
        self._run(["generate", *arguments], folder)
        output = folder / output_folder(arguments)
        if not output.is_dir():
            command = " ".join(("fab generate", *arguments))
            raise RenderError(
                f"`{command}` ended well but wrote no {output_folder(arguments)}",
                fix=say("Check that {fab} names fab v1.0.0-alpha.1."),
            )
        files = (file for file in sorted(output.rglob("*")) if file.is_file())
        return {file.relative_to(output).as_posix(): file.read_bytes() for file in files}

    def open(self, path: str) -> Snapshot:
        """Return the files of a folder as they are whenever they are read; its revision is that of fab's
        clone.
        """
        folder = self._root / path
        revision = self._fab.commit_of(folder, self._variables) if path else self._revision
        return self._fab.snapshot(folder, revision)

    def _run(self, words: Sequence[str], cwd: Path) -> None:
        self._fab.run(words, cwd=cwd, variables=self._variables, withheld=self._withheld)


def _check_inside(copy: Path, path: str) -> None:
    if not (copy / path).resolve().is_relative_to(copy):
        raise SourceError(
            f"fab would write to {path!r}, which leads out of the definition's folder",
            fix="Put a folder in the place of the link, or remove it.",
        )


def _ours(snapshots: Mapping[GitSource, Snapshot]) -> dict[GitSource, GitSnapshot]:
    for source, snapshot in snapshots.items():
        if not isinstance(snapshot, GitSnapshot):
            raise SourceError(f"{source} wasn't fetched by git")
    return {source: each for source, each in snapshots.items() if isinstance(each, GitSnapshot)}
