"""What an application's team gets by naming others' private sources: nothing that our credentials open."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from unittest.mock import patch

import pytest

from support import registry
from support.charts import packed_chart
from support.repositories import Repository
from support.siege import OTHERS, TOKEN, Siege, lay_siege
from support.webserver import Answer

pytestmark = pytest.mark.siege

FILE = ".github/promotion-ownership.yml"
VAULTED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vaulted}\n"
REFUSED = "the part cat names .*, for which it may not use our credentials: "
ACCOUNT = "reader:pa55-w0rd"


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        for name in ("acme/vault", "acme/cat-parts"):
            create(laid, name)
        laid.allowed |= {"vault.yaml"}
        yield laid


def create(siege: Siege, name: str) -> Repository:
    """A private repository that our token reads."""
    repository = siege.server.create(name, branch="dev", private=True)
    siege.server.allow(TOKEN, name, "read")
    repository.commit({"component.yaml": "{name: v, type: static, path: m}", "m/x.yaml": VAULTED})
    return repository


def entry(source: str, **fields: str) -> str:
    fields = {"name": "vault", "method": "git", "source": source, **fields}
    return json.dumps({"name": "cat", "subcomponents": [fields]})


def rules(**keys: object) -> Mapping[str, str]:
    return {FILE: json.dumps({"cat": {"namespaces": ["*"], **keys}, "*": "any"})}


def senders(siege: Siege, name: str = "acme/vault") -> set[bool]:
    """Whether a credential came with the requests for a repository."""
    found = {asked.authorization is not None for asked in siege.server.requests if f"/{name}" in asked.path}
    siege.server.requests.clear()
    return found


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("HOST/acme/vault.git", {}),
        ("HOST/acme/vault.git", {"type": "static", "path": "m"}),
        ("HOST/acme/vault.git", {"type": "helm", "path": "m"}),
        ("HOST/acme/vault", {}),
        ("HOST/acme/cat.git/../vault.git", {}),
        ("HOST/acme/%76ault.git", {}),
        ("acme/vault", {}),
    ],
)
def test_a_private_repository_is_not_read_for_a_part(
    siege: Siege, address: str, fields: Mapping[str, str]
) -> None:
    siege.server.requests.clear()
    siege.repel(entry(address.replace("HOST", siege.server.url), **fields), REFUSED)
    assert senders(siege, "acme/vault") | senders(siege, "acme/cat.git/..") <= {False}


def test_the_error_says_which_line_allows_it(siege: Siege) -> None:
    url = siege.address("acme/vault")
    siege.repel(
        entry(url),
        f'write `sources: \\["{url.removesuffix(".git")}"\\]` into an entry for cat in {FILE} beside them',
    )
    siege.repel(
        entry(url),
        f"To allow it, add `sources: .*` to the entry 'cat', {FILE}:1:2 in http",
        hld=rules(),
    )
    siege.repel(entry(url), f"add an entry for cat with `sources: .* to {FILE}", hld={FILE: "dog: any\n"})


def test_what_the_definition_itself_names_is_no_parts(siege: Siege) -> None:
    """It is asked for once with the token and once without, and the part doesn't get the other's answer."""
    url = siege.address("acme/vault")
    own = f"\n- {{name: vault, method: git, source: '{url}', type: static, path: m}}\n"
    hld = {"component.yaml": str(siege._definition["component.yaml"]) + own}
    siege.server.requests.clear()
    outcome = siege.attack(entry(url, type="static", path="m"), hld=hld, on_failure="hold")
    assert "kind: ConfigMap" in siege.manifests.read("vault.yaml")
    assert "may not use our credentials" in outcome.log
    assert not [path for path in siege.manifests.files() if path.startswith("cat/")]
    assert senders(siege) == {True, False}


def test_a_parts_own_repository_and_what_is_allowed(siege: Siege) -> None:
    siege.cat.git("branch", "-f", "other", siege.cat.tip())
    files = {"component.yaml": "{name: v, type: static, path: m}", "m/x.yaml": VAULTED}
    siege.cat.commit(files, branch="other")
    assert siege.attack(entry(siege.address("acme/cat"), branch="other")).code == 0
    siege.server.requests.clear()
    siege.repel(entry(siege.address("acme/vault")), "`any: true` beside it", hld={FILE: "'*': any\n"})
    siege.server.requests.clear()
    allowed = {"any": True, "sources": [f"{siege.server.url}/acme/*"]}
    assert siege.attack(entry(siege.address("acme/vault")), hld={FILE: json.dumps({"*": allowed})}).code == 0
    assert senders(siege) == {True}
    # The lock says how it was read, and an incremental run asks in the same way.
    assert '"reach": "allowed"' in siege.manifests.read("promotion.lock")
    assert siege.run().code == 0
    # What may no longer be read isn't kept either: the same definition, and another ownership file.
    siege.repel(entry(siege.address("acme/vault")), REFUSED, hld=rules())


def test_a_pattern_reaches_no_further_by_a_redirect(siege: Siege) -> None:
    """A repository that was renamed: its old name fits the pattern, what is there now doesn't."""
    parts, old = siege.address("acme/cat-parts"), siege.address("acme/cat-old")
    hld = rules(sources=[f"{siege.server.url}/acme/cat-*"])
    outcome = siege.attack(entry(parts), hld=hld)
    assert "may not use our credentials" not in outcome.log
    assert senders(siege, "acme/cat-parts") == {True}
    siege.server.redirect("acme/cat-old", siege.address("acme/vault").removesuffix(".git"))
    siege.repel(entry(old), "acme/vault", hld=hld)
    assert senders(siege) == {False}


@pytest.mark.parametrize("setting", ["insteadOf", "extraHeader", "both"])
def test_the_runners_git_settings_bring_no_credential(siege: Siege, setting: str) -> None:
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    host = siege.server.url.removeprefix("http://")
    settings = {
        f"url.http://x-access-token:{TOKEN}@{host}/.insteadOf": f"{siege.server.url}/",
        "http.extraHeader": f"Authorization: Basic {basic}",
    }
    chosen = [(key, value) for key, value in settings.items() if setting == "both" or setting in key]
    variables = {"GIT_CONFIG_COUNT": str(len(chosen))}
    for number, (key, value) in enumerate(chosen):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    siege.server.requests.clear()
    with patch.dict(OTHERS, variables):
        siege.repel(entry(siege.address("acme/vault")), REFUSED)
    assert senders(siege) == {False}


def test_the_ssh_key_is_for_what_the_definition_names(siege: Siege) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----"
    siege.repel(entry("git@127.0.0.1:acme/vault.git"), f"{REFUSED}.*by ssh, which takes a key", ssh_key=key)


def test_a_public_repository_that_is_made_private(siege: Siege) -> None:
    library = create(siege, "acme/library")
    siege.server.allow("", "acme/library", "read")
    files = entry(siege.address("acme/library"))
    assert siege.attack(files).code == 0
    assert siege.run().code == 0
    siege.server.allow("", "acme/library", "none")
    siege.repel(files, REFUSED)
    assert library.tip("dev")


def test_a_variable_serves_parts_that_are_allowed_the_address(siege: Siege) -> None:
    index = "apiVersion: v1\nentries: {vault: [{version: 1.0.0, urls: [vault.tgz]}]}\n"
    chart = entry(siege.stranger.url, type="helm", method="helm", path="vault", version="1.0.0")
    access = {"access.yaml": json.dumps({siege.stranger.url: "CAT_TOKEN"})}
    siege.stranger.answer("/vault.tgz", packed_chart("vault"))
    siege.stranger.answer("/index.yaml", Answer(status=401))
    siege.repel(chart, "for which it may not use CAT_TOKEN: .*401", hld=access)
    assert {asked.headers.get("authorization") for asked in siege.stranger.asked} == {None}
    siege.stranger.asked.clear()
    siege.stranger.answer("/index.yaml", index.encode())
    allowed = access | rules(sources=[siege.stranger.url])
    siege.attack(chart, hld=allowed)
    sent = {asked.path: asked.headers.get("authorization") for asked in siege.stranger.asked}
    assert sent == dict.fromkeys(("/index.yaml", "/vault.tgz"), f"Bearer {OTHERS['CAT_TOKEN']}")
    siege.stranger.asked.clear()


def test_a_registrys_account_serves_them_alike(siege: Siege) -> None:
    user, _, password = ACCOUNT.partition(":")
    with registry.serve(username=user, password=password) as server, patch.dict(OTHERS, CAT_TOKEN=ACCOUNT):
        server.add("acme/vault", "1.0.0", packed_chart("vault"))
        chart = entry(f"oci://{server.host}/acme", type="helm", method="helm", path="vault", version="1.0.0")
        access = {"access.yaml": json.dumps({f"oci://{server.host}/acme": "CAT_TOKEN"})}
        siege.repel(chart, "for which it may not use CAT_TOKEN: .*asks for a token", hld=access)
        assert {header for _, header in server.asked} == {""}
        own = access | rules(sources=[f"oci://{server.host}/*"])
        outcome = siege.attack(chart, hld=own)
        assert "can't be pulled" not in outcome.log
        assert any(header for _, header in server.asked)
