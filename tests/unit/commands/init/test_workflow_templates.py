"""The workflows that `promotion init` writes are the examples, with the names of the estate; and what is left
to do then.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.commands.init.inputs import KINDS, Kind, SetupRequest
from promotion.commands.init.workflow_templates import (
    WORKFLOWS,
    adapt,
    choose,
    list_next_steps,
    list_secrets,
    rules_file,
)
from promotion.common.event import parse_environments
from promotion.common.promotion_rules.rules import DEFAULT_RULES
from promotion.common.promotion_rules.rules_file import parse_rules

EXAMPLES = Path(__file__).parents[4] / "examples/workflows"
OPTIONAL = frozenset(workflow.option for workflow in WORKFLOWS if workflow.option)
every_example = pytest.mark.parametrize("name", sorted({workflow.example for workflow in WORKFLOWS}))


def request(kind: Kind = "application", environments: str = "dev stage prod") -> SetupRequest:
    return SetupRequest(
        kind=kind,
        hld="globex/estate",
        manifests="globex/deployed",
        action="globex/tools",
        version="0123456789",
        environments=parse_environments(environments.split()),
        optional=OPTIONAL,
    )


def write(name: str, asked: SetupRequest) -> str:
    return adapt((EXAMPLES / name).read_text("utf-8"), asked)


def load(text: str) -> Any:
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506


@every_example
def test_with_the_examples_names_it_is_the_example(name: str) -> None:
    example = (EXAMPLES / name).read_text("utf-8")
    asked = SetupRequest(
        kind="application",
        hld="acme/cluster-hld",
        manifests="acme/cluster-manifests",
        action="acme/gitops-promotion",
        version="v1",
        environments=parse_environments(["dev", "stage", "prod"]),
    )
    assert load(adapt(example, asked)) == load(example)


@every_example
@pytest.mark.parametrize("environments", ["alpha beta gamma delta", "main=alpha beta", "one two three"])
def test_no_name_of_the_example_is_left(name: str, environments: str) -> None:
    written = write(name, request(environments=environments))
    assert not re.findall(r"\b(?:dev|stage|prod|acme)\b|@v1\b", written)
    assert load(written)["jobs"]


@every_example
def test_an_input_isnt_given_twice(name: str) -> None:
    for block in re.findall(r"with:\n((?: {10}.*\n)*)", write(name, request(environments="main=a b"))):
        keys = re.findall(r"(?m)^ {10}([\w-]+):", block)
        assert len(keys) == len(set(keys))


def test_other_environments_are_told_to_the_action_and_to_the_triggers() -> None:
    workflow = load(write("application.yml", request(environments="main=dev live")))
    (step,) = workflow["jobs"]["materialize"]["steps"]
    assert workflow["on"]["push"]["branches"] == ["main", "live"]
    assert step["with"]["environments"] == "main=dev, live"
    assert step["with"]["hld-ref"] == "${{ github.ref_name }}", "the HLD's branch is main, too"
    assert step["with"]["manifest-repository"] == "globex/deployed"


@every_example
@pytest.mark.parametrize("names", ["1.10 2.0 on", "null true", "0x1 1e3", "main=1.10 y=2"])
def test_names_that_yaml_would_retype_stay_texts(name: str, names: str) -> None:
    asked = request(environments=names)
    workflow = yaml.safe_load(write(name, asked))
    texts = [text for key in ("branches", "options") for text in find(workflow, key)]
    assert all(isinstance(text, str) for text in texts)
    assert set(texts) <= {*asked.branches, *asked.names}
    assert all(text == ", ".join(asked.pairs) for text in find(workflow, "environments"))


def find(node: Any, key: str) -> list[Any]:
    """What stands below a key, at any depth; lists are flattened."""
    if isinstance(node, list):
        return [found for part in node for found in find(part, key)]
    if not isinstance(node, dict):
        return []
    here = node.get(key, [])
    below = [found for part in node.values() for found in find(part, key)]
    return [*(here if isinstance(here, list) else [here]), *below]


def test_the_hld_needs_no_ref_to_itself() -> None:
    assert "hld-ref" not in write("cluster-hld.yml", request("hld", "main=dev live"))


def test_the_guard_names_a_merge_groups_branch() -> None:
    written = write("guard.yml", request(environments="one two three"))
    assert '{\\"refs/heads/two\\":\\"two\\",\\"refs/heads/three\\":\\"three\\"}' in written


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_repository_gets_its_workflows(kind: Kind) -> None:
    chosen = choose(request(kind))
    if kind == "manifests":
        assert not chosen
    else:
        assert chosen["guard.yml"] == "guard.yml"
        assert chosen.keys() >= {"promotion.yml", "preview.yml", "promote.yml"}


def test_one_environment_has_nothing_to_promote() -> None:
    assert not choose(request("hld", "dev")).keys() & {"guard.yml", "promote.yml"}


def test_the_rules_are_the_default_ones_where_the_branches_are() -> None:
    assert parse_rules(rules_file(request()), "rules") == DEFAULT_RULES
    rules = parse_rules(rules_file(request(environments="main=dev stage live")), "rules")
    assert {target: rule.sources[0].branch for target, rule in rules.items()} == {
        "stage": "main",
        "live": "stage",
    }


def test_the_rules_name_their_schema_to_editors() -> None:
    asked = request()
    path = "globex/tools/0123456789/schemas/promotion-rules.schema.json"
    line = f"# yaml-language-server: $schema=https://raw.githubusercontent.com/{path}\n"
    assert rules_file(asked).startswith(line)
    own = replace(asked, server_url="https://github.globex.example")
    assert (
        "$schema=https://github.globex.example/globex/tools/raw/0123456789/schemas/promotion-rules.schema.json\n"
        in rules_file(own)
    )


def test_the_secrets_to_store_are_those_that_the_workflows_read() -> None:
    workflows = {"a": "x: ${{ secrets.ONE }}\ny: ${{ secrets.TWO }}", "b": "z: ${{ secrets.ONE }}"}
    assert list_secrets(workflows) == ("ONE", "TWO")


def steps(kind: Kind, *secrets: str, optional: frozenset[str] = frozenset(), version: str = "v1") -> str:
    request = SetupRequest(
        kind=kind,
        hld="acme/cluster-hld",
        manifests="acme/cluster-manifests",
        action="acme/gitops-promotion",
        version=version,
        environments={"main": "dev", "prod": "prod"},
        optional=optional,
    )
    return "\n".join(list_next_steps(request, secrets))


def test_each_secret_is_told_with_its_rights() -> None:
    said = steps("hld", "PROMOTION_TOKEN", "PROMOTION_READ_TOKEN", "OTHER")
    assert (
        "PROMOTION_TOKEN: a token that may write acme/cluster-manifests (contents: write), read the" in said
    )
    assert "record there what becomes of a change (deployments: write, statuses: write)." in said
    assert "PROMOTION_READ_TOKEN: a token that may read the HLD and application repositories" in said
    assert "OTHER: a token that is described in the workflow that names it." in said


def test_an_application_that_notifies_gets_no_key_to_the_manifests() -> None:
    optional = frozenset({"notify", "promote"})
    said = steps("application", "NOTIFY_TOKEN", "PROMOTION_TOKEN", optional=optional)
    assert "NOTIFY_TOKEN: a token that may write acme/cluster-hld (contents: write), no more." in said
    assert "acme/cluster-manifests (contents: write)" not in said
    assert "see the deployments of this repository (deployments: read) and open pull requests here" in said
    assert "(pull-requests: write), no more." in said
    assert "deployments" not in steps("application", "PROMOTION_TOKEN", optional=frozenset({"notify"}))


def test_who_materialises_and_promotes_records_deployments_and_opens_pull_requests() -> None:
    said = steps("application", "PROMOTION_TOKEN", optional=frozenset({"promote"}))
    assert "(deployments: write, statuses: write) and open pull requests here (pull-requests: write)." in said


def test_an_action_that_may_move_is_to_be_pinned_by_a_releases_commit() -> None:
    assert "Pin the action, if @v1 may move: by the commit of a release's tag." in steps("application")
    assert "Pin" not in steps("application", version="4f0c9d1e" * 5)
    assert "Pin" not in steps("manifests"), "no workflow uses it"


def test_the_files_go_to_every_branch_and_the_doctor_looks_last() -> None:
    assert "Commit and push the files on the default branch and on main, prod." in steps("application")
    assert steps("hld").endswith("--manifests acme/cluster-manifests --environments main=dev,prod")
    assert "audit" not in steps("manifests")


@pytest.mark.parametrize(("known", "named"), [("acme/cats", "acme/cats"), ("", "OWNER/NAME")])
def test_the_next_steps_of_an_application_are_about_it(known: str, named: str) -> None:
    said = "\n".join(list_next_steps(replace(request(), application=known), ()))
    assert f"guard audit --repository {named} --apply" in said
    assert f"doctor --hld globex/estate --manifests globex/deployed --application {named} --env" in said
