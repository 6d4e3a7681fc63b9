"""Git's own words, as servers make it say them, and the errors that they become."""

from __future__ import annotations

import pytest

from promotion.common.redaction import Redactor
from promotion.edges.git.git_failures import (
    Failure,
    classify,
    explain_access,
    explain_push,
    explain_transport,
    last_words,
)
from promotion.edges.git.remotes import Remote
from promotion.errors import AccessError, BranchMovedError, ForbiddenError, PublishError, SourceError

WEB = Remote(url="https://github.com/acme/cats.git", kind="http", name="acme/cats")
SSH = Remote(url="git@github.com:acme/cats.git", kind="ssh", name="git@github.com:acme/cats.git")

FETCH = [
    ("fatal: couldn't find remote ref refs/heads/dev", Failure.MISSING_REF),
    ("fatal: remote error: upload-pack: not our ref " + "a" * 40, Failure.MISSING_COMMIT),
    ("error: Server does not allow request for unadvertised object " + "a" * 40, Failure.REFUSED_COMMIT),
    ("fatal: unable to access 'x': The requested URL returned error: 301", Failure.REDIRECT),
    ("fatal: could not read Username for 'https://x': terminal prompts disabled", Failure.UNAUTHENTICATED),
    ("remote: Invalid username or token.\nfatal: Authentication failed for 'x'", Failure.UNAUTHENTICATED),
    ("fatal: unable to access 'x': The requested URL returned error: 403", Failure.FORBIDDEN),
    ("fatal: unable to access 'x': The requested URL returned error: 451", Failure.FORBIDDEN),
    ("remote: Repository not found.\nfatal: repository 'https://x/' not found", Failure.NOT_FOUND),
    ("fatal: '/x' does not appear to be a git repository\nfatal: Could not read from", Failure.NOT_FOUND),
    ("Host key verification failed.\nfatal: Could not read from remote repository.", Failure.HOST_KEY),
    ("No ED25519 host key is known for x and you have requested strict checking.", Failure.HOST_KEY),
    ("git@x: Permission denied (publickey).\nfatal: Could not read from remote", Failure.SSH_KEY),
    ('Load key "/k": error in libcrypto\ngit@x: Permission denied (publickey).', Failure.SSH_KEY),
    ("error: cannot run ssh: No such file or directory\nfatal: unable to fork", Failure.PROTOCOL),
    ("fatal: transport 'file' not allowed", Failure.PROTOCOL),
    ("fatal: mismatched algorithms: client sha1; server sha256", Failure.PROTOCOL),
    ("fatal: unable to access 'x': SSL certificate problem: self-signed certificate", Failure.CERTIFICATE),
    (
        "fatal: unable to access 'x': server certificate verification failed. CAfile: none",
        Failure.CERTIFICATE,
    ),
    ("remote: fatal: unable to read " + "a" * 40 + "\nfatal: early EOF", Failure.DAMAGED),
    ("remote: fatal: bad tree object " + "a" * 40 + "\nfatal: early EOF", Failure.DAMAGED),
    ("remote: error: Could not read " + "a" * 40 + "\nfatal: early EOF", Failure.DAMAGED),
    ("remote: error: object file objects/aa/a is empty\nfatal: early EOF", Failure.DAMAGED),
    ("fatal: bad object x\nerror: x did not send all necessary objects", Failure.DAMAGED),
    ("fatal: unable to access 'x': Could not resolve host: x", Failure.NETWORK),
    ("fatal: unable to access 'x': Failed to connect to x port 443", Failure.NETWORK),
    ("fatal: unable to access 'x': The requested URL returned error: 429", Failure.NETWORK),
    ("error: RPC failed; HTTP 502 curl 22\nfatal: expected flush after ref listing", Failure.NETWORK),
    ("error: RPC failed; curl 28 Operation too slow.", Failure.NETWORK),
    ("fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", Failure.NETWORK),
    ("ssh: connect to host x port 22: Connection timed out", Failure.NETWORK),
    ("ssh: Could not resolve hostname x: Temporary failure in name resolution", Failure.NETWORK),
    ("kex_exchange_identification: Connection closed by remote host", Failure.NETWORK),
    ("fatal: unable to access 'x': The requested URL returned error: 408", Failure.NETWORK),
    (
        "fatal: unable to access 'x': TLS connect error: error:0A000126:SSL routines::unexpected eof while "
        "reading",
        Failure.NETWORK,
    ),
    (
        "fatal: unable to access 'x': error:0A000438:SSL routines::tlsv1 alert internal error",
        Failure.NETWORK,
    ),
    (
        "fatal: unable to access 'x': error:0A00010B:SSL routines::wrong version number",
        Failure.OTHER,
    ),
    ("fatal: something new", Failure.OTHER),
]
PUSH = [
    ("!\tabc:refs/heads/dev\t[rejected] (stale info)", Failure.MOVED),
    ("!\tabc:refs/heads/dev\t[rejected] (fetch first)", Failure.MOVED),
    ("!\tabc:refs/heads/dev\t[rejected] (non-fast-forward)", Failure.MOVED),
    ("!\tabc:refs/heads/dev\t[remote rejected] (failed to update ref)", Failure.MOVED),
    ("!\tabc:refs/heads/dev\t[remote rejected] (incorrect old value provided)", Failure.MOVED),
    ("!\tabc:refs/heads/dev\t[remote rejected] (shallow update not allowed)", Failure.MOVED),
    ("remote: error: cannot lock ref 'refs/heads/dev': is at abc but expected def", Failure.MOVED),
    ("remote: error: cannot lock ref 'refs/heads/dev': reference already exists", Failure.MOVED),
    ("remote: error: cannot lock ref 'r/dev': 'r/dev/x' exists; cannot create 'r/dev'", Failure.OTHER),
    ("remote: error: GH006: Protected branch update failed for refs/heads/dev.", Failure.RULE),
    ("remote: error: GH013: Repository rule violations found for refs/heads/dev.", Failure.RULE),
    ("!\tabc:refs/heads/dev\t[remote rejected] (pre-receive hook declined)", Failure.RULE),
    ("remote: GitLab: You are not allowed to push code to protected branches", Failure.RULE),
    ("remote: TF402455: Pushes to this branch are not permitted", Failure.RULE),
    ("remote: This repository was archived so it is read-only.\nerror: 403", Failure.RULE),
    ("!\tabc:refs/heads/dev\t[remote rejected] (branch is currently checked out)", Failure.OTHER),
    ("remote: Permission to acme/cats.git denied to bot.\nfatal: returned error: 403", Failure.FORBIDDEN),
    ("remote: Write access to repository not granted.\nfatal: returned error: 403", Failure.FORBIDDEN),
    ("ERROR: The key you are authenticating with has been marked as read only.", Failure.FORBIDDEN),
    ("fatal: the remote end hung up unexpectedly", Failure.NETWORK),
]


@pytest.mark.parametrize(("words", "failure"), FETCH)
def test_words_of_a_fetch(words: str, failure: Failure) -> None:
    assert classify(words, push=False) is failure


@pytest.mark.parametrize(("words", "failure"), PUSH)
def test_words_of_a_push(words: str, failure: Failure) -> None:
    assert classify(words, push=True) is failure


def test_access_errors_name_repository_and_right() -> None:
    for failure in (Failure.UNAUTHENTICATED, Failure.FORBIDDEN, Failure.NOT_FOUND):
        for write, right in ((False, "contents: read"), (True, "contents: write")):
            for at_home in (False, True):
                error = explain_access(failure, WEB, authorized=True, at_home=at_home, write=write)
                assert isinstance(error, AccessError)
                assert "acme/cats" in error.what
                assert f"`{right}` on acme/cats" in error.fix
                assert ("own server only" in error.fix) is not at_home
    key = explain_access(Failure.SSH_KEY, SSH, authorized=False, at_home=False, write=True)
    assert key is not None
    assert "deploy key with write access" in key.fix
    host = explain_access(Failure.HOST_KEY, SSH, authorized=False, at_home=False, write=False)
    assert host is not None
    assert "ssh-known-hosts" in host.fix
    assert explain_access(Failure.NETWORK, WEB, authorized=True, at_home=True, write=False) is None


@pytest.mark.parametrize(
    ("words", "said", "kind"),
    [
        ("remote: Write access to repository not granted.\nfatal: 403", "not granted. Check", AccessError),
        ("remote: Permission to acme/saml.git denied to me.", "denied to me. Check", AccessError),
        ("remote: This repository was archived so it is read-only.", "read-only. Unarchive", ForbiddenError),
        ("remote: The 'acme' organization has enabled or enforced SAML SSO.", "SSO. Auth", ForbiddenError),
        ("ERROR: The 'acme' organization has enabled or enforced SAML SSO.", "SSO. Auth", ForbiddenError),
    ],
)
def test_a_server_that_forbids_is_quoted(words: str, said: str, kind: type[SourceError]) -> None:
    assert classify(words, push=False) is Failure.FORBIDDEN
    error = explain_access(Failure.FORBIDDEN, WEB, words=words, authorized=True, at_home=True, write=False)
    assert type(error) is kind
    assert said in str(error)


def test_transport_errors_quote_git() -> None:
    error = explain_transport(
        Failure.NETWORK, WEB, last_words("noise\nfatal: Could not resolve host: x\nmore", str), attempts=4
    )
    assert isinstance(error, SourceError)
    assert str(error).startswith(
        "acme/cats can't be reached after 4 attempts: fatal: Could not resolve host: x"
    )
    assert explain_transport(Failure.OTHER, WEB, "", attempts=1) is None


def test_push_errors() -> None:
    assert isinstance(explain_push(Failure.MOVED, WEB, "dev", "", str), BranchMovedError)
    rule = "remote: error: GH006: Protected branch\x1b[31m update failed.    \nremote: \nremote: - A review\n"
    rejected = f"{rule}!\tx:refs/heads/dev\t[remote rejected] (declined)"
    error = explain_push(Failure.RULE, WEB, "dev", rejected, str)
    assert type(error) is PublishError
    assert error.what == (
        "a rule refuses the push to branch dev of acme/cats: "
        "error: GH006: Protected branch update failed.; - A review; declined"
    )
    assert "went wrong" in explain_push(Failure.OTHER, WEB, "dev", "fatal: went wrong", str).what
    flood = explain_push(Failure.RULE, WEB, "dev", "remote: x" * 10_000 + "\nremote: y" * 10_000, str)
    assert len(flood.what) < 1_200


CHECKED_OUT = """\
remote: error: refusing to update checked out branch: refs/heads/dev
remote: error: By default, updating the current branch in a non-bare repository
remote: is denied, because it will make the index and work tree inconsistent
To /srv/manifests
 ! [remote rejected] abc -> dev (branch is currently checked out)
error: failed to push some refs to '/srv/manifests'
"""


def test_a_branch_that_is_checked_out_is_told_in_one_sentence() -> None:
    error = explain_push(classify(CHECKED_OUT, push=True), WEB, "dev", CHECKED_OUT, str)
    assert "branch dev of acme/cats failed: somebody has that branch checked out there" in error.what
    assert "By default" not in str(error)


def test_a_secret_made_of_gits_own_words_hides_nothing_but_what_is_shown() -> None:
    words = "remote: error: GH009: a secret is in it\n!\tx:refs/heads/dev\t[remote rejected] (push declined)"
    for secret in ("remote: error: GH009", "[remote rejected]", "push declined", "remote:", "secret"):
        show = Redactor([secret])
        error = explain_push(classify(words, push=True), WEB, "dev", words, show)
        assert error.what.startswith("a rule refuses the push to branch dev of acme/cats: ")
        assert "SealedSecret" in error.fix


def test_a_secret_is_hidden_before_the_words_are_cut_off() -> None:
    show = Redactor(["s3cret-token"])
    for before in (985, 990, 995):
        said = explain_push(Failure.RULE, WEB, "dev", f"remote: {'x' * before} s3cret-token", show).what
        assert "s3c" not in said
    assert "s3c" not in last_words(f"fatal: {'x' * 487} s3cret-token", show)


@pytest.mark.parametrize("turn", [1, -1], ids=["the server first", "the client first"])
def test_what_went_wrong_on_the_server_is_told_before_what_followed(turn: int) -> None:
    words = ["remote: fatal: bad tree object 12", "error: git upload-pack: git-pack-objects died with error."]
    assert last_words("\n".join(words[::turn]), str) == words[0]
