"""Real git repositories for tests, made and read in a few lines."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IDENTITY = "Test <test@example.com>"
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}
for _name in ("LD_LIBRARY_PATH", "SYSTEMROOT"):
    if _name in os.environ:
        _ENVIRONMENT[_name] = os.environ[_name]


# What `git init --bare` writes (https://git-scm.com/docs/gitrepository-layout), and what a server allows.
# Housekeeping is off: its processes take longer to start than all the rest of a commit.
_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[http]
	receivepack = true
[uploadpack]
	allowFilter = true
[fastimport]
	unpackLimit = 0
[receive]
	autogc = false
"""


@dataclass(frozen=True)
class Link:
    """A symbolic link, as a file's content."""

    target: str


@dataclass(frozen=True)
class Program:
    """An executable file, as a file's content."""

    text: str


@dataclass(frozen=True)
class Submodule:
    """A submodule at a commit, as a file's content."""

    commit: str


Content = str | bytes | Link | Program | Submodule | None


class Repository:
    """A bare repository in `folder`."""

    def __init__(self, folder: Path, *, branch: str = "main") -> None:
        self.folder = folder
        self.branch = branch
        if not folder.exists():
            for name in ("objects", "refs"):
                (folder / name).mkdir(parents=True)
            (folder / "HEAD").write_text(f"ref: refs/heads/{branch}\n", "utf-8")
            (folder / "config").write_text(_CONFIG, "utf-8")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *words: str, stdin: bytes = b"") -> str:
        """Run git here; gives its output without the last line feed."""
        argv = ["git", f"--git-dir={self.folder}", *words]
        done = subprocess.run(argv, env=_ENVIRONMENT, input=stdin, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(f"{argv}: {done.stderr.decode()}")
        return done.stdout.decode().rstrip("\n")

    def commit(
        self,
        files: Mapping[str, Content],
        *,
        branch: str = "",
        message: str = "Change",
        time: int = 1_600_000_000,
    ) -> str:
        """Commit on top of a branch, or begin it; None deletes a path. Gives the commit's id."""
        ref = f"refs/heads/{branch or self.branch}"
        stream = [f"commit {ref}\ncommitter {IDENTITY} {time} +0000\n{_data(message.encode())}".encode()]
        if self._find(ref):
            stream.append(f"from {ref}^0\n".encode())
        stream += [_change(path, content) for path, content in files.items()]
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return self.tip(branch)

    def exists(self, branch: str = "") -> bool:
        """Say whether a branch has a commit."""
        return bool(self._find(f"refs/heads/{branch or self.branch}"))

    def tip(self, branch: str = "") -> str:
        ref = f"refs/heads/{branch or self.branch}"
        return self._find(ref) or self.git("rev-parse", ref)

    def _find(self, ref: str) -> str:
        """Return what a branch or tag points to, if it exists: without git, which takes longer to start."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / ref).read_text("utf-8").strip()
        with contextlib.suppress(FileNotFoundError):
            lines = (self.folder / "packed-refs").read_text("utf-8").splitlines()
            return next((line.split()[0] for line in lines if line.endswith(f" {ref}")), "")
        return ""

    def tag(self, name: str, *, at: str = "", annotated: bool = False) -> str:
        """Tag a commit; gives the id of the tag object, or of the commit."""
        note = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        self.git(*note, "tag", *(["-a", "-m", name] if annotated else []), name, at or self.tip())
        return self.git("rev-parse", f"refs/tags/{name}")

    def files(self, branch: str = "") -> dict[str, str]:
        """Every path of a branch with mode and object id, as `100644 8ab686ea...`."""
        lines = self.git("ls-tree", "-r", "-z", self.tip(branch)).split("\0")
        fields = (line.partition("\t") for line in lines if line)
        return {path: f"{head.split()[0]} {head.split()[2]}" for head, _, path in fields}

    def read(self, path: str, branch: str = "") -> str:
        return self.git("cat-file", "blob", f"{self.tip(branch)}:{path}")

    def history(self, branch: str = "") -> list[str]:
        """The commits of a branch, newest first."""
        return self.git("rev-list", self.tip(branch)).split()

    def lose(self, name: str) -> None:
        """Delete the object that a name stands for, as a disk may."""
        lost = self.git("rev-parse", name)
        for pack in self.folder.glob("objects/pack/*.pack"):
            data = pack.read_bytes()
            for file in self.folder.glob(f"objects/pack/{pack.stem}.*"):
                file.unlink()
            self.git("unpack-objects", "-q", stdin=data)
        (self.folder / "objects" / lost[:2] / lost[2:]).unlink()

    def install_hook(self, name: str, script: str) -> None:
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)


def _data(content: bytes) -> str:
    return f"data {len(content)}\n{content.decode('utf-8', 'surrogateescape')}\n"


def _change(path: str, content: Content) -> bytes:
    name = b'"' + b"".join(b"\\%03o" % byte for byte in os.fsencode(path)) + b'"'
    match content:
        case None:
            return b"D " + name + b"\n"
        case Submodule(commit):
            return b"M 160000 " + commit.encode() + b" " + name + b"\n"
        case Link(target):
            mode, data = b"120000", os.fsencode(target)
        case Program(text):
            mode, data = b"100755", text.encode()
        case bytes():
            mode, data = b"100644", content
        case _:
            mode, data = b"100644", content.encode()
    return b"M " + mode + b" inline " + name + b"\ndata %d\n" % len(data) + data + b"\n"
