"""The action's image without a Docker engine: built by buildah, on a Debian base made by debootstrap."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.tools import CACHE

ROOT = Path(__file__).parents[2]
STORE = CACHE / "container"
DEBOOTSTRAP = ("--variant=minbase", "--include=ca-certificates,python3,python3-venv", "bookworm")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Finished:
    """A container that has run: its exit code and all that it printed."""

    code: int
    log: str


class BuildahError(Exception):
    """buildah or debootstrap failed; the text is its output."""


def buildah(*words: str | Path) -> str:
    """Run buildah on a store of our own; gives its output.

    `vfs` and `chroot` need neither a kernel module nor a container runtime.
    """
    places = ("--root", STORE / "store", "--runroot", STORE / "run", "--storage-driver", "vfs")
    return _run("buildah", *places, *words)


def _run(*words: str | Path) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildahError(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def missing_programs() -> list[str]:
    """What has to be installed before an image can be built."""
    return [name for name in ("buildah", "debootstrap") if not shutil.which(name)]


def make_base() -> str:
    """The name of a Debian image with Python; made once, then taken from the cache."""
    certificates = CERTIFICATES.read_bytes() if CERTIFICATES.exists() else b""
    key = hashlib.sha256(repr(DEBOOTSTRAP).encode() + certificates).hexdigest()[:12]
    name = f"localhost/promotion-base:{key}"
    if name in buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines():
        return name
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE) as folder:
        system = Path(folder, "system")
        _run("debootstrap", *DEBOOTSTRAP, system)
        if certificates:  # a machine behind a company's proxy trusts that proxy; so must what is built on it
            (system / CERTIFICATES.relative_to("/")).write_bytes(certificates)
            (system / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n", "utf-8")
        container = buildah("from", "scratch").strip()
        buildah("copy", "--quiet", container, system, "/")
        buildah("commit", "--quiet", "--rm", container, name)
    return name


def build(name: str) -> None:
    """Build the Dockerfile as it is, with our base."""
    base = f"--build-arg=BASE_IMAGE={make_base()}"
    buildah("bud", "--isolation=chroot", "--layers=false", "--pull-never", base, f"--tag={name}", ROOT)


# Run in a mount namespace of its own: everything is read-only but /tmp and what is mounted.
_READ_ONLY = """
set -eu
root=$1 user=$2 folder=$3 left=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/github"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
shift
mount -o remount,ro "$root/github"
code=0
chroot --userspec="$user" "$root" /usr/bin/env -i --chdir="$folder" "$@" || code=$?
find "$root/tmp" -mindepth 1 > "$left"
exit "$code"
"""


class Container:
    """A container of an image; use it in a `with` block."""

    def __init__(self, image: str) -> None:
        self.id = buildah("from", "--pull-never", image).strip()
        self.root = Path(buildah("mount", self.id).strip())
        config = json.loads(buildah("inspect", self.id))["OCIv1"]["config"]
        self.entrypoint: list[str] = config["Entrypoint"]
        self.labels: dict[str, str] = config["Labels"]
        self.path = dict(entry.split("=", 1) for entry in config["Env"])["PATH"]

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *error: object) -> None:
        buildah("rm", self.id)

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str = "0:0",
        variables: Mapping[str, str] | None = None,
        volumes: Mapping[Path, str] | None = None,
        folder: str = "/",
    ) -> Finished:
        """Run a program to its end, in the network of this machine."""
        places = ["--root", STORE / "store", "--runroot", STORE / "run", "--storage-driver", "vfs"]
        words = ["--isolation=chroot", f"--user={user}", f"--workingdir={folder}"]
        words += [f"--env={key}={value}" for key, value in (variables or {}).items()]
        words += [f"--volume={here}:{there}" for here, there in (volumes or {}).items()]
        done = subprocess.run(
            ["buildah", *map(str, places), "run", *words, self.id, "--", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
        return Finished(done.returncode, done.stdout)

    def run_read_only(
        self,
        argv: Sequence[str],
        *,
        user: str = "0:0",
        variables: Mapping[str, str],
        volumes: Mapping[Path, str],
        folder: str,
        left: Path,
    ) -> Finished:
        """Run a program as Docker does with `--read-only --tmpfs /tmp` and some volumes.

        Args:
            left: a file that gets the names of what is in /tmp at the end.
        """
        shell = ["unshare", "--mount", "--propagation=private", "sh", "-c", _READ_ONLY, "sh"]
        mounts = [word for here, there in volumes.items() for word in (str(here), there)]
        environment = [f"{key}={value}" for key, value in {"PATH": self.path, **variables}.items()]
        done = subprocess.run(
            [*shell, str(self.root), user, folder, str(left), *mounts, "--", *environment, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Finished(done.returncode, done.stdout)

    def files(self, *, ignore: Collection[str]) -> dict[str, tuple[int, int, int]]:
        """Mode, size and time of change of every file, but for those below some paths."""
        found: dict[str, tuple[int, int, int]] = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if self._path(folder, name) not in ignore]
            for name in names:
                status = Path(folder, name).lstat()
                if self._path(folder, name) not in ignore:
                    found[self._path(folder, name)] = (status.st_mode, status.st_size, status.st_mtime_ns)
        return found

    def _path(self, folder: str, name: str) -> str:
        return str(Path(folder, name).relative_to(self.root))
