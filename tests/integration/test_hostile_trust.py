"""What an application team may have run or sent: hooks, and the variables that an access.yaml names."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from support.repositories import Content
from support.siege import OTHERS, SECRETS, TOKEN, Siege, lay_siege

pytestmark = [pytest.mark.siege, pytest.mark.samples]


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with lay_siege(tmp_path_factory.mktemp("siege")) as laid:
        yield laid


def entry(**fields: str) -> str:
    """A definition with one subcomponent."""
    return json.dumps({"name": "cat", "subcomponents": [{"name": "x", **fields}]})


VARIABLES = [
    ("STACK_TOKEN", "may not have STACK_TOKEN sent"),
    ("AWS_SECRET_ACCESS_KEY", "may not have AWS_SECRET_ACCESS_KEY sent"),
    ("CAT_TOKEN", "may not have CAT_TOKEN sent"),
    ("PATH", "may not have PATH sent"),
    ("HOME", "may not have HOME sent"),
    ("NOBODY_SET_IT", "may not have NOBODY_SET_IT sent"),
    ("INPUT_TOKEN", "belongs to the runner"),
    ("input_token", "belongs to the runner"),
    ("INPUT_SOURCE-TOKEN", "belongs to the runner"),
    ("GITHUB_TOKEN", "belongs to the runner"),
    ("GITHUB_WORKSPACE", "belongs to the runner"),
    ("ACTIONS_RUNTIME_TOKEN", "belongs to the runner"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "belongs to the runner"),
    ("RUNNER_TEMP", "belongs to the runner"),
]
WAYS = {
    "component": {"method": "git", "source": "STRANGER/x.git"},
    "static from git": {"type": "static", "method": "git", "source": "STRANGER/x.git", "path": "m"},
    "static from the web": {"type": "static", "method": "http", "source": "STRANGER/x.yaml"},
    "chart": {"type": "helm", "method": "helm", "source": "STRANGER/charts", "path": "c"},
}


@pytest.mark.parametrize(("variable", "words"), VARIABLES)
@pytest.mark.parametrize("way", WAYS)
def test_a_variable_for_a_server_of_the_attackers(siege: Siege, way: str, variable: str, words: str) -> None:
    fields = {key: text.replace("STRANGER", siege.stranger.url) for key, text in WAYS[way].items()}
    access = json.dumps({fields["source"]: variable})
    siege.repel({"hld/component.yaml": entry(**fields), "hld/access.yaml": access}, words)
    assert not siege.stranger.asked


@pytest.mark.parametrize(
    "source",
    [
        "http://HOST@STRANGER/x.git",
        "http://HOST:80@STRANGER/x.git",
        "http://STRANGER/HOST/x.git",
        "http://evil.HOST/x.git",
        "http://evil.invalid/HOST/x.git",
        "https://HOST/x.git",
        "http://127.0.0.1/x.git",
    ],
)
def test_a_variable_for_another_server_than_the_one_that_it_is_for(siege: Siege, source: str) -> None:
    """The cluster names it for HOST, and that makes it no other's."""
    host, stranger = siege.server.url.removeprefix("http://"), siege.stranger.url.removeprefix("http://")
    source = source.replace("HOST", host).replace("STRANGER", stranger)
    siege.repel(
        {
            "hld/component.yaml": entry(method="git", source=source),
            "hld/access.yaml": json.dumps({source: "CAT_TOKEN"}),
        },
        # what stands before the host is a credential of the attacker's own
        "only the definition's own repository may" if "@" in source else "may not have CAT_TOKEN sent",
        hld={"access.yaml": f"'http://{host}/acme/other.git': CAT_TOKEN\n"},
    )
    assert not siege.stranger.asked


def test_a_variable_that_the_cluster_names_for_that_server(siege: Siege) -> None:
    """A repository of the cluster's brings private parts of its own only where the cluster allows them."""
    source = siege.stranger.answer("/x.yaml", b"kind: ConfigMap\n")
    files = {
        "hld/component.yaml": entry(type="static", method="http", source=source),
        "hld/access.yaml": json.dumps({source: "CAT_TOKEN"}),
    }
    hld = {"access.yaml": json.dumps({f"{siege.stranger.url}/own.yaml": "CAT_TOKEN"})}
    assert siege.attack(files, hld=hld).code == 0
    assert {asked.headers.get("authorization") for asked in siege.stranger.asked} == {None}
    siege.stranger.asked.clear()
    rules = json.dumps({"*": {"any": True, "sources": [source]}})
    outcome = siege.attack(files, hld=hld | {".github/promotion-ownership.yml": rules}, full="true")
    assert outcome.code == 0, outcome.log
    assert [asked.headers["authorization"] for asked in siege.stranger.asked] == [
        f"Bearer {OTHERS['CAT_TOKEN']}"
    ]
    siege.stranger.asked.clear()


COMMAND = "touch CANARY"
# Every way to write a hook that would run if hooks were allowed.
HOOKS = {
    "before install": {"component.yaml": f"name: cat\nhooks:\n  before-install:\n  - {COMMAND}\n"},
    "after install": {"component.yaml": f"name: cat\nhooks: {{after-install: [{COMMAND}]}}\n"},
    "before generate": {"component.yaml": f"name: cat\nhooks: {{before-generate: [{COMMAND}]}}\n"},
    "after generate": {"component.yaml": f"name: cat\nhooks: {{after-generate: [{COMMAND}]}}\n"},
    "quoted": {"component.yaml": f'"name": cat\n"ho\\u006fks": {{"before\\x2dinstall": ["{COMMAND}"]}}\n'},
    "anchor": {"component.yaml": f"x: &x {{before-install: [{COMMAND}]}}\nname: cat\nhooks: *x\n"},
    "merge key": {"component.yaml": f"x: &x {{hooks: {{before-install: [{COMMAND}]}}}}\nname: cat\n<<: *x\n"},
    "merge keys": {
        "component.yaml": f"x: &x {{hooks: {{after-install: [{COMMAND}]}}}}\nname: cat\n<<: [*x]\n"
    },
    "merge key below": {"component.yaml": f"x: &x {{before-install: [{COMMAND}]}}\nhooks: {{<<: *x}}\n"},
    "tags": {"component.yaml": f"name: cat\nhooks: !!map {{before-install: !!seq [!!str {COMMAND}]}}\n"},
    "twice": {"component.yaml": f"hooks: {{before-install: [{COMMAND}]}}\nhooks: {{after-install: []}}\n"},
    "JSON": {"component.json": f'{{"name": "cat", "hooks": {{"before-install": ["{COMMAND}"]}}}}'},
    "JSON in capitals": {"component.json": f'{{"HOOKS": {{"before-install": ["{COMMAND}"]}}}}'},
    "JSON with escapes": {"component.json": f'{{"h\\u006Foks": {{"before\\u002dinstall": ["{COMMAND}"]}}}}'},
    "JSON twice": {"component.json": f'{{"hooks": {{}}, "Hooks": {{"before-install": ["{COMMAND}"]}}}}'},
    "JSON as YAML": {"component.yaml": f'{{"hooks": {{"before-install": ["{COMMAND}"]}}}}'},
    "chart": {"component.yaml": f"{{name: c, type: helm, path: c, hooks: {{before-install: [{COMMAND}]}}}}"},
    "static": {
        "component.yaml": f"{{name: c, type: static, path: ., hooks: {{after-install: [{COMMAND}]}}}}"
    },
    "inlined": {
        "component.yaml": "subcomponents:\n- name: x\n  type: static\n  path: .\n  hooks:\n"
        f"    before-install:\n    - {COMMAND}\n"
    },
    "inlined below": {
        "component.yaml": "subcomponents:\n- name: x\n  type: static\n  path: .\n  subcomponents:\n"
        f"  - name: y\n    type: static\n    path: .\n    hooks: {{after-generate: [{COMMAND}]}}\n"
    },
    "by reference": {
        "component.yaml": "subcomponents: [{name: x, source: x}]",
        "x/component.yaml": f"name: x\nhooks: {{before-install: [{COMMAND}]}}\n",
    },
}
# Ways that Fabrikate itself doesn't read: nothing runs, whatever is allowed.
NO_HOOKS = {
    "without a command": {"component.yaml": "name: cat\nhooks: {before-install: ['']}\n"},
    "capitals": {"component.yaml": f"name: cat\nHOOKS: {{before-install: [{COMMAND}]}}\n"},
    "another phase": {"component.yaml": f"name: cat\nhooks: {{before-everything: [{COMMAND}]}}\n"},
    "config": {
        "component.yaml": "name: cat\n",
        "config/common.yaml": f"hooks: {{before-install: [{COMMAND}]}}\n",
    },
    "entry by reference": {
        "component.yaml": f"subcomponents: [{{name: x, source: x, hooks: {{before-install: [{COMMAND}]}}}}]",
        "x/component.yaml": "name: x\n",
    },
    "another file": {"component.yaml": "name: c\n", "component.json": f'{{"hooks": {{"x": ["{COMMAND}"]}}}}'},
    "second document": {"component.yaml": f"name: cat\n---\nhooks: {{before-install: [{COMMAND}]}}\n"},
}


def write(siege: Siege, files: dict[str, str]) -> dict[str, Content]:
    return {f"hld/{path}": text.replace("CANARY", str(siege.canary)) for path, text in files.items()}


@pytest.mark.parametrize("case", HOOKS)
def test_a_hook_is_denied(siege: Siege, case: str) -> None:
    siege.repel(write(siege, HOOKS[case]), "the component has hooks, .* which are denied")


@pytest.mark.parametrize("case", NO_HOOKS)
def test_what_is_no_hook_never_runs(siege: Siege, case: str) -> None:
    siege.attack(write(siege, NO_HOOKS[case]))
    siege.attack(write(siege, NO_HOOKS[case]), hooks="allow")


@pytest.mark.parametrize("text", ["Allow", "true", "yes", "1", "allow,deny", "allow # not", "deny\nallow"])
def test_hooks_are_allowed_by_one_word_only(siege: Siege, text: str) -> None:
    siege.attack("name: cat\n")
    siege.cat.commit(write(siege, HOOKS["before install"]))
    outcome = siege.run(hooks=text)
    assert outcome.code == 2, outcome.log
    assert not siege.canary.exists()


# What Docker lets root do in a container: looking into other processes isn't among it.
RIGHTS = (
    "+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,"
    "+sys_chroot,+mknod,+audit_write,+setfcap"
)


def test_a_hook_that_may_run_sees_no_token(siege: Siege) -> None:
    """Neither in its environment nor in that of our process, nor in what we have written."""
    before = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("NOT TESTED HERE: setpriv takes the rights from root that a container's doesn't have")
        before = ["setpriv", f"--bounding-set=-all,{RIGHTS}"]
    seen = siege.folder / "seen"
    search = "grep -r ghs_siege $TMPDIR | grep -v grep"
    look = f"{{ env; tr '\\0' '\\n' < /proc/$PPID/environ; {search}; true; }} > {seen} 2>&1"
    siege.attack("name: cat\n")
    siege.cat.commit(
        {"hld/component.yaml": json.dumps({"name": "cat", "hooks": {"before-generate": [look]}})}
    )
    outcome = siege.run_apart(*before, hooks="allow")
    assert outcome.code == 0, outcome.log
    told = seen.read_text()
    assert "HOME=" in told
    assert "Permission denied" in told
    for secret in (*SECRETS, *SECRETS.values(), *OTHERS.values(), TOKEN, "INPUT_"):
        assert secret not in told, told
