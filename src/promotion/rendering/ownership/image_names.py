"""Names of images in full, as container engines read them, and what patterns of them match."""

from __future__ import annotations

import re

from promotion.common.branch_patterns import matches

# distribution/reference: regexp.go (domain, path, tag, digest).
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
_HOST = rf"(?:{_DOMAIN}|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PATH}(?:/{_PATH})*)(?::[\w][\w.-]{{0,127}})?(?:@[A-Za-z][\w+.-]*:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)
_PATTERN = re.compile(r"[A-Za-z0-9*?](?:[A-Za-z0-9*?._/-]|:[0-9*]+/)*", re.ASCII)
_HUB = "docker.io"


def normalise_image(reference: str) -> str:
    """Return an image's repository in full, without tag and digest; empty if it is no reference.

    `nginx` is `docker.io/library/nginx`; `index.docker.io` is `docker.io` (distribution/reference:
    normalize.go, splitDockerDomain). The host's case doesn't count, as in DNS.
    """
    found = _REFERENCE.fullmatch(reference)
    return _complete(found["name"]) if found else ""


def _complete(name: str) -> str:
    first, slash, rest = name.partition("/")
    if not slash or not (set(first) & set(".:") or first == "localhost" or first.lower() != first):
        first, rest = _HUB, name
    first = first.lower()
    if first == "index.docker.io":
        first = _HUB
    if first == _HUB and "/" not in rest:
        rest = f"library/{rest}"
    return f"{first}/{rest}"


def fault_of_image_pattern(pattern: str) -> str:
    """Return why a text isn't a pattern of images; empty if it is one."""
    if "@" in pattern or ":" in pattern.rpartition("/")[2]:
        return "images are allowed by repository: leave out tag and digest"
    if not _PATTERN.fullmatch(pattern) or pattern.endswith("/"):
        return "it isn't the repository of an image, or a pattern of such, as `ghcr.io/acme/cat-*`"
    return ""


def is_image_allowed(repository: str, patterns: tuple[str, ...]) -> bool:
    """Return whether one of the patterns is for a repository in full.

    A pattern is completed as a name is, so `nginx` is for Docker Hub's alone; one whose first part has a star
    and no point may be a host's.
    """
    for pattern in patterns:
        whole, as_host = _complete(pattern), _as_host(pattern)
        if matches(whole, repository) or (as_host != whole and matches(as_host, repository)):
            return True
    return False


def _as_host(pattern: str) -> str:
    first, slash, _ = pattern.partition("/")
    return pattern if slash and "*" in first else _complete(pattern)
