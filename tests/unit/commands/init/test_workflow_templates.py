"""What is left to do after `promotion init`."""

from __future__ import annotations

from promotion.commands.init.inputs import Kind, SetupRequest
from promotion.commands.init.workflow_templates import list_next_steps


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
    assert "(deployments: write) and open pull requests here (pull-requests: write)." in said


def test_an_action_that_may_move_is_to_be_pinned_by_a_releases_commit() -> None:
    assert "Pin the action, if @v1 may move: by the commit of a release's tag." in steps("application")
    assert "Pin" not in steps("application", version="4f0c9d1e" * 5)
    assert "Pin" not in steps("manifests"), "no workflow uses it"


def test_the_files_go_to_every_branch_and_the_doctor_looks_last() -> None:
    assert "Commit and push the files on the default branch and on main, prod." in steps("application")
    assert steps("hld").endswith("--manifests acme/cluster-manifests --environments main=dev,prod")
    assert "audit" not in steps("manifests")
