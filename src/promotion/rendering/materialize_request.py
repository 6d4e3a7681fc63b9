"""What one run is to do: read once, from the table of inputs and the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import inf

from promotion.common.event import Event, NothingToDo, choose_environment, parse_environments
from promotion.common.git_ids import is_commit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import name_input, say
from promotion.common.settings import Settings
from promotion.common.shared_inputs import read_allowed_secrets
from promotion.errors import UsageError
from promotion.rendering.definition.part_times import read_part_timeout
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.lock.lock import LockedHld
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.validation.kubernetes_versions import check_version

OWNERSHIP_FILE = ".github/promotion-ownership.yml"  # in the definition's repository


@dataclass(frozen=True, kw_only=True)
class HelmOptions:
    """Which Helm renders, what charts see of the cluster, and which of their documents count."""

    program: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    include_crds: bool = False
    skip_tests: bool = False

    @property
    def deciding(self) -> tuple[str, ...]:
        """What decides what Helm prints, beside its version, for digests."""
        return (self.kube_version, str(self.include_crds), str(self.skip_tests), *self.api_versions)


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What renders: `native`, or `fab`, then with the program that the input `fab` names."""

    name: str = "native"
    program: str = "fab"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be published: the inputs of the same names.

    `kubernetes_version` is empty for the newest that is known; `allowed_secrets` are patterns of
    `namespace/name`.
    """

    validate: str = "warn"
    kubernetes_version: str = ""
    secrets: str = "warn"
    allowed_secrets: tuple[str, ...] = ()
    determinism: str = "warn"


@dataclass(frozen=True, kw_only=True)
class DeliveryOptions:
    """How the manifests get to their branch: the inputs of the same names."""

    by_pull_request: bool = False
    auto_merge: bool = False
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """One materialisation. Repositories are as given: `owner/name` or an address."""

    environment: str
    hld_repository: str
    hld_ref: str
    hld_path: str
    configs: tuple[str, ...]
    manifest_repository: str
    manifest_branch: str
    manifest_path: str
    commit_message: str
    commit_author: str
    adopt: bool
    allow_empty: bool
    dry_run: bool
    hooks_allowed: bool
    helm: HelmOptions
    event: Event
    engine: EngineOptions = EngineOptions()
    policy: Policy = Policy()
    delivery: DeliveryOptions = DeliveryOptions()
    full: bool = False
    deployments: bool = False
    holds: bool = False
    part_timeout: float = inf

    @property
    def hld(self) -> GitSource:
        """The HLD as a source: a whole commit id is a version, anything else a branch or tag."""
        if is_commit(self.hld_ref):
            return GitSource(url=self.hld_repository, version=self.hld_ref)
        return GitSource(url=self.hld_repository, branch=self.hld_ref)


def read_helm_options(settings: Settings) -> HelmOptions:
    """Return the inputs that concern Helm."""
    return HelmOptions(
        program=settings.text("helm"),
        kube_version=settings.text("kube-version"),
        api_versions=settings.words("api-versions"),
        include_crds=settings.flag("include-crds"),
        skip_tests=settings.flag("skip-tests"),
    )


def read_engine_options(settings: Settings) -> EngineOptions:
    """Return the inputs that say what renders.

    Raises:
        UsageError: an input asks of Helm what fab doesn't (fab: generators/helm.go:164).
    """
    options = EngineOptions(name=settings.text("engine"), program=settings.text("fab") or "fab")
    if options.name == "fab":
        given = [name for name in ("kube-version", "api-versions") if settings.text(name)]
        given += [name for name in ("include-crds", "skip-tests") if settings.flag(name)]
        if given:
            raise UsageError(
                say(
                    "{} has no effect with {engine: fab}, which gives Helm no such option",
                    name_input(given[0]),
                ),
                fix=say("Leave it out, or use {engine: native}."),
            )
        if settings.text("helm") == "embedded":
            raise UsageError(
                say("{engine: fab} runs a helm program; it can't use the embedded Helm"),
                fix=say("Leave {helm} out to take the one on PATH, or give a path."),
            )
    return options


def read_policy(settings: Settings) -> Policy:
    """Return the inputs that say what may be published.

    Raises:
        UsageError: a pattern of `allowed-secrets` isn't `namespace/name`, or a version is none.
    """
    return Policy(
        validate=settings.text("validate"),
        kubernetes_version=read_kubernetes_version(settings),
        secrets=settings.text("secrets"),
        allowed_secrets=read_allowed_secrets(settings),
        determinism=settings.text("determinism"),
    )


def read_kubernetes_version(settings: Settings) -> str:
    """Return the version that `validate` goes by: of the input for it, else that which charts see.

    Raises:
        UsageError: it is none; names the input that has it.
    """
    name = "kubernetes-version" if settings.text("kubernetes-version") else "kube-version"
    return check_version(settings.text(name), name_input(name))


def read_delivery_options(settings: Settings) -> DeliveryOptions:
    """Return the inputs that say how the manifests get to their branch.

    Raises:
        UsageError: `auto-merge` without a pull request.
    """
    options = DeliveryOptions(
        by_pull_request=settings.text("delivery") == "pull-request",
        auto_merge=settings.flag("auto-merge"),
        verified=settings.flag("verified"),
    )
    if options.auto_merge and not options.by_pull_request:
        raise UsageError(
            say("{auto-merge} is for pull requests"),
            fix=say("Set {delivery: pull-request}, or leave it out."),
        )
    return options


def digest_request(request: Request, hld: LockedHld, *, engine: str, helm: str) -> str:
    """Return the digest of all that a run is asked for and that decides what it makes, or whether it may.

    Args:
        hld: the definition, without its commit.
        engine: our version.
        helm: Helm's version.
    """
    return digest_fields(
        {
            "unit": "tree",
            "hld": asdict(hld),
            "environment": request.environment,
            "configs": request.configs,
            "engine": engine,
            "helm": helm,
            "kube-version": request.helm.kube_version,
            "api-versions": request.helm.api_versions,
            "include-crds": request.helm.include_crds,
            "skip-tests": request.helm.skip_tests,
            "policy": asdict(request.policy),
        }
    )


def read_request(settings: Settings, event: Event) -> Request | NothingToDo:
    """Return the request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    found = read_definition(settings, event)
    if isinstance(found, NothingToDo):
        return found
    environment, hld_repository, hld_ref = found
    return Request(
        environment=environment,
        hld_repository=hld_repository,
        hld_ref=hld_ref,
        hld_path=settings.text("hld-path"),
        configs=settings.words("configs") or (environment,),
        manifest_repository=settings.text("manifest-repository"),
        manifest_branch=read_branch(settings, "manifest-branch") or environment,
        manifest_path=settings.text("manifest-path"),
        commit_message=settings.text("commit-message"),
        commit_author=settings.text("commit-author"),
        adopt=settings.flag("adopt"),
        allow_empty=settings.flag("allow-empty"),
        dry_run=settings.flag("dry-run"),
        hooks_allowed=settings.text("hooks") == "allow",
        helm=read_helm_options(settings),
        event=event,
        engine=read_engine_options(settings),
        policy=read_policy(settings),
        delivery=read_delivery_options(settings),
        full=settings.flag("full"),
        deployments=settings.text("deployments") == "auto",
        holds=settings.text("on-failure") == "hold",
        part_timeout=read_part_timeout(settings),
    )


def read_definition(settings: Settings, event: Event) -> tuple[str, str, str] | NothingToDo:
    """Return the environment, and repository and ref of the HLD; or why there is nothing to do.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    known = parse_environments(settings.words("environments"))
    environment = choose_environment(settings.text("environment"), event, known)
    if isinstance(environment, NothingToDo):
        return environment
    repository = settings.text("hld-repository") or event.repository
    if not repository:
        raise UsageError(say("{hld-repository} is missing"), fix="Name it as `owner/name` or a git URL.")
    return environment, repository, _read_ref(settings, repository, event, known, environment=environment)


def _read_ref(
    settings: Settings, repository: str, event: Event, known: Mapping[str, str], *, environment: str
) -> str:
    """Return the branch, tag or commit of the HLD: as given, be it a full ref; else the environment's branch.

    With `main=dev` a push to the HLD's own main must not look for a branch dev.
    """
    if given := settings.text("hld-ref"):
        return given.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if repository == event.repository and known.get(event.branch) == environment:
        return event.branch
    return environment


def read_branch(settings: Settings, name: str) -> str:
    """Return the branch that an input names, without what stands before it in a full ref.

    Raises:
        UsageError: it is another kind of ref.
    """
    branch = settings.text(name).removeprefix("refs/heads/")
    if branch == "HEAD" or branch.startswith("refs/"):
        raise UsageError(
            say("{} is {}, which is no branch", name_input(name), repr(branch)),
            fix="Give a branch's name, as `dev`.",
        )
    return branch
