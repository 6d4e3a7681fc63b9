"""What Kubernetes tells resources apart by."""

from __future__ import annotations

from promotion.common.lazy_dataclass import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Resource:
    """What Kubernetes tells a resource apart by; the API version in its group is not part of that."""

    kind: str
    namespace: str = ""
    name: str = ""
    group: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}".rstrip()

    @property
    def identity(self) -> str:
        """With the group, which tells kinds of one name apart: `apps/Deployment cats/cat`."""
        return f"{self.group}/{self}" if self.group else str(self)


def parse_identity(identity: str) -> Resource:
    """Return the resource that an identity stands for."""
    head, _, place = identity.partition(" ")
    group, _, kind = head.rpartition("/")
    namespace, _, name = place.rpartition("/")
    return Resource(kind=kind, namespace=namespace, name=name, group=group)
