from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.errors import Location, RenderError
from promotion.rendering.manifests.cluster_findings import SHOWN, ClusterFinding
from promotion.rendering.materialize_request import Policy
from promotion.rendering.model import Provenance, RenderedComponent
from promotion.rendering.ownership.ownership_file import parse_ownership
from promotion.rendering.validation.cluster_policy import CHECKS, ClusterCheck, ClusterState, inspect_cluster

# What isn't YAML for us, and a Secret, or anything else, for who reads on.
UNREADABLE = {
    "byte order mark": b"---\n\xef\xbb\xbf---\napiVersion: v1\nkind: Secret\ndata: {a: eA==}\n",
    "no UTF-8": b"---\napiVersion: v1\nkind: Secret\ndata: {a: \xff}\n",
    "alias": b"---\napiVersion: v1\nkind: Secret\ndata: {a: *b}\n",
    "bracket": b"---\napiVersion: v1\nkind: Secret\ndata: {a: eA==\n",
    "NUL": b"---\napiVersion: v1\nkind: Secret\ndata: {a: \x00}\n",
    "UTF-16": "---\napiVersion: v1\nkind: Secret\n".encode("utf-16-le"),
    "depth": b"---\nkind: Secret\nx: " + b"[" * 300 + b"]" * 300,
    "bomb": b"---\nkind: Secret\nx: &a [" + b"x," * 900 + b"]\ny: [" + b"*a," * 900 + b"]\n",
}


def component(label: str) -> RenderedComponent:
    return RenderedComponent(
        label=label,
        path=f"{label}.yaml",
        kind="static",
        provenance=Provenance(),
        input_digest="",
        manifest=b"---\nkind: ConfigMap\n",
    )


def cluster(policy: Policy) -> ClusterState:
    return ClusterState(components=[component("shop")], policy=policy, schemas=SchemaStore())


def check_that_finds(*findings: ClusterFinding, verdict: str = "") -> ClusterCheck:
    return ClusterCheck(
        subject="bad manifests",
        fix="Correct them.",
        verdict=lambda policy: verdict or policy.validate,
        find=lambda _cluster: findings,
    )


def finding(what: str, *, certain: bool = True) -> ClusterFinding:
    return ClusterFinding(component="shop", path="shop.yaml", what=what, certain=certain)


def warnings(policy: Policy, *checks: ClusterCheck) -> list[str]:
    told: list[str] = []
    inspect_cluster(cluster(policy), warn=told.append, checks=checks)
    return told


def test_warns_of_what_is_found() -> None:
    assert warnings(Policy(validate="warn"), check_that_finds(finding("it is odd"))) == [
        "component shop: it is odd"
    ]


def test_a_check_that_is_off_does_not_run() -> None:
    assert not warnings(Policy(validate="off"), check_that_finds(finding("it is odd")))


def test_long_lists_are_counted() -> None:
    many = [finding(f"oddity {number}") for number in range(SHOWN + 3)]
    told = warnings(Policy(validate="warn"), check_that_finds(*many))
    assert len(told) == SHOWN + 1
    assert told[-1] == "… and 3 more of this kind"


def test_fails_with_the_first_few() -> None:
    many = [finding(f"oddity {number}") for number in range(7)]
    with pytest.raises(RenderError) as error:
        warnings(Policy(validate="fail"), check_that_finds(*many))
    assert str(error.value) == (
        "7 bad manifests: (1) component shop: oddity 0; (2) component shop: oddity 1; (3) component shop: "
        "oddity 2; (4) component shop: oddity 3; (5) component shop: oddity 4; and 2 more. Correct them."
    )


def test_what_fails_alone_names_its_component() -> None:
    with pytest.raises(RenderError) as error:
        warnings(Policy(validate="fail"), check_that_finds(finding("it is odd")))
    assert (error.value.component, error.value.what) == ("shop", "it is odd")


def test_what_is_not_certain_only_warns() -> None:
    told = warnings(Policy(validate="fail"), check_that_finds(finding("who knows", certain=False)))
    assert told == ["component shop: who knows"]


def test_all_warnings_come_before_the_error() -> None:
    told: list[str] = []
    checks = [
        check_that_finds(finding("it is wrong"), verdict="fail"),
        check_that_finds(finding("it is odd"), verdict="warn"),
    ]
    with pytest.raises(RenderError, match="it is wrong"):
        inspect_cluster(cluster(Policy()), warn=told.append, checks=checks)
    assert told == ["component shop: it is odd"]


@pytest.mark.parametrize("manifest", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("check", CHECKS, ids=[check.subject for check in CHECKS])
def test_every_check_that_fails_refuses_what_it_cannot_read(check: ClusterCheck, manifest: bytes) -> None:
    """Whatever the check, for it is in the list: that of all that guard."""
    strict = Policy(validate="fail", secrets="deny", allowed_secrets=("*/*",))
    parts = [component("shop"), replace(component("db"), manifest=manifest)]
    with pytest.raises(RenderError, match=r"line \d+ of db.yaml") as error:
        inspect_cluster(
            ClusterState(
                components=parts,
                policy=strict,
                schemas=SchemaStore(),
                ownership=parse_ownership(b'"*": {namespaces: ["*"]}', Location("owners.yml")),
            ),
            warn=print,
            checks=[check],
        )
    assert error.value.component == "db" or "component db: " in error.value.what
