"""All checks of an estate. A check that fails is one line, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from promotion.commands.doctor.finding import DoctorFinding
from promotion.commands.doctor.github_checks import (
    DoctorGitHub,
    examine_api,
    examine_protection,
    examine_rights,
)
from promotion.commands.doctor.inputs import DoctorRequest
from promotion.commands.doctor.repository_checks import (
    examine_branches,
    examine_definition,
    examine_guard,
    examine_manifests,
    examine_materialize,
    examine_writing,
)
from promotion.common.phrases import say
from promotion.errors import PromotionError, RateLimitError, UnreachableError
from promotion.publishing.publishing_tools import PublishingTools

Examination = Callable[[], Iterator[DoctorFinding]]


@dataclass(frozen=True, kw_only=True)
class EstateExamination:
    """Examines an estate.

    Args:
        try_push: goes through a push to a branch of a repository up to the point where something would be
            written; raises AccessError if the token or key may not write.
        hosting: GitHub's API; None where there is no token.
        environment: holds the tokens whose variables access.yaml names.
        version: of this program.
    """

    request: DoctorRequest
    tools: PublishingTools
    try_push: Callable[[str, str], None]
    hosting: DoctorGitHub | None
    environment: Mapping[str, str]
    version: str

    def examine(self) -> list[DoctorFinding]:
        """Return all findings, in the order in which to fix them."""
        silent: set[str] = set()
        found = (check for area, examination in self._list() for check in _guard(area, examination, silent))
        return [*dict.fromkeys(found)]  # what is out of reach is so for several of them

    def _list(self) -> Iterator[tuple[str, Examination]]:
        request, tools = self.request, self.tools
        yield "this machine", self._examine_machine
        yield "GitHub", partial(examine_api, self.hosting)
        for name in dict.fromkeys((request.hld, *request.applications)):
            yield name, partial(examine_rights, name, self.hosting)
            yield name, partial(examine_branches, name, request, tools)
            yield name, partial(examine_materialize, name, request, tools, is_hld=name == request.hld)
            yield name, partial(examine_guard, name, request, tools)
            yield name, partial(examine_protection, name, self.hosting)
        for branch in request.environments:
            area = f"{request.hld} {branch}"
            yield area, partial(examine_definition, area, branch, request, tools, self.environment)
        yield request.manifests, partial(examine_rights, request.manifests, self.hosting, written=True)
        first = next(iter(request.environments.values()))
        yield request.manifests, partial(examine_writing, first, request, self.try_push)
        for environment in request.environments.values():
            area = f"{request.manifests} {environment}"
            yield area, partial(examine_manifests, area, environment, request, tools)

    def _examine_machine(self) -> Iterator[DoctorFinding]:
        area = "this machine"
        yield DoctorFinding(
            area=area, mark="ok", what=f"promotion {self.version}, Helm {self.tools.helm.version}"
        )


def _guard(area: str, examination: Examination, silent: set[str]) -> Iterator[DoctorFinding]:
    """Yield the findings of an examination. An error ends it with a finding of its own.

    Args:
        silent: servers that can't be reached, in words of the first error: none is told twice.
    """
    try:
        yield from examination()
    except UnreachableError as error:
        if error.what not in silent:
            yield DoctorFinding(area=area, mark="wrong", what=error.what, fix=error.fix)
        silent.add(error.what)
    except RateLimitError as error:
        yield DoctorFinding(area=area, mark="unknown", what=error.what, fix=error.fix)
    except PromotionError as error:
        place = f"{error.where}: " if error.where else ""
        owner = f"component {error.component}: " if error.component else ""
        yield DoctorFinding(
            area=area, mark="wrong", what=say("{}{}{}", place, owner, error.what), fix=error.fix
        )
    except Exception as error:  # a defect here mustn't hide what else is wrong
        what = f"couldn't be checked: {type(error).__name__}: {error}"
        yield DoctorFinding(area=area, mark="unknown", what=what, fix="Please report it.")
