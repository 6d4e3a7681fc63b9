"""One table of inputs: action.yml, the command line's flags and the README all follow it.

A value comes from a flag, else from the runner's `INPUT_<NAME>`, else from the default. An empty
text counts as not given, since the runner sets every declared input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promotion.errors import UsageError

Kind = Literal["text", "list", "boolean", "choice", "secret"]


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of an action, which is also a flag of its command.

    `default` is the literal default; `default_text` says in words what an absent value becomes.
    """

    name: str
    help: str
    kind: Kind = "text"
    default: str = ""
    default_text: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def variable(self) -> str:
        """The environment variable in which the runner hands it over (hyphens stay)."""
        return f"INPUT_{self.name.replace(' ', '_').upper()}"


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
    help="The Kubernetes version that charts see, as `1.33`.",
)
API_VERSIONS = Input(
    name="api-versions",
    kind="list",
    default_text="none",
    help="More API versions that charts see, as `monitoring.coreos.com/v1`.",
)
TOKEN_DEFAULT = "${{ github.token }}"  # noqa: S105  an expression of action.yml

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
    Input(
        name="source-token",
        kind="secret",
        default_text="`token`",
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
        help="Template of the commit's message. Its placeholders stand in the README, under The commit.",
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
    HOOKS,
    ENGINE,
    FAB,
    HELM,
    KUBE_VERSION,
    API_VERSIONS,
)

RENDER: tuple[Input, ...] = (
    *(entry for entry in MATERIALIZE if entry.name in ("hld-path", "token", "ssh-key", "ssh-known-hosts")),
    HOOKS,
    ENGINE,
    FAB,
    HELM,
    KUBE_VERSION,
    API_VERSIONS,
)

COMPARE: tuple[Input, ...] = tuple(
    entry for entry in RENDER if entry.name not in ("engine", "kube-version", "api-versions")
)


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of an action."""

    name: str
    help: str


MATERIALIZE_OUTPUTS: tuple[Output, ...] = (
    Output(name="changed", help="`true` if the manifests changed (with `dry-run`: would change)."),
    Output(
        name="environment", help="The environment that was materialised; empty if there was nothing to do."
    ),
    Output(name="commit", help="The new commit in the manifest repository; empty if none was made."),
    Output(name="branch", help="The branch of the manifest repository."),
    Output(name="components", help="How many components have manifests."),
    Output(name="added", help="How many resources were added."),
    Output(name="changed-resources", help="How many resources were changed."),
    Output(name="removed", help="How many resources were removed."),
    Output(name="result", help="Path of a JSON report, below the workspace."),
)


class Settings:
    """The values of a table's inputs, read strictly."""

    def __init__(self, table: Iterable[Input], values: Mapping[str, str]) -> None:
        self._table = {entry.name: entry for entry in table}
        unknown = values.keys() - self._table.keys()
        if unknown:
            raise UsageError(f"there is no input {', '.join(sorted(unknown))}")
        self._values = {name: value.strip() for name, value in values.items() if value.strip()}
        for entry in self._table.values():
            if entry.kind == "boolean":
                self.flag(entry.name)
            elif entry.kind == "choice":
                self._check_choice(entry)

    def _check_choice(self, entry: Input) -> None:
        value = self.text(entry.name)
        if value not in entry.choices:
            known = " or ".join(f"`{choice}`" for choice in entry.choices)
            raise UsageError(f"input {entry.name} is {value!r}", fix=f"It is {known}.")

    def has(self, name: str) -> bool:
        """Whether the table has such an input."""
        return name in self._table

    def text(self, name: str) -> str:
        """The value, or the default, or an empty text.

        Raises:
            UsageError: the input is required and absent.
        """
        entry = self._table[name]
        default = "" if entry.default == TOKEN_DEFAULT else entry.default
        value = self._values.get(name, default)
        if entry.required and not value:
            raise UsageError(f"input {name} is missing", fix=entry.help)
        return value

    def flag(self, name: str) -> bool:
        """A strict boolean: `true` or `false` in YAML 1.2's spellings, as the Actions toolkit reads them.

        Raises:
            UsageError: anything else, so that `ture` isn't silently false.
        """
        value = self.text(name)
        if value in ("true", "True", "TRUE"):
            return True
        if value in ("false", "False", "FALSE"):
            return False
        raise UsageError(f"input {name} is {value!r}", fix="It is `true` or `false`.")

    def words(self, name: str) -> tuple[str, ...]:
        """A list: separated by commas, blanks or line breaks; one that is named twice counts once."""
        return tuple(dict.fromkeys(word for word in re.split(r"[\s,]+", self.text(name)) if word))


def read_settings(
    table: Sequence[Input], flags: Mapping[str, str | None], environment: Mapping[str, str]
) -> Settings:
    """Settings from flags where given, else from the runner's variables.

    Raises:
        UsageError: a value that its input doesn't take.
    """
    values = {entry.name: environment.get(entry.variable, "") for entry in table}
    values |= {name: value for name, value in flags.items() if value is not None}
    return Settings(table, values)


def markdown_table(table: Iterable[Input]) -> str:
    """The table of inputs as the README shows it."""
    rows = ["| input | default | meaning |", "|---|---|---|"]
    for entry in table:
        default = entry.default_text or (f"`{entry.default}`" if entry.default else "")
        rows.append(f"| `{entry.name}` | {'**required**' if entry.required else default} | {entry.help} |")
    return "\n".join(row.replace("|  |", "| |") for row in rows) + "\n"
