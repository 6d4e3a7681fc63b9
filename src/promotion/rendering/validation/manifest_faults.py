"""What a cluster would refuse in the manifests of its components."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import field, replace

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line, list_some
from promotion.common.yaml.yaml_nodes import get
from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.model import RenderedComponent
from promotion.rendering.validation import custom_resources as custom
from promotion.rendering.validation.custom_resources import CustomKind, CustomKinds, read_definition
from promotion.rendering.validation.duplicates import KeptComponent, find_duplicates
from promotion.rendering.validation.field_checks import OBJECT_META, FieldFault, FieldJudge, Schema
from promotion.rendering.validation.kinds.rule_catalogue import find_more_faults
from promotion.rendering.validation.kubernetes_api import KubernetesApi
from promotion.rendering.validation.manifest_items import Item, Manifest, read_items
from promotion.rendering.validation.name_checks import find_head_faults
from promotion.rendering.validation.settling import settle

_NAMED = 10  # kinds in one message


def find_faults(
    components: Sequence[RenderedComponent],
    api: KubernetesApi,
    kept: Sequence[KeptComponent] = (),
    former: Sequence[KeptComponent] = (),
    bare: Sequence[RenderedComponent] = (),
) -> list[ClusterFinding]:
    """Return all that a cluster would refuse in the components, in their order, and last what can't be
    judged.

    Custom resources of kept components are judged again if what defines their kind has changed.

    Args:
        api: what the cluster's version of Kubernetes takes.
        kept: the cluster's other components.
        former: what the components were before, and those that are gone.
        bare: components without a manifest. What their charts, and those of the others, have in folders
            `crds/` isn't committed, so what is found by it is no certain fault.
    """
    survey = _Survey(api)
    for component in components:
        manifest = Manifest(
            label=component.label, path=component.path, data=component.manifest, origins=component.origins
        )
        for item, node in read_items(manifest):
            survey.add(item, node)
    survey.add_again(kept, former)
    survey.judge_custom(kept, [part for part in (*components, *bare) if part.left_out])
    survey.judge_twins(kept)
    paths = [*(part.path for part in components), *(part.path for part in kept)]
    order = {path: index for index, path in enumerate(paths)}
    survey.found.sort(key=lambda pair: (order[pair[1].path], pair[0]))
    return [*(finding for _, finding in survey.found), *survey.list_unknown()]


@dataclass
class _Survey:
    api: KubernetesApi
    found: list[tuple[int, ClusterFinding]] = field(default_factory=list)
    _items: list[Item] = field(default_factory=list)
    _custom: list[tuple[Item, yaml.MappingNode]] = field(default_factory=list)
    _kinds: CustomKinds = field(default_factory=dict)
    _unknown: list[Item] = field(default_factory=list)
    _changed: set[tuple[str, str]] = field(default_factory=set)
    _schemas: dict[tuple[str, str, str], Schema] = field(default_factory=dict)

    def add(self, item: Item, node: yaml.MappingNode) -> None:
        """Judge a resource; a custom one later, for what defines it may yet come."""
        if item.problem:
            self._tell(item, item.problem)
            return
        self._items.append(item)
        if (item.group, item.kind) == (custom.GROUP, custom.KIND):
            self._kinds |= read_definition(node)
        schema = self.api.find_schema(item.api_version, item.kind)
        if schema is not None:
            judge = self._make_judge(item, node)
            judge.judge(node, schema)
            self._tell_faults(item, judge.faults)
        elif self.api.has_group(item.group) or not item.kind:
            self._tell_faults(item)
            if item.kind and item.api_version:
                self._tell(item, self.api.explain(item.api_version, item.kind))
        else:
            self._custom.append((item, node))

    def add_again(self, kept: Sequence[KeptComponent], former: Sequence[KeptComponent]) -> None:
        """Add the custom resources of kept components that were judged by what is no longer so.

        What a rollback restored was judged by nobody, so its definitions count as changed.
        """
        before = _read_definitions(former)
        self._changed = {
            key
            for key in before.keys() | self._kinds.keys()
            if key not in before or not before[key].is_like(self._kinds.get(key))
        } | _read_definitions([part for part in kept if part.is_pinned]).keys()
        for component in kept:
            kinds = {(part.group, part.kind) for part in component.resources}
            if component.is_pinned or kinds.isdisjoint(self._changed):
                continue
            for item, node in _read_kept(component):
                if (item.group, item.kind) in self._changed:
                    self._items.append(item)
                    self._custom.append((item, node))

    def judge_custom(self, kept: Sequence[KeptComponent], others: Sequence[RenderedComponent] = ()) -> None:
        """Judge the resources whose kinds aren't built in, if need be by what others leave out."""
        self._look_up(kept)
        loose = self._read_left_out(others)
        for item, node in self._custom:
            judge = self._make_judge(item, node)
            if metadata := get(node, "metadata"):
                judge.judge(metadata, {"$ref": OBJECT_META}, ("metadata",))
            key = (item.group, item.kind)
            kind = self._kinds.get(key) or loose.get(key)
            if kind is None:
                self._unknown.append(item)
            elif item.version in kind.versions:
                schema = self._read_schema(item, kind)
                replace(judge, is_lenient=False).judge(settle(node, schema), schema)
            else:
                served = ", ".join(map(show, kind.versions)) or "none"
                what = f"is {show(item.version)}, and its CustomResourceDefinition serves {served}"
                judge.faults.append(FieldFault(("apiVersion",), what, item.line))
            certain = kind is None or key in self._kinds
            self._tell_faults(item, judge.faults, is_custom=kind is not None, certain=certain)

    def judge_twins(self, kept: Sequence[KeptComponent]) -> None:
        """Find the resources that are there twice."""
        for item, owner, path in find_duplicates(self._items, kept, self._is_cluster_wide, self._changed):
            self._tell(item, f"is defined twice: also in {owner}", twin=path)

    def list_unknown(self) -> Iterable[ClusterFinding]:
        """Yield what can't be judged, in one finding."""
        kinds = list(dict.fromkeys((item.kind, item.api_version) for item in self._unknown))
        if kinds:
            named = list_some([f"{show(kind)} of {show(version)}" for kind, version in kinds], _NAMED)
            what = f"not checked, since no CustomResourceDefinition that is committed defines it: {named}"
            yield ClusterFinding(component="", path="", what=what, certain=False)

    def _read_schema(self, item: Item, kind: CustomKind) -> Schema:
        """Return the schema of a custom resource; each is read once."""
        key = (item.group, item.kind, item.version)
        if key not in self._schemas:
            self._schemas[key] = kind.read_schema(item.version)
        return self._schemas[key]

    def _look_up(self, kept: Sequence[KeptComponent]) -> None:
        """Read the definitions that the kept components have, if they are needed."""
        wanted = {item.group for item, _ in self._custom if (item.group, item.kind) not in self._kinds}
        self._kinds = _read_definitions(kept, wanted) | self._kinds

    def _read_left_out(self, others: Sequence[RenderedComponent]) -> CustomKinds:
        """Read the definitions in folders `crds/`, if they are needed."""
        found: CustomKinds = {}
        if all((item.group, item.kind) in self._kinds for item, _ in self._custom):
            return found
        for component in others:
            for item, node in read_items(Manifest(label="", path="", data=component.left_out)):
                if (item.group, item.kind) == (custom.GROUP, custom.KIND):
                    found = read_definition(node) | found
        return found

    def _is_cluster_wide(self, group: str, kind: str) -> bool:
        if found := self._kinds.get((group, kind)):
            return found.is_cluster_wide
        return self.api.is_cluster_wide(group, kind)

    def _make_judge(self, item: Item, node: yaml.Node) -> FieldJudge:
        offset = item.line - node.start_mark.line - 1
        hides = "secret" in item.kind.lower()
        return FieldJudge(schemas=self.api.schemas, find_more=find_more_faults, hides=hides, offset=offset)

    def _tell_faults(
        self,
        item: Item,
        faults: Iterable[FieldFault] = (),
        *,
        is_custom: bool = False,
        certain: bool = True,
    ) -> None:
        for fault in (*find_head_faults(item, is_custom=is_custom), *faults):
            self._tell(replace(item, line=fault.line), str(fault), certain=certain)

    def _tell(self, item: Item, what: str, *, certain: bool = True, twin: str = "") -> None:
        source = f"{item.template}, " if item.template else ""
        subject = "" if item.problem else f"{item}: "
        text = line(f"{subject}{what} ({source}{item.place})")
        resource = Resource(kind=item.kind, namespace=item.namespace, name=item.name, group=item.group)
        finding = ClusterFinding(
            component=item.manifest.label,
            path=item.manifest.path,
            what=text,
            certain=certain,
            resource=resource if twin else None,
            twin=twin,
        )
        self.found.append((item.line, finding))


def _read_definitions(parts: Iterable[KeptComponent], groups: Collection[str] | None = None) -> CustomKinds:
    """Return the kinds that components define, of all groups or of those given."""
    found: CustomKinds = {}
    for component in parts:
        names = [part.name for part in component.resources if part.kind == custom.KIND]
        if any(groups is None or name.partition(".")[2] in groups for name in names):
            for item, node in _read_kept(component):
                if (item.group, item.kind) == (custom.GROUP, custom.KIND):
                    found = read_definition(node) | found
    return found


def _read_kept(component: KeptComponent) -> Iterable[tuple[Item, yaml.MappingNode]]:
    data = component.read() or b""
    return read_items(Manifest(label=component.label, path=component.path, data=data))
