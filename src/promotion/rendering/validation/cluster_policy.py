"""Judging what was rendered, before any of it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import say
from promotion.rendering.manifests.cluster_findings import ClusterFinding, list_warnings, make_error
from promotion.rendering.manifests.resource_identity import parse_identity

if TYPE_CHECKING:
    from promotion.rendering.materialize_request import Policy
    from promotion.rendering.model import RenderedComponent
    from promotion.rendering.ownership.part_rules import Ownership
    from promotion.rendering.validation.duplicates import KeptComponent


class Schemas(Protocol):
    """The schemas of Kubernetes, as JSON."""

    @property
    def versions(self) -> Sequence[str]:
        """The known versions, as `1.33`."""

    @property
    def history(self) -> bytes:
        """Which versions have had which kinds."""

    def read(self, version: str) -> bytes:
        """Return a known version's kinds and schemas."""


@dataclass(frozen=True, kw_only=True)
class ClusterState:
    """What there is to judge: the components that were rendered, and those whose manifests are kept.

    `former` are the rendered ones as they were at the last commit, and those that are gone since. `bare` have
    no manifest, but something in a chart's folder `crds/`. `ownership` is what the parts of the definition
    may make, None if nothing is asked of them; `owners` the part of each resource of the last commit.
    """

    components: Sequence[RenderedComponent]
    kept: Sequence[KeptComponent] = ()
    former: Sequence[KeptComponent] = ()
    bare: Sequence[RenderedComponent] = ()
    policy: Policy
    schemas: Schemas
    ownership: Ownership | None = None
    owners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClusterCheck:
    """One thing that manifests are judged by.

    `verdict` says what a finding is by the policy: `off`, `warn` or `fail`. `subject` and `fix` are for the
    error: what the findings are, in the plural, and what to do.
    """

    subject: str
    fix: str
    verdict: Callable[[Policy], str]
    find: Callable[[ClusterState], Iterable[ClusterFinding]]


def _find_secrets(cluster: ClusterState) -> Iterable[ClusterFinding]:
    if not cluster.components:
        return ()
    from promotion.rendering.manifests.plain_secrets import judge_secrets  # most runs have none to look at

    return judge_secrets(cluster.components, cluster.policy.allowed_secrets)


def _validate(cluster: ClusterState) -> Iterable[ClusterFinding]:
    if not (cluster.components or cluster.former):
        return
    # most runs have nothing to validate
    from promotion.rendering.validation.kubernetes_api import read_api
    from promotion.rendering.validation.kubernetes_versions import choose_version
    from promotion.rendering.validation.manifest_faults import find_faults

    schemas, wanted = cluster.schemas, cluster.policy.kubernetes_version
    version, is_exact = choose_version(wanted, schemas.versions)
    api = read_api(version, schemas.read(version), schemas.history)
    yield from find_faults(cluster.components, api, cluster.kept, cluster.former, cluster.bare)
    if not is_exact:
        what = f"the manifests were checked for Kubernetes {version}, since {wanted} isn't known"
        yield ClusterFinding(component="", path="", what=what, certain=False)


VALIDITY = ClusterCheck(
    subject="faults in the manifests",
    fix=say("Correct the templates or their values, or set {validate: warn}."),
    verdict=lambda policy: policy.validate,
    find=_validate,
)
PLAIN_SECRETS = ClusterCheck(
    subject="Secrets in plain text",
    fix="",
    verdict=lambda policy: {"allow": "off", "deny": "fail"}.get(policy.secrets, policy.secrets),
    find=_find_secrets,
)


def _find_breaches(cluster: ClusterState) -> Iterable[ClusterFinding]:
    if cluster.ownership is None:
        return ()
    from promotion.rendering.ownership.ownership_findings import find_breaches

    return find_breaches(cluster.components, cluster.kept, cluster.former, cluster.ownership, cluster.owners)


OWNERSHIP = ClusterCheck(
    subject="breaches of ownership",
    fix="",
    verdict=lambda _: "fail",
    find=_find_breaches,
)
CHECKS: tuple[ClusterCheck, ...] = (OWNERSHIP, PLAIN_SECRETS, VALIDITY)


def _find_left_out(cluster: ClusterState) -> Iterable[str]:
    parts = [part for part in (*cluster.components, *cluster.bare) if part.left_out]
    if not parts:
        return ()
    from promotion.rendering.manifests.missing_crds import describe_missing  # few charts leave any out

    names = (name for component in cluster.components for name in component.resources)
    kept = (resource for component in cluster.kept for resource in component.resources)
    return describe_missing(parts, (*map(parse_identity, names), *kept))


def inspect_cluster(
    cluster: ClusterState, *, warn: Callable[[str], object], checks: Sequence[ClusterCheck] = CHECKS
) -> None:
    """Warn of what the checks find, or refuse it, as the policy has it; and of what isn't there to judge.

    Raises:
        RenderError: a check that fails found something. The warnings of the others were given before.
    """
    for check, wrong in list_refusals(cluster, warn=warn, checks=checks):
        raise make_error(check.subject, wrong, check.fix)


def list_refusals(
    cluster: ClusterState, *, warn: Callable[[str], object], checks: Sequence[ClusterCheck] = CHECKS
) -> list[tuple[ClusterCheck, list[ClusterFinding]]]:
    """Return what the policy refuses, by check, after warning of all else that there is to say."""
    breaches = []
    for text in _find_left_out(cluster):
        warn(text)
    for check in checks:
        verdict = check.verdict(cluster.policy)
        if verdict == "off":
            continue
        findings = list(check.find(cluster))
        wrong = [finding for finding in findings if finding.certain] if verdict == "fail" else []
        told = [finding for finding in findings if not finding.certain] if verdict == "fail" else findings
        for text in list_warnings(told):
            warn(text)
        if wrong:
            breaches.append((check, wrong))
    return breaches
