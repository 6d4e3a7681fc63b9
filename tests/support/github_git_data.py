"""GitHub's Git data API on the fake GitHub: real objects, in the repository that a fake one mirrors."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from support.github_answers import Asked, RefusedError
from support.github_mirror import MirroredRepository
from support.repositories import Repository

_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n \n wsBcBAABCAAQBQJ\n -----END PGP SIGNATURE-----\n "
_BOT = "promotion[bot] <1+promotion[bot]@users.noreply.github.com> 1700000000 +0000"


def _real(asked: Asked) -> Repository:
    repository = asked.repository
    assert isinstance(repository, MirroredRepository)
    return repository.real


def _create_blob(asked: Asked) -> Any:
    content = asked.body["content"].encode()
    if asked.body.get("encoding") == "base64":
        content = base64.b64decode(content)
    sha = _real(asked).git("hash-object", "-w", "--stdin", stdin=content)
    return {"sha": sha, "url": f"https://api.github.com/blobs/{sha}"}


def _create_tree(asked: Asked) -> Any:
    real, base = _real(asked), asked.body.get("base_tree")
    files = _read_tree(real, base, "") if base else {}
    folders = {path.rpartition("/")[0] for path in files}
    for entry in asked.body["tree"]:
        path, mode = entry["path"], entry["mode"]
        if "content" in entry:
            assert "sha" not in entry
            files[path] = (mode, real.git("hash-object", "-w", "--stdin", stdin=entry["content"].encode()))
        elif entry["sha"] is None:
            if path not in files:
                raise _refusal("GitRPC::BadObjectState")
            del files[path]
        else:
            kind = "commit" if mode == "160000" else real.git("cat-file", "-t", entry["sha"])
            if kind != entry["type"]:
                raise _refusal(f"tree.sha {entry['sha']} is not a valid {entry['type']}")
            files |= (
                _read_tree(real, entry["sha"], f"{path}/") if kind == "tree" else {path: (mode, entry["sha"])}
            )
    if asked.github.keeps_empty_folders:
        left = {path.rpartition("/")[0] for path in files}
        files |= {folder: ("040000", real.git("mktree")) for folder in folders - left if folder}
    return {"sha": _write_tree(real, files), "truncated": False, "tree": []}


def _read_tree(real: Repository, tree: str, prefix: str) -> dict[str, tuple[str, str]]:
    rows = (row.partition("\t") for row in real.git("ls-tree", "-r", "-z", tree).split("\0") if row)
    return {prefix + path: (head.split()[0], head.split()[2]) for head, _, path in rows}


def _write_tree(real: Repository, files: dict[str, tuple[str, str]]) -> str:
    rows, folders = [], dict[str, dict[str, tuple[str, str]]]()
    for path, item in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = item
        else:
            kind = {"160000": "commit", "040000": "tree"}.get(item[0], "blob")
            rows.append(f"{item[0]} {kind} {item[1]}\t{name}")
    rows += [f"040000 tree {_write_tree(real, below)}\t{name}" for name, below in folders.items()]
    return real.git("mktree", "-z", "--missing", stdin="".join(f"{row}\0" for row in rows).encode())


def _create_commit(asked: Asked) -> Any:
    real, body = _real(asked), asked.body
    for wanted, kind in ((body["tree"], "tree"), *((parent, "commit") for parent in body.get("parents", ()))):
        if wanted != _EMPTY and real.git("cat-file", "-t", wanted) != kind:
            raise _refusal(f"{wanted} is no {kind}")
    is_signed = asked.github.signs and not {"author", "committer"} & body.keys()
    rows = [f"tree {body['tree']}", *(f"parent {parent}" for parent in body.get("parents", ()))]
    rows += [f"author {_BOT}", f"committer {_BOT}", *([f"gpgsig {_SIGNATURE}"] if is_signed else [])]
    text = "\n".join(rows) + f"\n\n{body['message']}"
    sha = real.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())
    verification = {
        "verified": is_signed,
        "reason": "valid" if is_signed else "unsigned",
        "signature": "...",
        "payload": "...",
        "verified_at": None,
    }
    return {"sha": sha, "message": body["message"], "verification": verification}


def _refusal(message: str) -> RefusedError:
    return RefusedError({"resource": "Tree", "code": "custom", "message": message})


ROUTES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("git", "create_blob"): _create_blob,
    ("git", "create_tree"): _create_tree,
    ("git", "create_commit"): _create_commit,
}
