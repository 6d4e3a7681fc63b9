"""The estates that are measured: bare repositories below one folder, served over HTTP."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: app
          image: "registry.example/app:{{ .Values.tag }}"
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
"""
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
BRANCH = "dev"
MANIFESTS = "manifests"


@dataclass(frozen=True, kw_only=True)
class Estate:
    """A cluster: its applications by name, and the size of their `hld/` folders together, in bytes."""

    root: Path
    url: str
    names: tuple[str, ...]
    size: int

    def address(self, name: str) -> str:
        return f"{self.url}/{name}.git"

    def release(self, name: str, tag: str) -> None:
        """A new version of one application."""
        commit(self.root / f"{name}.git", {"hld/config/common.yaml": _config(tag)})

    def configure(self, replicas: int) -> None:
        """A change in the cluster's config that reaches every application."""
        rows = "".join(f"  {name}: {{config: {{replicas: {replicas}}}}}\n" for name in self.names)
        commit(self.root / "hld.git", {"config/common.yaml": f"subcomponents:\n{rows}"})

    def forget(self) -> None:
        """Remove the manifest branch."""
        git(self.root / f"{MANIFESTS}.git", "update-ref", "-d", f"refs/heads/{BRANCH}")

    def manifests(self) -> int:
        """How many files the manifest branch has."""
        listed = git(self.root / f"{MANIFESTS}.git", "ls-tree", "-r", "--name-only", BRANCH)
        return len(listed.splitlines())


def build(root: Path, url: str, applications: int, *, ballast: int = 0) -> Estate:
    """Make an estate.

    Args:
        ballast: bytes that lie beside `hld/` in each application's repository, and don't compress.
    """
    names = tuple(f"app-{number:03}" for number in range(applications))
    heavy = _make_ballast(root / "ballast.git", ballast) if ballast else None
    size = 0
    for name in names:
        files = list_application(name) | (_dashboard(name) if heavy else {})
        size += sum(map(len, files.values()))
        folder = root / f"{name}.git"
        if heavy:
            shutil.copytree(heavy, folder, copy_function=os.link, symlinks=True)
        else:
            create(folder)
        commit(folder, files)
    entries = "".join(
        f"  - {{name: {name}, method: git, source: '{url}/{name}.git', branch: {BRANCH}, path: hld}}\n"
        for name in names
    )
    create(root / "hld.git")
    commit(root / "hld.git", {"component.yaml": f"name: cluster\nsubcomponents:\n{entries}"})
    create(root / f"{MANIFESTS}.git")
    return Estate(root=root, url=url, names=names, size=size)


def create(folder: Path) -> None:
    """An empty bare repository that a server may serve as GitHub does: parts of it, and pushes."""
    folder.mkdir(parents=True)
    for name in ("objects/info", "objects/pack", "refs/heads"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text(f"ref: refs/heads/{BRANCH}\n")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[http]\n\treceivepack = true\n"
        "[uploadpack]\n\tallowFilter = true\n"
    )


def commit(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Commit on top of the branch, or begin it."""
    ref = f"refs/heads/{BRANCH}"
    rows = [f"commit {ref}\ncommitter Bench <bench@git.example> 1600000000 +0000\ndata 6\nChange\n".encode()]
    if (folder / ref).exists() or b"dev" in _packed(folder):
        rows.append(f"from {ref}^0\n".encode())
    for path, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        rows.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    argv = ["git", f"--git-dir={folder}", "fast-import", "--quiet"]
    subprocess.run(argv, env=_ENVIRONMENT, input=b"".join(rows), check=True)


def git(folder: Path, *words: str) -> str:
    """Run git in a repository."""
    argv = ["git", f"--git-dir={folder}", *words]
    return subprocess.run(argv, env=_ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def _packed(folder: Path) -> bytes:
    path = folder / "packed-refs"
    return path.read_bytes() if path.exists() else b""


def _config(tag: str) -> str:
    return f"config:\n  tag: {tag!r}\n"


def list_application(name: str) -> dict[str, str]:
    """Return an application's files by path."""
    return {
        "hld/component.yaml": f"name: {name}\ntype: helm\npath: chart\n",
        "hld/config/common.yaml": _config("1.0.0"),
        "hld/chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
        "hld/chart/values.yaml": 'replicas: 1\ntag: "1.0.0"\n',
        "hld/chart/templates/deployment.yaml": TEMPLATE,
    }


def _dashboard(name: str) -> dict[str, str]:
    """What makes a chart some 20 KB large, as charts of grown applications are."""
    numbers = random.Random(name)  # noqa: S311  the same each time
    panels = [{"id": n, "title": f"panel {n}", "expr": f"{numbers.random()}"} for n in range(300)]
    return {"hld/chart/dashboards/overview.json": json.dumps(panels, indent=1)}


def _make_ballast(folder: Path, size: int) -> Path:
    """A repository with 1,000 files in 50 folders that don't compress; its pack is shared by links."""
    create(folder)
    noise = random.Random(1)  # noqa: S311  the same bytes each time
    each = size // 1000
    commit(folder, {f"src/part-{n % 50}/file-{n}.bin": noise.randbytes(each) for n in range(1000)})
    return folder
