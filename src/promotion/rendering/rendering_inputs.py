"""One table of inputs: action.yml, the command line's flags and the README all follow it."""

from __future__ import annotations

from dataclasses import replace

from promotion.common.app_key import APP
from promotion.common.settings import TOKEN_DEFAULT, Input, Output

HOOKS = Input(
    name="hooks",
    kind="choice",
    choices=("deny", "allow"),
    default="deny",
    help="`allow` runs Fabrikate hooks, which are shell commands of other repositories; with `deny` a "
    "component that has hooks is an error.",
)
ENGINE = Input(
    name="engine",
    kind="choice",
    choices=("native", "fab"),
    default="native",
    help="What renders: `native` is built in; `fab` runs Microsoft's own program in a scratch copy.",
)
FAB = Input(
    name="fab",
    kind="address",
    default_text="`fab` on PATH",
    help="The program of `engine: fab`: a name on PATH, a path in the workspace, or an https address with "
    "`#sha256=<digest>`.",
)
HELM = Input(
    name="helm",
    default_text="embedded",
    help="Path of a `helm` program (version 4) to render with, instead of the Helm that is built in; "
    "`program` takes the one on PATH.",
)
KUBE_VERSION = Input(
    name="kube-version",
    default_text="Helm's default",
    help="The Kubernetes version that charts see, as `1.33`, and with it the APIs that its clusters have.",
)
API_VERSIONS = Input(
    name="api-versions",
    kind="list",
    default_text="none",
    help="More API versions that charts see, as `monitoring.coreos.com/v1` or "
    "`monitoring.coreos.com/v1/ServiceMonitor`.",
)
INCLUDE_CRDS = Input(
    name="include-crds",
    kind="boolean",
    default="false",
    help="Commit what charts and their subcharts have in folders `crds/`, too, before their other manifests.",
)
SKIP_TESTS = Input(
    name="skip-tests",
    kind="boolean",
    default="false",
    help="Leave out Helm's tests, which are hooks that a cluster would run as any other resource.",
)
VALIDATE = Input(
    name="validate",
    kind="choice",
    choices=("off", "warn", "fail"),
    default="warn",
    help="Check every rendered resource: well-formed, defined once, and right by the schemas of Kubernetes "
    "and of the CRDs in the tree. `warn` tells, `fail` publishes nothing then, `off` doesn't look.",
)
KUBERNETES_VERSION = Input(
    name="kubernetes-version",
    default_text="`kube-version`, else the newest known",
    help="The Kubernetes version whose schemas `validate` takes, as `1.33`.",
)
SECRETS = Input(
    name="secrets",
    kind="choice",
    choices=("warn", "deny", "allow"),
    default="warn",
    help="What becomes of a Kubernetes Secret in plain text among the manifests: `warn` tells of it, `deny` "
    "publishes nothing then, `allow` lets it pass. SealedSecrets, ExternalSecrets and what SOPS encrypted "
    "always pass.",
)
ALLOWED_SECRETS = Input(
    name="allowed-secrets",
    kind="list",
    default_text="none",
    help="Secrets that may be in plain text, as `namespace/name`; `*` stands for any text.",
)
DETERMINISM = Input(
    name="determinism",
    kind="choice",
    choices=("warn", "off"),
    default="warn",
    help="`warn` names charts that print something else each time (random passwords, the time); `off` "
    "doesn't look. What is committed of them stays while their inputs do.",
)
FULL = Input(
    name="full",
    kind="boolean",
    default="false",
    help="Fetch and render everything, also what hasn't changed since the last commit.",
)
DELIVERY = Input(
    name="delivery",
    kind="choice",
    choices=("push", "pull-request"),
    default="push",
    help="How the manifests get to their branch: `push` commits to it; `pull-request` opens, updates "
    "or closes one pull request for it.",
)
AUTO_MERGE = Input(
    name="auto-merge",
    kind="boolean",
    default="false",
    help="With `delivery: pull-request`: have GitHub merge it as soon as its rules allow.",
)
VERIFIED = Input(
    name="verified",
    kind="boolean",
    default="false",
    help="Have GitHub make the commit through its API and sign it, with an App's or the job's token. "
    "`commit-author` doesn't apply then.",
)

MATERIALIZE: tuple[Input, ...] = (
    Input(
        name="environment",
        default_text="the pushed branch; `client_payload.environment` of a dispatch; the input of a "
        "manual run",
        help="Which environment to materialise.",
    ),
    Input(
        name="environments",
        kind="list",
        default="dev, stage, prod",
        help="The known environments, also as `branch=environment` pairs (`main=dev`). A push to any "
        "other branch ends green with a notice and does nothing.",
    ),
    Input(
        name="hld-repository",
        kind="address",
        default_text="this repository",
        help="The cluster HLD's repository, as `owner/name` or a git URL.",
    ),
    Input(
        name="hld-ref",
        default_text="the environment; the pushed branch when the HLD is this repository",
        help="Branch, tag or commit of the HLD.",
    ),
    Input(name="hld-path", default=".", help="The folder of the HLD's component file."),
    Input(
        name="configs",
        kind="list",
        default_text="the environment",
        help="Fabrikate config names in priority order, as in `fab generate prod azure`.",
    ),
    Input(
        name="manifest-repository",
        kind="address",
        required=True,
        help="The repository that gets the manifests, as `owner/name` or a git URL.",
    ),
    Input(
        name="manifest-branch",
        default_text="the environment",
        help="The branch that gets the commit. Created, from an empty root commit, when it is missing.",
    ),
    Input(name="manifest-path", default=".", help="The folder in the manifest repository to write below."),
    Input(
        name="token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help="Writes the manifest repository; reads the others unless `source-token` is given. It is sent "
        "to the GitHub server only.",
    ),
    *APP,
    Input(
        name="source-token",
        kind="secret",
        default_text="the App's, else `token`",
        help="Reads the HLD and application repositories.",
    ),
    Input(
        name="ssh-key",
        kind="secret",
        default_text="none",
        help="Deploy key for `git@` and `ssh://` repositories.",
    ),
    Input(
        name="ssh-known-hosts",
        default_text="GitHub's published keys",
        help="Lines for `known_hosts`, beside GitHub's own keys, which are built in. Unknown hosts "
        "are refused.",
    ),
    Input(
        name="commit-message",
        default="{summary}",
        help="Template of the commit's message. Its placeholders are in the README's section *The commit*.",
    ),
    Input(
        name="commit-author",
        default="github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>",
        help="Author and committer, as `Name <address>`.",
    ),
    Input(
        name="adopt",
        kind="boolean",
        default="false",
        help="Take over files in the manifest repository that are in our way but not ours.",
    ),
    Input(
        name="allow-empty",
        kind="boolean",
        default="false",
        help="Let a definition without any manifest remove all that was committed before.",
    ),
    Input(
        name="dry-run",
        kind="boolean",
        default="false",
        help="Everything but the push: prints and reports the difference.",
    ),
    DELIVERY,
    AUTO_MERGE,
    VERIFIED,
    FULL,
    Input(
        name="deployments",
        kind="choice",
        choices=("auto", "off"),
        default="auto",
        help="Record each publish as a GitHub deployment in the repositories that it brings something from. "
        "Takes `deployments: write` there; `auto` goes on without, `off` records none.",
    ),
    VALIDATE,
    KUBERNETES_VERSION,
    SECRETS,
    ALLOWED_SECRETS,
    DETERMINISM,
    HOOKS,
    ENGINE,
    FAB,
    HELM,
    KUBE_VERSION,
    API_VERSIONS,
    INCLUDE_CRDS,
    SKIP_TESTS,
)

_READING = ("hld-path", "token", *(entry.name for entry in APP), "ssh-key", "ssh-known-hosts")
RENDER: tuple[Input, ...] = (
    *(entry for entry in MATERIALIZE if entry.name in _READING),
    HOOKS,
    ENGINE,
    FAB,
    HELM,
    KUBE_VERSION,
    API_VERSIONS,
    INCLUDE_CRDS,
    SKIP_TESTS,
    replace(VALIDATE, default="off"),
    KUBERNETES_VERSION,
)

_HELM = ("kube-version", "api-versions", "include-crds", "skip-tests")
_NOT_COMPARED = ("engine", *_HELM, "validate", "kubernetes-version")
COMPARE: tuple[Input, ...] = tuple(entry for entry in RENDER if entry.name not in _NOT_COMPARED)


MATERIALIZE_OUTPUTS: tuple[Output, ...] = (
    Output(
        name="changed",
        help="`true` if the manifests changed, in the branch or the pull request (with `dry-run`: would "
        "change).",
    ),
    Output(
        name="environment", help="The environment that was materialised; empty if there was nothing to do."
    ),
    Output(name="commit", help="The new commit in the manifest repository; empty if none was made."),
    Output(name="branch", help="The branch of the manifest repository."),
    Output(
        name="pull-request",
        help="The number of the open pull request that holds the manifests, with `delivery: pull-request`.",
    ),
    Output(name="components", help="How many components have manifests."),
    Output(name="added", help="How many resources were added."),
    Output(name="changed-resources", help="How many resources were changed."),
    Output(name="removed", help="How many resources were removed."),
    Output(name="result", help="Path of a JSON report, below the workspace."),
)
