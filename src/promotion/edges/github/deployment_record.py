"""The deployment record of one repository."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.edges.github.answers import Api, Json, read_maps

_READ = "deployments: read"
_MOST = 30


class DeploymentRecordApi(Api):
    """Deployments and what was said of them."""

    def list(self, environment: str) -> Sequence[Json]:
        """The newest deployments to an environment, at most 30."""
        asked = {"environment": environment, "per_page": _MOST}
        return read_maps([self._session.get(self._at("/deployments"), _READ, asked)])

    def statuses(self, deployment: int) -> Sequence[Json]:
        """What was said of a deployment."""
        return read_maps(self._session.pages(self._at(f"/deployments/{deployment}/statuses"), _READ))
