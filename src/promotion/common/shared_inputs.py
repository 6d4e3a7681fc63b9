"""The inputs and outputs that several commands have. A command's own stand in its folder's `inputs.py`.

A command for which one means something else takes it by `dataclasses.replace`, with words of its own.
"""

from __future__ import annotations

from promotion.common.phrases import say
from promotion.common.settings import TOKEN_DEFAULT, Input, Output, Settings
from promotion.errors import UsageError


def make_token(purpose: str) -> Input:
    """Return the input `token`, with what a command needs it for, as one sentence or more."""
    return Input(
        name="token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help=f"{purpose} It is sent to the GitHub server only.",
    )


ENVIRONMENT = Input(
    name="environment",
    default_text="the pushed branch; `client_payload.environment` of a dispatch; the input of a manual run",
    help="Which environment to materialise.",
)
ENVIRONMENTS = Input(
    name="environments",
    kind="list",
    default="dev, stage, prod",
    help="The known environments, also as `branch=environment` pairs (`main=dev`). A push to any other "
    "branch ends green with a notice and does nothing.",
)
HLD_REPOSITORY = Input(
    name="hld-repository",
    kind="address",
    default_text="this repository",
    help="The cluster HLD's repository, as `owner/name` or a git URL.",
)
HLD_REF = Input(
    name="hld-ref",
    default_text="the environment; the pushed branch when the HLD is this repository",
    help="Branch, tag or commit of the HLD.",
)
HLD_PATH = Input(name="hld-path", default=".", help="The folder of the HLD's component file.")
CONFIGS = Input(
    name="configs",
    kind="list",
    default_text="the environment",
    help="Fabrikate config names in priority order, as in `fab generate prod azure`.",
)
MANIFEST_REPOSITORY = Input(
    name="manifest-repository",
    kind="address",
    required=True,
    help="The manifest repository, as `owner/name` or a git URL.",
)
MANIFEST_BRANCH = Input(
    name="manifest-branch",
    default_text="the environment",
    help="The branch of the environment's manifests.",
)
MANIFEST_PATH = Input(
    name="manifest-path", default=".", help="The folder of the manifests in their repository."
)
# A GitHub App in place of a token. Every command that takes a `token` takes these, right after it.
APP: tuple[Input, ...] = (
    Input(
        name="app-id",
        default_text="none",
        help="A GitHub App that acts in place of `token`: its App ID or client ID. Each repository gets a "
        "token of its own, which may do only what is done there.",
    ),
    Input(
        name="app-private-key",
        kind="secret",
        default_text="none",
        help="A private key of the GitHub App, as PEM.",
    ),
)
SOURCE_TOKEN = Input(
    name="source-token",
    kind="secret",
    default_text="the App's, else `token`",
    help="Reads the HLD and application repositories.",
)
SSH_KEY = Input(
    name="ssh-key",
    kind="secret",
    default_text="none",
    help="Deploy key for `git@` and `ssh://` repositories.",
)
SSH_KNOWN_HOSTS = Input(
    name="ssh-known-hosts",
    default_text="GitHub's published keys",
    help="Lines for `known_hosts`, beside GitHub's own keys, which are built in. Unknown hosts are refused.",
)
SSH = (SSH_KEY, SSH_KNOWN_HOSTS)
DRY_RUN = Input(
    name="dry-run",
    kind="boolean",
    default="false",
    help="Everything but the push: shows what would change.",
)
COMMIT_AUTHOR = Input(
    name="commit-author",
    default="github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>",
    help="Author and committer, as `Name <address>`.",
)
VERIFIED = Input(
    name="verified",
    kind="boolean",
    default="false",
    help="Have GitHub make the commit through its API and sign it, with an App's or the job's token. "
    "`commit-author` doesn't apply then.",
)
DEPLOYMENTS = Input(
    name="deployments",
    kind="choice",
    choices=("auto", "off"),
    default="auto",
    help="Record each publish as a GitHub deployment in the repositories that it brings something from. "
    "Takes `deployments: write` there; `auto` goes on without, `off` records none.",
)
ON_FAILURE = Input(
    name="on-failure",
    kind="choice",
    choices=("hold", "stop"),
    default="hold",
    help="`hold` leaves what fails of one entry of the definition as it was last published, and "
    "publishes all others; `stop` publishes nothing then, as do hooks and `engine: fab` in any case.",
)
PART_TIMEOUT = Input(
    name="part-timeout",
    default="120",
    help="Seconds that one entry of the definition has for all that it asks, fetches and renders. One "
    "that takes longer has failed.",
)
VALIDATE = Input(
    name="validate",
    kind="choice",
    choices=("off", "warn", "fail"),
    default="warn",
    help="Check every rendered resource: well-formed, defined once, and right by the schemas of Kubernetes "
    "and of the CRDs in the tree. `warn` tells, `fail` fails for it, `off` doesn't look.",
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
    "fails for it, `allow` lets it pass. SealedSecrets, ExternalSecrets and what SOPS encrypted "
    "always pass.",
)
ALLOWED_SECRETS = Input(
    name="allowed-secrets",
    kind="list",
    default_text="none",
    help="Secrets that may be in plain text, as `namespace/name`; `*` stands for any text.",
)
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
    kind="address",
    default_text="embedded",
    help="A `helm` program (version 4) to render with, instead of the Helm that is built in: its path, or an "
    "https address with `#sha256=<digest>`; `program` takes the one on PATH, and the image has none.",
)
# What charts see, and what is taken of them.
CHART_OPTIONS: tuple[Input, ...] = (
    Input(
        name="kube-version",
        default_text="Helm's default",
        help="The Kubernetes version that charts see, as `1.33`, and with it the APIs that its clusters "
        "have.",
    ),
    Input(
        name="api-versions",
        kind="list",
        default_text="none",
        help="More API versions that charts see, as `monitoring.coreos.com/v1` or "
        "`monitoring.coreos.com/v1/ServiceMonitor`.",
    ),
    Input(
        name="include-crds",
        kind="boolean",
        default="false",
        help="Commit what charts and their subcharts have in folders `crds/`, too, before their other "
        "manifests.",
    ),
    Input(
        name="skip-tests",
        kind="boolean",
        default="false",
        help="Leave out Helm's tests, which are hooks that a cluster would run as any other resource.",
    ),
)

COMMIT_OUTPUTS = (
    Output(name="commit", help="The new commit in the manifest repository; empty if none was made."),
    Output(name="branch", help="The branch of the manifest repository."),
)
CHANGE_OUTPUTS = (
    Output(name="added", help="How many resources were added."),
    Output(name="changed-resources", help="How many resources were changed."),
    Output(name="removed", help="How many resources were removed."),
    Output(name="result", help="Path of a JSON report, below the workspace."),
)


def read_allowed_secrets(settings: Settings) -> tuple[str, ...]:
    """Return the patterns of Secrets that may be in plain text.

    Raises:
        UsageError: one isn't `namespace/name`.
    """
    patterns = tuple(settings.words("allowed-secrets"))
    for pattern in patterns:
        namespace, slash, name = pattern.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise UsageError(
                say("{allowed-secrets} has {}, which isn't `namespace/name`", repr(pattern)),
                fix="Write `pets/db`, `pets/*` or `*/db`.",
            )
    return patterns
