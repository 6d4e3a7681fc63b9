"""The inputs of `promotion init`, and the request that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from promotion.common import shared_inputs as shared
from promotion.common.event import parse_environments
from promotion.common.phrases import name_input, say
from promotion.common.settings import Input, Settings
from promotion.errors import UsageError

Kind = Literal["application", "hld", "manifests"]
KINDS: tuple[Kind, ...] = ("application", "hld", "manifests")

INIT: tuple[Input, ...] = (
    Input(
        name="hld-repository",
        default_text="in the HLD's clone, where its `origin` is; else required",
        help="The cluster HLD's repository, as `owner/name`.",
    ),
    replace(
        shared.MANIFEST_REPOSITORY,
        required=False,
        default_text="in the manifests' clone, where its `origin` is; else required",
        help="The repository that gets the manifests, as `owner/name`.",
    ),
    Input(
        name="action",
        required=True,
        help="This action, as the workflows are to name it: `owner/name@version`. The commit of a release's "
        "tag is the safest version: nobody can move it, and its image is built.",
    ),
    shared.ENVIRONMENTS,
    Input(
        name="preview",
        kind="boolean",
        default="true",
        help="Write the workflow that shows on a pull request what it would change.",
    ),
    Input(
        name="promote",
        kind="boolean",
        default="true",
        help="Write the workflow that opens pull requests from each environment to the next.",
    ),
    Input(
        name="notify",
        kind="boolean",
        default="false",
        help="Let the application's workflow ask the HLD repository to do the work, so that it needs no "
        "key to the manifest repository.",
    ),
    Input(
        name="clusters",
        kind="boolean",
        default="false",
        help="Materialise several clusters of this HLD: a job for each that "
        "`.github/promotion-clusters.yml` names.",
    ),
    replace(shared.DRY_RUN, help="Show what would be written, only."),
    Input(name="force", kind="boolean", default="false", help="Replace files that differ."),
)

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+")
_ACTION = re.compile(rf"({_REPOSITORY.pattern})@([A-Za-z0-9][A-Za-z0-9._/+-]*)")
# What stands in a list of YAML, in JSON and in an expression as it is.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class SetupRequest:
    """What to write. `environments` are by branch, in the order of promotion; `optional` are workflows.

    `action` is its repository, `version` its branch, tag or commit. `application` is the repository of an
    application; empty if that isn't known.
    """

    kind: Kind
    hld: str
    manifests: str
    action: str
    version: str
    environments: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    server_url: str = "https://github.com"
    application: str = ""

    @property
    def branches(self) -> tuple[str, ...]:
        """The environments' branches."""
        return tuple(self.environments)

    @property
    def names(self) -> tuple[str, ...]:
        """The environments' names."""
        return tuple(dict.fromkeys(self.environments.values()))

    @property
    def pairs(self) -> tuple[str, ...]:
        """The environments as the input `environments` takes them."""
        return tuple(
            name if branch == name else f"{branch}={name}" for branch, name in self.environments.items()
        )

    def name_schema(self, name: str) -> str:
        """Return the comment that names a file's schema to editors, which the action's repository publishes.

        Nothing but comments may stand before it (yaml-language-server: modelineUtil.ts; README.md, "Using
        inlined schema").
        """
        root = f"{self.server_url}/{self.action}/raw/{self.version}"
        if self.server_url == "https://github.com":
            root = f"https://raw.githubusercontent.com/{self.action}/{self.version}"
        return f"# yaml-language-server: $schema={root}/schemas/{name}.schema.json"


def read_setup_request(kind: Kind, settings: Settings, server_url: str, origin: str = "") -> SetupRequest:
    """Return the request from the inputs.

    Args:
        origin: `owner/name` of the clone's remote of that name; empty if that isn't known.

    Raises:
        UsageError: an input is missing, or has a value that can't stand in a workflow.
    """
    match = _ACTION.fullmatch(settings.text("action"))
    if not match:
        fix = "Write `owner/name@version`, as `acme/gitops-promotion@v1`, or a release's commit behind the @."
        raise UsageError(say("{action} is {}", repr(settings.text("action"))), fix=fix)
    known = parse_environments(settings.words("environments"))
    for name in (*known, *known.values()):
        if not _NAME.fullmatch(name):
            raise UsageError(say("{environments} has {}, which can't stand in a workflow", repr(name)))
    if len(set(known.values())) < len(known):
        raise UsageError(
            say("{environments} has two branches for one environment"),
            fix="Promotion goes from branch to branch: name one branch for each environment.",
        )
    if kind != "application" and settings.flag("notify"):
        raise UsageError(say("{notify} is for application repositories"))
    if kind != "hld" and settings.flag("clusters"):
        raise UsageError(say("{clusters} is for the HLD repository"))
    return SetupRequest(
        kind=kind,
        hld=_repository(settings, "hld-repository", origin if kind == "hld" else ""),
        manifests=_repository(settings, "manifest-repository", origin if kind == "manifests" else ""),
        action=match[1],
        version=match[2],
        environments=known,
        optional=frozenset(
            name for name in ("preview", "promote", "notify", "clusters") if settings.flag(name)
        ),
        server_url=server_url,
        application=origin if kind == "application" else "",
    )


def _repository(settings: Settings, name: str, otherwise: str) -> str:
    text = settings.text(name) or otherwise
    if not text:
        raise UsageError(say("{} is missing", name_input(name)), fix="Write `owner/name`.")
    if not _REPOSITORY.fullmatch(text):
        raise UsageError(
            say("{} is {}, which is no repository", name_input(name), repr(text)), fix="Write `owner/name`."
        )
    return text
