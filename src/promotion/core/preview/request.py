"""What a preview is asked for, from its inputs and the pull request."""

from __future__ import annotations

from promotion.core.event import Event, Nothing, choose_environment, parse_environments
from promotion.core.lock.digest import digest_fields
from promotion.core.manifests.plain_secrets import check_patterns
from promotion.core.phrases import say
from promotion.core.request import Policy, Request, read_helm_options, read_kubernetes_version
from promotion.core.settings import Settings
from promotion.errors import UsageError


def read_preview_request(settings: Settings, event: Event, branch: str, repository: str) -> Request | Nothing:
    """What to materialise, or why there is nothing to show.

    Args:
        branch: the one that would be merged into.
        repository: the one that changes; the HLD's, if no other is given.

    Raises:
        UsageError: an input has a value that it doesn't take.
    """
    known = parse_environments(settings.words("environments"))
    asked = settings.text("environment")
    environment = choose_environment(asked, Event(name="push", ref=f"refs/heads/{branch}"), known)
    if isinstance(environment, Nothing):
        return environment
    hld = settings.text("hld-repository") or repository
    if not hld:
        raise UsageError(say("{hld-repository} is missing"), fix="Name it as `owner/name` or a git URL.")
    version = read_kubernetes_version(settings)
    ref = settings.text("hld-ref").removeprefix("refs/heads/").removeprefix("refs/tags/")
    return Request(
        environment=environment,
        hld_repository=hld,
        hld_ref=ref or (branch if hld == repository else environment),
        hld_path=settings.text("hld-path"),
        configs=settings.words("configs") or (environment,),
        manifest_repository="",
        manifest_branch="",
        manifest_path=".",
        commit_message="",
        commit_author="",
        adopt=False,
        allow_empty=True,
        dry_run=True,
        hooks_allowed=settings.text("hooks") == "allow",
        helm=read_helm_options(settings),
        event=event,
        policy=Policy(
            validate=settings.text("validate"),
            kubernetes_version=version,
            secrets=settings.text("secrets"),
            allowed_secrets=check_patterns(settings.words("allowed-secrets")),
            determinism="off",  # equal inputs aren't rendered twice, so nothing differs by chance
        ),
    )


def make_marker(settings: Settings) -> str:
    """What our comment starts with: the same for all runs of a workflow's step, another for another step."""
    names = ("environment", "hld-repository", "hld-path", "configs")
    digest = digest_fields({name: settings.text(name) for name in names})
    return f"<!-- promotion-preview {digest.removeprefix('sha256:')[:12]} -->"
