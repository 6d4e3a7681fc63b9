"""The preview's table of inputs and outputs: preview/action.yml, the flags and docs/preview.md follow it."""

from __future__ import annotations

from dataclasses import replace

from promotion.core import inputs
from promotion.core.app import APP
from promotion.core.settings import TOKEN_DEFAULT, Input, Output

_SHARED = {entry.name: entry for entry in inputs.MATERIALIZE}

PREVIEW: tuple[Input, ...] = (
    replace(
        _SHARED["environment"],
        default_text="that of the branch that the pull request targets",
        help="Which environment to show.",
    ),
    replace(
        _SHARED["environments"],
        help="The known environments, also as `branch=environment` pairs (`main=dev`). A pull request into "
        "any other branch ends green with a notice and shows nothing.",
    ),
    _SHARED["hld-repository"],
    replace(
        _SHARED["hld-ref"],
        default_text="the environment; the pull request's target when the HLD is this repository",
    ),
    _SHARED["hld-path"],
    _SHARED["configs"],
    Input(
        name="comment",
        kind="boolean",
        default="true",
        help="Keep one comment on the pull request up to date. Takes `pull-requests: write`. Never on those "
        "of forks.",
    ),
    Input(
        name="token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help="Reads the pull request and its repository, and writes the comment. It is sent to the GitHub "
        "server only.",
    ),
    *(replace(entry, help=f"{entry.help} Not used for pull requests of forks.") for entry in APP),
    replace(
        _SHARED["source-token"],
        help="Reads the HLD and application repositories. Not used for pull requests of forks.",
    ),
    replace(
        _SHARED["ssh-key"],
        help="Deploy key for `git@` and `ssh://` repositories. Not used for pull requests of forks.",
    ),
    _SHARED["ssh-known-hosts"],
    replace(
        inputs.VALIDATE,
        choices=("off", "warn"),
        help="`warn` shows what is wrong with the resources that change: malformed, defined twice, or "
        "against the schemas of Kubernetes and of the CRDs in the tree.",
    ),
    inputs.KUBERNETES_VERSION,
    replace(
        inputs.SECRETS,
        choices=("warn", "allow"),
        help="`warn` names Kubernetes Secrets in plain text among the manifests that change.",
    ),
    inputs.ALLOWED_SECRETS,
    replace(
        inputs.HOOKS,
        help="`allow` runs Fabrikate hooks, which are shell commands of other repositories and of the pull "
        "request; with `deny` a component that has hooks is an error. Those of forks never run any.",
    ),
    inputs.HELM,
    inputs.KUBE_VERSION,
    inputs.API_VERSIONS,
    inputs.INCLUDE_CRDS,
    inputs.SKIP_TESTS,
)

PREVIEW_OUTPUTS: tuple[Output, ...] = (
    Output(name="changed", help="`true` if the manifests would change; empty if nothing was previewed."),
    Output(name="environment", help="The environment that was previewed; empty if none was."),
    Output(name="added", help="How many resources would be added."),
    Output(name="changed-resources", help="How many resources would be changed."),
    Output(name="removed", help="How many resources would be removed."),
    Output(name="risks", help="How many reasons there are to look twice."),
    Output(name="comment", help="The comment's address; empty if there is none."),
    Output(
        name="diff",
        help="Path of a file with the whole difference, below the workspace; empty if there is none.",
    ),
)
