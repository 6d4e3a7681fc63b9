"""What an application team can write into addresses, refs, paths and names, against the real program.

Each attack is one line: what the attacker writes, and the words of the error that it ends in. `Siege` looks
after each whether a command ran, a secret came out, or something was written outside the attacker's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support.repositories import Content
from support.siege import Siege, lay_siege

pytestmark = [pytest.mark.siege, pytest.mark.samples]


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        yield laid


def entry(**fields: str) -> str:
    """A definition with one subcomponent."""
    return json.dumps({"name": "cat", "subcomponents": [{"name": "x", **fields}]})


def fill(text: str, siege: Siege) -> str:
    """The text with what an attacker may know of the machine."""
    known = {
        "CANARY": str(siege.canary),
        "DISK": str(siege.server.root),
        "HOST": siege.server.url.removeprefix("http://"),
        "PORT": siege.server.url.rpartition(":")[2],
        "STRANGER": siege.stranger.url.removeprefix("http://"),
    }
    for name, value in known.items():
        text = text.replace(name, value)
    return text


ADDRESSES = [
    # another program than git's own transports
    ("ext::sh -c touch% CANARY", "holds blanks"),
    ("ext::sh%20-c%20touch%20CANARY", "no address"),
    ("ext::touch", "no address"),
    ("EXT::touch", "no address"),
    ("fd::17/foo", "no address"),
    ("ftp://HOST/x", "uses ftp"),
    ("git://HOST/acme/cat", "uses git"),
    ("git+ssh://git@HOST/x", r"uses git\+ssh"),
    ("ext+https://HOST/x", r"uses ext\+https"),
    # options
    ("-u", "begins with `-`"),
    ("--upload-pack=touch CANARY", "begins with `-`"),
    ("-oProxyCommand=touch CANARY:x", "begins with `-`"),
    ("ssh://-oProxyCommand=touch%20CANARY/x", "no host"),
    ("ssh://-oProxyCommand=touch$IFS/x", "no host"),
    ("ssh://git@-oProxyCommand=x/y", "no host"),
    ("ssh://-l@127.0.0.1/x", "user name that can't be right"),
    ("ssh://127.0.0.1/-x", "no path"),
    ("127.0.0.1:-x", "no address"),
    ("a`touch CANARY`@127.0.0.1:x", "holds blanks"),
    ("$(touch${IFS}CANARY)@127.0.0.1:x", "no address"),
    # files of this machine
    ("/DISK/hidden/private.git", "path on this machine"),
    ("DISK/hidden/private.git", "path on this machine"),
    ("file://DISK/hidden/private.git", "path on this machine"),
    ("FILE://DISK/hidden/private.git", "no host"),
    ("file://localhostDISK/hidden/private.git", "path on this machine"),
    ("./../hidden/private.git", "path on this machine"),
    ("../hidden/private.git", "path on this machine"),
    ("hidden/../../private.git", "no address"),
    ("~/private.git", "no address"),
    # two readers that see two hosts
    ("http://HOST\\@evil.invalid/x", "backslashes|only the definition's own repository may"),
    ("http://evil.invalid\\.HOST/x", "backslashes"),
    ("http://HOST/x\nHost: evil.invalid", "control characters"),
    ("http://HOST/x\r\nX: y", "control characters"),
    ("http://HOST/x\tx", "control characters"),
    ("http://HOST/x\u0000x", r"[Cc]ontrol characters|special characters"),
    ("http://HO ST/x", "holds blanks"),
    ("http://127.0.0.1:PORT:80/x", "can't be read|no host"),
    ("http://[::1/x", "can't be read|no host"),
    ("http://[v1.x]/x", "can't be read|no host"),
    ("http://127.0.0.1%2fevil.invalid/x", "no host"),
    ("http://127。0。0。1/x", "no host"),
    ("http:///HOST/x", "no host"),
    ("http:HOST/x", "may not use our credentials: .* by ssh"),
    ("//HOST/x", "path on this machine"),
    ("http://HOST/x?service=git-receive-pack", r"holds `\?`"),
    ("http://HOST/x#y", r"holds `\?` or `#`"),
    # services that hand out credentials
    ("http://169.254.169.254/latest/meta-data", "where machines get credentials"),
    ("http://[::ffff:169.254.169.254]/x", "where machines get credentials"),
    ("http://[fd00:ec2::254]/x", "where machines get credentials"),
    ("http://168.63.129.16/machine", "where machines get credentials"),
    # other places of the server that the token opens
    ("http://HOST/hidden/private.git", "may not use our credentials"),
    ("http://HOST/acme/../hidden/private.git", "may not use our credentials"),
    ("http://HOST/acme/%2e%2e/hidden/private.git", "may not use our credentials"),
    ("http://HOST/acme/cat.git/../../hidden/private.git", "may not use our credentials"),
    ("hidden/private", "may not use our credentials"),
    # the token for another server
    ("http://HOST@STRANGER/acme/x", "only the definition's own repository may"),
    ("http://x-access-token:y@STRANGER/acme/x", "only the definition's own repository may"),
    ("http://STRANGER/HOST/acme/cat.git", "asks for a token|is not there|can't be fetched"),
]


@pytest.mark.parametrize(("address", "words"), ADDRESSES)
@pytest.mark.parametrize("kind", ["component", "static"])
def test_an_address_of_a_repository(siege: Siege, address: str, words: str, kind: str) -> None:
    siege.repel(entry(type=kind, method="git", source=fill(address, siege), path="m"), words)


REFS = [
    "--upload-pack=touch CANARY",
    "-u",
    "..",
    "dev..dev",
    "dev^",
    "dev~1",
    "dev@{1}",
    "@",
    "dev:m",
    "+dev:refs/heads/other",
    "refs/heads/../../hidden",
    "../../hidden",
    "/dev",
    "dev/",
    "de?",
    "d*",
    "d[e]v",
    "dev\\x",
    "dev\nx",
    "dev\tx",
    "dev\u007fx",
    "dev.lock",
    ".dev",
]


@pytest.mark.parametrize("ref", REFS)
@pytest.mark.parametrize("field", ["branch", "version"])
def test_a_branch_or_version(siege: Siege, field: str, ref: str) -> None:
    written = entry(method="git", source=siege.address("acme/cat"), **{field: fill(ref, siege)})
    siege.repel(written, f"can't be the name of a {field}")


# Each leads to nothing that is the attacker's, so there is nothing to be found.
PATHS = [
    ("../..", "leaves its repository"),
    ("../../../../../../../../etc", "leaves its repository"),
    ("m/../../..", "leaves its repository"),
    ("./.././../x", "leaves its repository"),
    ("/etc", "hld/etc .*doesn't exist"),
    ("DISK/hidden", "doesn't exist"),
    ("//etc", "doesn't exist"),
    ("%2e%2e/%2e%2e/etc", "doesn't exist"),
    ("..%2f..%2fetc", "doesn't exist"),
    ("..\\..\\etc", "doesn't exist"),
    ("\uff0e\uff0e/\uff0e\uff0e/etc", "doesn't exist"),
    ("~", "doesn't exist"),
    ("$HOME", "doesn't exist"),
    ("file:///etc", "doesn't exist"),
    ("../.git", "doesn't exist"),
    (".git/../../.git/config", "doesn't exist"),
    ("m\n/etc", "doesn't exist"),
]


@pytest.mark.parametrize(("path", "words"), PATHS)
@pytest.mark.parametrize("kind", ["static", "helm"])
def test_a_path_of_manifests_or_a_chart(siege: Siege, kind: str, path: str, words: str) -> None:
    siege.repel(entry(type=kind, path=fill(path, siege)), words)


@pytest.mark.parametrize(("path", "words"), PATHS)
def test_a_path_of_a_component(siege: Siege, path: str, words: str) -> None:
    words = "absolute path|an address" if path.startswith(("/", "DISK", "file")) else words
    words = words.replace("doesn't exist", "no component.yaml")
    siege.repel(entry(source=fill(path, siege)), words)


@pytest.mark.parametrize(
    "source",
    ["/proc/self", "file:///proc/self", "DISK/hidden/private.git/m", "../../../../../proc/self"],
)
@pytest.mark.parametrize("method", ["", "local", "helm", "http"])
def test_a_source_that_nothing_fetches(siege: Siege, method: str, source: str) -> None:
    written = entry(type="static", method=method, source=fill(source, siege), path="environ")
    siege.repel(written, "absolute path|is an address|leaves its repository|doesn't exist|doesn't end in")


NAMES = [
    # out of its folder
    ("../dog", "leaves its folder|holds a slash"),
    ("../../.github/workflows/evil", "leaves its folder|holds a slash"),
    ("..", "leaves its folder|means a folder"),
    ("a/../../dog", "leaves its folder|holds a slash"),
    ("a\\..\\dog", "backslash"),
    ("a\u0000b", "[Cc]ontrol|special"),
    ("x" * 300, "longer than 255 bytes"),
    # into git's own
    (".git", "begins with a dot"),
    (".GIT", "begins with a dot"),
    (".g\u200cit", "reaches into .git|begins with a dot"),
    (".git\u200c", "reaches into .git|begins with a dot"),
    (".git ", "begins with a dot"),
    (".git::$INDEX_ALLOCATION", "reaches into .git"),
    # what other programs read as instructions
    (".github", "begins with a dot"),
    (".flux", "begins with a dot"),
    (".sops", "begins with a dot"),
    (".argocd-source", "begins with a dot"),
    ("kustomization", "look for instructions"),
    ("Chart", "look for a chart"),
    ("appChart", "sees a chart"),
    # what some machine can't check out, or what looks like another
    ("con", "the name 'con' makes a file whose name is a device on Windows"),
    ("AUX", "device on Windows"),
    ("dog\u200b", "invisible"),
    ("gpj\u202egod", "invisible"),
    ("dog:x", "Windows doesn't take"),
    ("dog?", "Windows doesn't take"),
]


@pytest.mark.parametrize(("name", "words"), NAMES)
def test_a_name_of_a_component(siege: Siege, name: str, words: str) -> None:
    """As its file has it, and as an entry has it; the name of an entry by reference is a folder's."""
    manifests = {"hld/m/x.yaml": "kind: ConfigMap\n"}
    written = json.dumps({"name": name, "type": "static", "path": "m"})
    siege.repel({"hld/component.yaml": written, **manifests}, words)
    for kind in ("static", "component"):
        listed = json.dumps({"subcomponents": [{"name": name, "type": kind, "path": "m"}]})
        inner = {"hld/m/component.yaml": "{name: x, type: static, path: ../m}"}
        outcome = siege.attack({"hld/component.yaml": listed, **manifests, **inner})
        assert outcome.code == 1 or kind == "component", outcome.log


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x", "X"),
        ("strasse", "STRASSE"),
        ("stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u212b", "\u00e5"),
        ("x", "x.yaml/y"),
    ],
)
def test_two_names_that_are_one_for_some_machine(siege: Siege, one: str, other: str) -> None:
    folder, _, name = other.rpartition("/")
    below = [{"name": name, "type": "static", "path": "m"}]
    second = {"name": folder, "source": "inner"} if folder else below[0]
    files: dict[str, Content] = {
        "hld/component.yaml": json.dumps(
            {"subcomponents": [{"name": one, "type": "static", "path": "m"}, second]}
        ),
        "hld/inner/component.yaml": json.dumps({"name": name, "type": "static", "path": "../m"}),
        "hld/m/x.yaml": "kind: ConfigMap\n",
    }
    siege.repel(files, "would both be written to|which are one file|one as a file, one as a folder")
