"""Who may do what (rbac/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.rendering.validation.field_checks import FieldFault
from promotion.rendering.validation.key_spellings import find_subdomain_fault
from promotion.rendering.validation.kinds.part import Part

_GROUP = "rbac.authorization.k8s.io"


def judge_role(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a Role: only in a ClusterRole a rule can be about addresses."""
    for rule in part.parts("rules"):
        if rule.has("nonResourceURLs"):
            yield rule.fault("can only be there in a ClusterRole", "nonResourceURLs")


def judge_grant(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a rule of a role (validatePolicyRule)."""
    if not part.has("verbs"):
        yield part.fault("is missing", "verbs")
    if part.has("nonResourceURLs"):
        for name in ("apiGroups", "resources", "resourceNames"):
            if part.has(name):
                yield part.fault("can't be there beside nonResourceURLs", name)
        return
    for name in ("apiGroups", "resources"):
        if not part.has(name):
            yield part.fault("is missing", name)


def judge_binding(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a RoleBinding."""
    role = part.part("roleRef")
    if (group := part.part("roleRef").text("apiGroup")) and group != _GROUP:
        yield role.fault(f"must be {_GROUP}{part.shown(group)}", "apiGroup")
    if "roleRef" in part.fields and not role.has("name"):
        yield role.fault("is missing", "name")


def judge_cluster_binding(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a ClusterRoleBinding, which has no namespace that its subjects could be in."""
    yield from judge_binding(part)
    if part.part("roleRef").text("kind") == "Role":
        yield part.part("roleRef").fault("must be ClusterRole here", "kind")
    for subject in part.parts("subjects"):
        if subject.text("kind") == "ServiceAccount" and not subject.has("namespace"):
            yield subject.fault("is missing, and a ClusterRoleBinding has none", "namespace")


def judge_subject(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a subject, to whom a role is given (validateRoleBindingSubject)."""
    kind, group, name = part.text("kind"), part.text("apiGroup"), part.text("name")
    if not part.has("name"):
        yield part.fault("is missing", "name")
    if kind == "ServiceAccount":
        if group:
            yield part.fault(f"must be empty for a ServiceAccount{part.shown(group)}", "apiGroup")
        if name and (problem := find_subdomain_fault(name)):
            yield part.fault(f"{problem}{part.shown(name)}", "name")
    elif kind in ("User", "Group") and group and group != _GROUP:
        yield part.fault(f"must be {_GROUP}{part.shown(group)}", "apiGroup")
