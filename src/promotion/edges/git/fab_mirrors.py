"""Repositories on this machine that stand in for others, with just the commits that we have fetched."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from promotion.edges.git.git_snapshot import GitSnapshot
from promotion.edges.git.ref_names import whole_commit
from promotion.rendering.sources.git_source import GitSource

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_WEB = re.compile(r"(https?)://(?:[^@]+@)?(.+)")


def write_mirrors(
    scratch: Path, sources: Mapping[GitSource, GitSnapshot], users: Mapping[str, Collection[str]]
) -> dict[str, Path]:
    """Make a mirror for each repository; gives its folder by every address that a clone may be asked for.

    Args:
        users: names that may stand before the host of an http address, by address: without the token that
            access.yaml names, fab puts the variable's name there (fab: core/component.go:550; bug 13).
    """
    folder = Path(tempfile.mkdtemp(prefix="mirrors-", dir=scratch))
    mirrors = {}
    # `git clone` takes an address without a colon for a path, whatever its settings say
    for number, url in enumerate(sorted({source.url for source in sources if ":" in source.url})):
        mirrors[url] = folder / str(number)
        write_mirror(mirrors[url], {key: each for key, each in sources.items() if key.url == url})
        if match := _WEB.fullmatch(url):
            for user in users.get(url, ()):
                mirrors[f"{match[1]}://{user}@{match[2]}"] = mirrors[url]
    return mirrors


def write_mirror(folder: Path, sources: Mapping[GitSource, GitSnapshot]) -> None:
    """Make a bare repository in which each source's branch or version is the commit of its snapshot.

    A clone of it, with the branch, and a checkout of the version then give the snapshot's files. It borrows
    the objects of the repositories that the snapshots read.

    Args:
        folder: is made.
        sources: of one repository.
    """
    refs: dict[str, str] = {}
    for number, (source, snapshot) in enumerate(sources.items()):
        commit = snapshot.revision
        refs[f"refs/heads/promotion-{number}"] = commit  # a clone gets what branches lead to
        if source.version and not whole_commit(source):
            refs[_ref_of(source.version)] = commit
        if source.branch:
            own = f"refs/heads/{source.branch}"
            refs[own] = refs.get(own, commit) if source.version else commit
    default = next((n for n, source in enumerate(sources) if not source.branch and not source.version), 0)
    (folder / "objects/info").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text(f"ref: refs/heads/promotion-{default}\n", encoding="ascii")
    (folder / "config").write_text(_CONFIG, encoding="ascii")
    _write_refs(folder / "packed-refs", refs)
    for snapshot in sources.values():
        snapshot.prefetch("")  # a clone takes it all
    lenders = sorted({snapshot.repository for snapshot in sources.values()})
    (folder / "objects/info/alternates").write_text("".join(f"{each / 'objects'}\n" for each in lenders))
    shallow = {
        line
        for each in lenders
        if (each / "shallow").exists()
        for line in (each / "shallow").read_text("ascii").split()
    }
    if shallow:
        (folder / "shallow").write_text("".join(f"{line}\n" for line in sorted(shallow)), encoding="ascii")


def _ref_of(version: str) -> str:
    """Return the ref by which `git checkout` finds a version in a clone."""
    if version.startswith("refs/"):
        return version
    if version.startswith("origin/"):
        return f"refs/heads/{version.removeprefix('origin/')}"
    return f"refs/tags/{version}"


def _write_refs(file: Path, refs: Mapping[str, str]) -> None:
    lines = (f"{commit} {ref}\n" for ref, commit in sorted(refs.items()))
    file.write_text("# pack-refs with: sorted \n" + "".join(lines), encoding="utf-8")
