"""The inputs and outputs of `promotion materialize`: action.yml, the flags and the README follow them."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input, Output

MATERIALIZE: tuple[Input, ...] = (
    shared.ENVIRONMENT,
    shared.ENVIRONMENTS,
    shared.HLD_REPOSITORY,
    shared.HLD_REF,
    shared.HLD_PATH,
    shared.CONFIGS,
    replace(
        shared.MANIFEST_REPOSITORY,
        help="The repository that gets the manifests, as `owner/name` or a git URL.",
    ),
    replace(
        shared.MANIFEST_BRANCH,
        help="The branch that gets the commit. Created, from an empty root commit, when it is missing.",
    ),
    replace(shared.MANIFEST_PATH, help="The folder in the manifest repository to write below."),
    shared.make_token("Writes the manifest repository; reads the others unless `source-token` is given."),
    *shared.APP,
    shared.SOURCE_TOKEN,
    *shared.SSH,
    Input(
        name="commit-message",
        default="{summary}",
        help="Template of the commit's message. Its placeholders are in the README's section *The commit*.",
    ),
    shared.COMMIT_AUTHOR,
    Input(
        name="adopt",
        kind="boolean",
        default="false",
        help="Take over existing files in the manifest repository that this action did not create.",
    ),
    Input(
        name="allow-empty",
        kind="boolean",
        default="false",
        help="Let a definition without any manifest remove all that was committed before.",
    ),
    replace(shared.DRY_RUN, help="Everything but the push: prints and reports the difference."),
    Input(
        name="delivery",
        kind="choice",
        choices=("push", "pull-request"),
        default="push",
        help="How the manifests get to their branch: `push` commits to it; `pull-request` opens, updates "
        "or closes one pull request for it.",
    ),
    Input(
        name="auto-merge",
        kind="boolean",
        default="false",
        help="With `delivery: pull-request`: have GitHub merge it as soon as its rules allow.",
    ),
    shared.VERIFIED,
    Input(
        name="full",
        kind="boolean",
        default="false",
        help="Fetch and render everything, also what hasn't changed since the last commit.",
    ),
    shared.ON_FAILURE,
    shared.PART_TIMEOUT,
    shared.DEPLOYMENTS,
    shared.VALIDATE,
    shared.KUBERNETES_VERSION,
    shared.SECRETS,
    shared.ALLOWED_SECRETS,
    Input(
        name="determinism",
        kind="choice",
        choices=("warn", "off"),
        default="warn",
        help="`warn` names charts that print something else each time (random passwords, the time); `off` "
        "doesn't look. What is committed of them stays while their inputs do.",
    ),
    shared.HOOKS,
    shared.ENGINE,
    shared.FAB,
    shared.HELM,
    *shared.CHART_OPTIONS,
)

MATERIALIZE_OUTPUTS: tuple[Output, ...] = (
    Output(
        name="changed",
        help="`true` if the manifests changed, in the branch or the pull request (with `dry-run`: would "
        "change).",
    ),
    Output(
        name="environment", help="The environment that was materialised; empty if there was nothing to do."
    ),
    *shared.COMMIT_OUTPUTS,
    Output(
        name="pull-request",
        help="The number of the open pull request that holds the manifests, with `delivery: pull-request`.",
    ),
    Output(name="components", help="How many components have manifests."),
    *shared.CHANGE_OUTPUTS,
    Output(
        name="held",
        help="The parts that are held back, as a JSON list; empty if none is.",
    ),
)
