"""Checks that git answers: branches, workflows, the definition, the manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from promotion.commands.doctor.branch_layout import ManifestLayout, judge_branch
from promotion.commands.doctor.finding import DoctorFinding
from promotion.commands.doctor.inputs import DoctorRequest
from promotion.commands.doctor.ownership_checks import examine_ownership
from promotion.commands.doctor.workflow_steps import Step, find_steps, judge_guard, judge_materialize
from promotion.common.phrases import say
from promotion.common.text import count
from promotion.errors import AccessError, PromotionError, RateLimitError, SourceError, UnreachableError
from promotion.publishing.publishing_tools import PublishingTools
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.lock.lock import LockedHld
from promotion.rendering.lock.lock_file import locate_lock
from promotion.rendering.model import Folder, Snapshot
from promotion.rendering.ownership.ownership_lookup import find_ownership
from promotion.rendering.sources.git_source import GitSource

_WORKFLOWS = ".github/workflows"


def examine_branches(name: str, request: DoctorRequest, tools: PublishingTools) -> Iterator[DoctorFinding]:
    """Check that a repository of sources has each environment's branch."""
    there = []
    for branch in request.environments:
        try:
            tools.fetcher.ask(GitSource(url=name, branch=branch), token="")
            there.append(branch)
        except (AccessError, UnreachableError):
            raise
        except SourceError as error:
            yield DoctorFinding(
                area=name, mark="wrong", what=error.what, fix=error.fix or f"Create {branch}."
            )
    if there:
        yield DoctorFinding(area=name, mark="ok", what=f"can be read with git; has {', '.join(there)}")


def examine_materialize(
    name: str, request: DoctorRequest, tools: PublishingTools, *, is_hld: bool
) -> Iterator[DoctorFinding]:
    """Check that each branch has the workflow that materialises it, with the right names."""
    fine = []
    for branch, environment in request.environments.items():
        snapshot = _open(name, branch, tools)
        if snapshot is None:
            continue
        fault = judge_materialize(
            _steps(snapshot),
            branch=branch,
            environment=environment,
            hld=request.hld,
            manifests=request.manifests,
            is_hld=is_hld,
        )
        if fault:
            fix = f"`promotion init {'hld' if is_hld else 'application'}` writes it; commit it on {branch}."
            yield DoctorFinding(area=name, mark="wrong", what=f"{branch}: {fault}", fix=fix)
        else:
            fine.append(branch)
    if fine:
        yield DoctorFinding(area=name, mark="ok", what=f"pushes to {', '.join(fine)} materialise the cluster")


def examine_guard(name: str, request: DoctorRequest, tools: PublishingTools) -> Iterator[DoctorFinding]:
    """Check that the guard runs for all pull requests that promote."""
    targets = [*request.environments][1:]
    if not targets:
        return
    steps = _steps(tools.fetcher.fetch(GitSource(url=name), token=""))
    if fault := judge_guard(steps, targets=targets):
        fix = "`promotion init` writes it; commit it on the default branch and on each target."
        yield DoctorFinding(area=name, mark="wrong", what=fault, fix=fix)
    else:
        yield DoctorFinding(area=name, mark="ok", what=f"the guard looks at {', '.join(targets)}")


def examine_definition(
    area: str, branch: str, request: DoctorRequest, tools: PublishingTools, variables: Mapping[str, str]
) -> Iterator[DoctorFinding]:
    """Check that the definition and all its sources can be read, as in a run. Render nothing.

    Args:
        variables: the environment, with the tokens whose variables access.yaml names.
    """
    source, environment = GitSource(url=request.hld, branch=branch), request.environments[branch]
    failures = PartFailures(holds=True)
    try:
        hld = tools.fetcher.fetch(source, token="")
        _, ownership = find_ownership(hld, tools.address(request.hld), uses_fab=False)
        plan = resolve_definition(
            Folder(source, request.hld_path),
            hld,
            (environment,),
            fetcher=tools.fetcher,
            environment=variables,
            failures=failures,
            rights=SourceRights(ownership=ownership, expand=tools.address),
        )
    except PromotionError as error:
        yield from _list_remarks(area, error.remarks, environment)
        raise
    yield from _list_failures(area, failures)
    if not failures.found:
        sources = {str(need) for subtree in plan.subtrees.values() for need in subtree.answers}
        its = "its source" if len(sources) == 1 else f"all its {count(len(sources), 'source')}"
        what = f"the definition has {count(len(plan.jobs), 'component')}; {its} can be read"
        yield DoctorFinding(area=area, mark="ok", what=what)
    yield from _list_remarks(area, plan.remarks, environment)
    parts = {job.component.part for job in plan.jobs}
    yield from examine_ownership(area, hld, tools.address(request.hld), parts)


def _list_failures(area: str, failures: PartFailures) -> Iterator[DoctorFinding]:
    for part, error in failures.found.items():
        place = f"{error.where}: " if error.where else ""
        yield DoctorFinding(
            area=area,
            mark="unknown" if isinstance(error, RateLimitError) else "wrong",
            what=say("{} can't be published: {}{}", part, place, error.what),
            fix=error.fix,
        )


def _list_remarks(area: str, remarks: Iterable[Remark], environment: str) -> Iterator[DoctorFinding]:
    for remark in remarks:
        if not remark.absent or remark.absent != environment:
            yield DoctorFinding(area=area, mark="unknown", what=str(remark), fix=f"See {remark.where}.")


def examine_writing(
    branch: str, request: DoctorRequest, try_push: Callable[[str, str], None]
) -> Iterator[DoctorFinding]:
    """Check that the token may write the manifest repository. Write nothing."""
    try_push(request.manifests, branch)
    yield DoctorFinding(area=request.manifests, mark="ok", what="can be written with git (nothing was)")


def examine_manifests(
    area: str, environment: str, request: DoctorRequest, tools: PublishingTools
) -> Iterator[DoctorFinding]:
    """Check the branch of an environment, as Flux and the next run find it."""
    branch, _ = tools.open_branch(request.manifests, environment)
    if branch.commit is None:
        yield DoctorFinding(area=area, mark="ok", what="isn't there yet: the first run creates it")
        return
    files = branch.files()
    branch.prefetch(path for path in files if _is_read(path, locate_lock(request.manifest_path).file))
    hld = LockedHld(repository=tools.address(request.hld), path=request.hld_path)
    yield from judge_branch(
        ManifestLayout(
            area=area,
            files=files,
            read=lambda path: branch.read(path) or b"",
            folder=request.manifest_path,
            environment=environment,
            hld=hld,
            allowed_secrets=request.allowed_secrets,
        )
    )


def _is_read(path: str, lock: str) -> bool:
    return path == lock or path.endswith((".yaml", ".yml", "Kustomization"))


def _open(name: str, branch: str, tools: PublishingTools) -> Snapshot | None:
    """Return a branch's files; None if they can't be read, which another check reports."""
    try:
        return tools.fetcher.fetch(GitSource(url=name, branch=branch), token="")
    except SourceError:
        return None


def _steps(snapshot: Snapshot) -> list[Step]:
    names = [
        entry.name for entry in snapshot.list(_WORKFLOWS) or () if entry.name.endswith((".yml", ".yaml"))
    ]
    return [*find_steps({name: snapshot.read(f"{_WORKFLOWS}/{name}") or b"" for name in names})]
