"""The preview's inputs and outputs. preview/action.yml, the flags and docs/preview.md follow them."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.event import Event, NothingToDo
from promotion.common.settings import Input, Output, Settings
from promotion.rendering.definition.part_times import read_part_timeout
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.materialize_request import (
    Policy,
    Request,
    read_definition,
    read_helm_options,
    read_kubernetes_version,
)


def _keep_from_forks(entry: Input) -> Input:
    """Return the input of a credential as the preview takes it."""
    return replace(entry, help=f"{entry.help} Not used for pull requests of forks.")


PREVIEW: tuple[Input, ...] = (
    replace(
        shared.ENVIRONMENT,
        default_text="that of the branch that the pull request targets",
        help="Which environment to show.",
    ),
    replace(
        shared.ENVIRONMENTS,
        help="The known environments, also as `branch=environment` pairs (`main=dev`). A pull request into "
        "any other branch ends green with a notice and shows nothing.",
    ),
    shared.HLD_REPOSITORY,
    replace(
        shared.HLD_REF,
        default_text="the environment; the pull request's target when the HLD is this repository",
    ),
    shared.HLD_PATH,
    shared.CONFIGS,
    Input(
        name="comment",
        kind="boolean",
        default="true",
        help="Keep one comment on the pull request up to date. Takes `pull-requests: write`. Never on those "
        "of forks.",
    ),
    shared.make_token("Reads the pull request and its repository, and writes the comment."),
    *map(_keep_from_forks, (*shared.APP, shared.SOURCE_TOKEN, shared.SSH_KEY)),
    shared.SSH_KNOWN_HOSTS,
    replace(
        shared.ON_FAILURE,
        help="As `materialize` has it. `hold` fails for what the change breaks, and tells of what is broken "
        "without it; with `stop` either fails.",
    ),
    shared.PART_TIMEOUT,
    replace(
        shared.VALIDATE,
        help="`warn` shows what is wrong with the resources that change: malformed, defined twice, or "
        "against the schemas of Kubernetes and of the CRDs in the tree. `fail` fails for it, as "
        "`materialize` does.",
    ),
    shared.KUBERNETES_VERSION,
    replace(
        shared.SECRETS,
        help="`warn` names Kubernetes Secrets in plain text among the manifests that change. `deny` fails "
        "for them, as `materialize` does.",
    ),
    shared.ALLOWED_SECRETS,
    replace(
        shared.HOOKS,
        help="`allow` runs Fabrikate hooks, which are shell commands of other repositories and of the pull "
        "request; with `deny` a component that has hooks is an error. Those of forks never run any.",
    ),
    shared.HELM,
    *shared.CHART_OPTIONS,
)

PREVIEW_OUTPUTS: tuple[Output, ...] = (
    Output(name="changed", help="`true` if the manifests would change; empty if nothing was previewed."),
    Output(name="environment", help="The environment that was previewed; empty if none was."),
    Output(name="added", help="How many resources would be added."),
    Output(name="changed-resources", help="How many resources would be changed."),
    Output(name="removed", help="How many resources would be removed."),
    Output(name="risks", help="How many reasons there are to look twice."),
    Output(
        name="held",
        help="The parts that merging would have held back, as a JSON list; empty if there is none.",
    ),
    Output(name="comment", help="The comment's address; empty if there is none."),
    Output(
        name="diff",
        help="Path of a file with the whole difference, below the workspace; empty if there is none.",
    ),
)


def read_preview_request(
    settings: Settings, event: Event, branch: str, repository: str
) -> Request | NothingToDo:
    """Return what to materialise, or why there is nothing to show.

    Args:
        branch: the one that would be merged into; empty if nobody named it.
        repository: the one that changes; the HLD's, if no other is given.

    Raises:
        UsageError: an input has a value that it doesn't take.
    """
    merge = Event(name="push", ref=f"refs/heads/{branch}") if branch else Event()
    found = read_definition(settings, replace(merge, repository=repository))
    if isinstance(found, NothingToDo):
        return found
    environment, hld, ref = found
    if hld == repository and not settings.text("hld-ref"):
        ref = branch
    version = read_kubernetes_version(settings)
    return Request(
        environment=environment,
        hld_repository=hld,
        hld_ref=ref,
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
            allowed_secrets=shared.read_allowed_secrets(settings),
            determinism="off",  # equal inputs aren't rendered twice, so nothing differs by chance
        ),
        holds=settings.text("on-failure") == "hold",
        part_timeout=read_part_timeout(settings),
    )


def make_marker(settings: Settings) -> str:
    """Return the start of our comment, which is the same in all runs of a workflow's step."""
    names = ("environment", "hld-repository", "hld-path", "configs")
    digest = digest_fields({name: settings.text(name) for name in names})
    return f"<!-- promotion-preview {digest.removeprefix('sha256:')[:12]} -->"
