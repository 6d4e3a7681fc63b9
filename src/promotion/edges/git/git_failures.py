"""What git's words mean: its messages sorted into our errors.

They are sorted as git printed them: a secret may be made of any words, `stale info` as well. Only what is
told of them is redacted, line by line and before it is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from promotion.common.access_barriers import find_way
from promotion.common.phrases import Phrase, say
from promotion.common.text import plain
from promotion.edges.git.remotes import Remote
from promotion.errors import (
    AccessError,
    BranchMovedError,
    ForbiddenError,
    PublishError,
    SourceError,
    UnreachableError,
)


class Failure(Enum):
    """Why git couldn't do it."""

    MISSING_REF = auto()
    REFUSED_COMMIT = auto()
    MISSING_COMMIT = auto()
    REDIRECT = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    HOST_KEY = auto()
    SSH_KEY = auto()
    CERTIFICATE = auto()
    TOO_LARGE = auto()
    PROTOCOL = auto()
    DAMAGED = auto()
    NETWORK = auto()
    MOVED = auto()
    RULE = auto()
    OTHER = auto()


# The first that matches counts: a refusal is often followed by words that sound like a broken line.
_FETCH = (
    (Failure.MISSING_REF, r"couldn't find remote ref|remote ref .* not found"),
    (Failure.MISSING_COMMIT, r"not our ref"),
    (Failure.REFUSED_COMMIT, r"does not allow request for unadvertised|unadvertised object"),
    (
        Failure.DAMAGED,  # the server says so, before the line breaks off
        r"remote: (?:fatal|error): (?:unable to (?:read|find|parse)|could not read [0-9a-f]{40}|packfile "
        r"|(?:bad|missing|corrupt) (?:tree|blob|commit|object)|.*object .* is (?:corrupt|empty)"
        r"|failed to traverse parents)"
        r"|did not send all necessary objects",
    ),
)
_PUSH = (
    (Failure.OTHER, r"exists; cannot create"),  # branch `dev` beside `dev/east`: never to be had
    (
        Failure.RULE,
        r"GH0\d\d|TF40\d+|protected branch|hook declined|repository rule|push declined"
        r"|archived so it is read-only"
        r"|You are not allowed to push|prohibited by|refusing to allow",
    ),
    (
        Failure.MOVED,
        r"stale info|non-fast-forward|fetch first|cannot lock ref|failed to update ref|incorrect old value"
        r"|reference already exists|remote ref .* changed|\(failed to lock\)|needs force"
        # the commit that we build on, and of which we have no parents, is in no branch any more
        r"|shallow update not allowed|missing necessary objects",
    ),
)
_COMMON = (
    (Failure.TOO_LARGE, r"attempting to allocate \d+ over limit"),  # ours: GIT_ALLOC_LIMIT
    (Failure.REDIRECT, r"requested URL returned error: 30[12378]"),
    (
        Failure.UNAUTHENTICATED,
        r"Authentication failed|could not read (?:Username|Password)|returned error: 401|HTTP 401"
        r"|Invalid username or (?:password|token)|HTTP Basic: Access denied",
    ),
    (
        Failure.FORBIDDEN,
        r"returned error: (?:403|451)|HTTP (?:403|451)|Write access to repository not granted"
        r"|Permission to .* denied|repository not exported|marked as read only"
        r"|archived so it is read-only|SAML SSO|IP allow list",
    ),
    (Failure.HOST_KEY, r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known"),
    (Failure.SSH_KEY, r"Permission denied \(|Load key|Too many authentication failures"),
    (Failure.PROTOCOL, r"transport '.*' not allowed|remote helper|mismatched algorithms|cannot run ssh"),
    (
        Failure.NOT_FOUND,
        r"repository '.*' not found|returned error: 4(?:04|10)|Repository not found|project .* not found"
        r"|does not appear to be a git repository|No such file or directory|not a git repository",
    ),
    (Failure.CERTIFICATE, r"certificate (?:problem|verif)|SSL certificate|local issuer certificate"),
    (
        Failure.NETWORK,
        r"Could(?: not|n't) (?:resolve|connect)|Failed to connect|Network is unreachable|No route to host"
        r"|Connection (?:refused|reset|timed out|closed)|timed out|Operation too slow|Temporary failure"
        r"|returned error: (?:408|429|5\d\d)|HTTP (?:408|429|5\d\d)|RPC failed|Empty reply"
        r"|proxy CONNECT aborted|early EOF|unexpected disconnect|hung up unexpectedly|(?:Recv|Send) failure"
        r"|transfer closed"
        r"|outstanding read data|HTTP/2 (?:stream|framing)|SSL_ERROR_SYSCALL|TLS connection|bad line length"
        # OpenSSL 3's own words for both (`promotion.edges.web.http_session`)
        r"|unexpected eof while reading|alert internal error"
        r"|expected flush|invalid index-pack output|bad pack header|kex_exchange_identification",
    ),
)


def classify(words: str, *, push: bool) -> Failure:
    """Return the failure that git's messages (English, both streams) tell of."""
    rules: tuple[tuple[Failure, str], ...] = (*(_PUSH if push else _FETCH), *_COMMON)
    for failure, pattern in rules:
        if re.search(pattern, words, re.IGNORECASE):
            return failure
    return Failure.OTHER


def explain_access(
    failure: Failure,
    remote: Remote,
    *,
    words: str = "",
    show: Callable[[str], str] = str,
    authorized: bool,
    at_home: bool,
    write: bool,
    by_app: bool = False,
    is_public: bool = False,
) -> SourceError | None:
    """Return the error for a failure to enter a repository; None if it is of another kind.

    Args:
        words: git's messages, with those of the server, as it printed them.
        show: hides secrets.
        authorized: whether a credential was sent.
        at_home: whether the run's tokens are for this server.
        write: whether it is the manifest repository.
        by_app: whether a GitHub App gives the token.
        is_public: whether no credential may be used.
    """
    if failure is Failure.NOT_FOUND and remote.kind == "file":
        return SourceError(
            f"there is no git repository at {remote.name}",
            fix="Name the top folder of a clone, or a bare repository.",
        )
    doing = "written" if write else "read"
    said = remote_words(words, show)
    if failure is Failure.FORBIDDEN and (way := find_way(" ".join(_find_remote_words(words)))):
        return ForbiddenError(f"{remote.name} can't be {doing}: {said}", fix=way)
    whom = "the credential" if authorized or remote.kind == "ssh" else "a reader without a token"
    why = "the server refuses the token" if authorized else "it asks for a token, and none is for this host"
    why = "its server asks for a token" if is_public else why
    what = {
        Failure.UNAUTHENTICATED: f"{remote.name} can't be {doing}: {why}",
        Failure.FORBIDDEN: f"{remote.name} can't be {doing}: {said or 'the server forbids it'}",
        Failure.NOT_FOUND: f"the repository {remote.name} is not there, or {whom} may not see it",
        Failure.HOST_KEY: f"{remote.name}: the ssh key of the host is not known, or not the known one",
        Failure.SSH_KEY: f"{remote.name} can't be {doing}: the server refuses the ssh key",
    }.get(failure)
    if failure is Failure.HOST_KEY:
        fix: str = say("Add the host's line of `ssh-keyscan`, once verified, to {ssh-known-hosts}.")
    elif remote.kind == "ssh":
        kind = "a deploy key with write access" if write else "a deploy key"
        fix = say("Check the address, and that {ssh-key} is {} of it.", kind)
    elif by_app:
        right = f"`contents: {'write' if write else 'read'}`"
        fix = f"Check the address, and install the GitHub App on {remote.name}, with {right}."
    else:
        fix = say("Check the address, and give {}.", _token(remote, at_home=at_home, write=write))
    return AccessError(what, fix=fix) if what else None


def _token(remote: Remote, *, at_home: bool, write: bool) -> Phrase:
    """Return which credential to give for a web address, and how."""
    right = f"a token with `contents: {'write' if write else 'read'}` on {remote.name}"
    if at_home and write:
        return say("{} as {token}", right)
    if at_home:
        return say("{} as {}, or by access.yaml", right, Phrase("input source-token", "GITHUB_TOKEN"))
    inside = Phrase("`https://user:${{ secrets.X }}@...`", "`INPUT_MANIFEST_REPOSITORY=https://user:$X@...`")
    way = say("in it, as {}", inside) if write else "by access.yaml"
    own = Phrase("the inputs' tokens go", "GITHUB_TOKEN goes")
    return say("{} {}: {} to the own server only", right, way, own)


def explain_transport(failure: Failure, remote: Remote, said: str, *, attempts: int) -> SourceError | None:
    """Return the error for a failure of the line; None if it is of another kind.

    Args:
        said: the `last_words` of git.
    """
    match failure:
        case Failure.NETWORK:
            return UnreachableError(
                f"{remote.name} can't be reached after {attempts} attempts: {said}",
                fix="Check the address and the network, then run it again.",
            )
        case Failure.DAMAGED:
            return SourceError(
                f"{remote.name} lacks an object that its own commits name: {said}",
                fix="Run `git fsck` where the repository lies; a push from a whole clone may repair it.",
            )
        case Failure.CERTIFICATE:
            return SourceError(
                f"{remote.name} shows a certificate that isn't trusted: {said}",
                fix="Name your certificate authority's file in SSL_CERT_FILE.",
            )
        case Failure.TOO_LARGE:
            return SourceError(
                f"{remote.name} can't be fetched: something in it unpacks to hundreds of MiB ({said})",
                fix="Take the large files out of it, or keep them in Git LFS.",
            )
        case Failure.PROTOCOL:
            return SourceError(f"{remote.name} is reached in a way that isn't allowed: {said}")
        case _:
            return None


def explain_push(
    failure: Failure, remote: Remote, branch: str, words: str, show: Callable[[str], str]
) -> PublishError:
    """Return the error for a refused push.

    Args:
        words: git's, as it printed them.
        show: hides secrets.
    """
    where = f"branch {branch} of {remote.name}"
    if failure is Failure.MOVED:
        return BranchMovedError(f"{where} moved while we worked", fix="Run it again.")
    if re.search(r"branch is currently checked out|refusing to update checked out branch", words):
        return PublishError(
            f"the push to {where} failed: somebody has that branch checked out there",
            fix="Switch to another branch there (`git switch --detach`), or push to a bare repository.",
        )
    said = remote_words(words, show) or last_words(words, show)
    heard = "\n".join(_find_remote_words(words))
    if way := find_way(heard):
        return PublishError(f"the push to {where} failed: {said}", fix=way)
    if failure is Failure.RULE:
        if re.search(r"GH009|secret", heard, re.IGNORECASE):
            fix = (
                "Take the secret out of the manifests: keep it in a SealedSecret, an ExternalSecret or SOPS."
            )
        else:
            fix = (
                "Let the identity behind the token bypass the rule (a GitHub App on the bypass list), "
                "or have the branch unprotected for it."
            )
        return PublishError(f"a rule refuses the push to {where}: {said}", fix=fix)
    return PublishError(f"the push to {where} failed: {said}")


def remote_words(words: str, show: Callable[[str], str]) -> str:
    """Return what the server said, on one line; `show` hides secrets."""
    return "; ".join(" ".join(show(line).split()) for line in _find_remote_words(words))[:1000]


def _find_remote_words(words: str) -> list[str]:
    lines = re.findall(r"^(?:remote|ERROR): ?(.*)$", plain(words), re.MULTILINE)  # ERROR: over ssh
    said = [line for line in lines if line.strip()]
    reasons = re.findall(r"\[remote rejected\].*\((.*)\)", plain(words))
    return [*said[:12], *reasons[:1]]


def last_words(words: str, show: Callable[[str], str]) -> str:
    """Return the line of git's messages that says most; `show` hides secrets.

    What went wrong on the server comes before what followed from it here, whichever arrives first.
    """
    lines = [line for line in plain(words).splitlines() if line.strip()]
    causes = [line for line in lines if re.match(r"remote: (?:fatal|error): ", line)]
    telling = causes or [line for line in lines if re.match(r"(?:fatal|error|ssh|remote): ", line)]
    return " ".join(show((telling or lines or ["git said nothing"])[0]).split())[:500]
