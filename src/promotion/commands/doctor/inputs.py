"""The doctor's inputs, and its request. The flags follow the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promotion.common import shared_inputs as shared
from promotion.common.event import parse_environments
from promotion.common.paths import normalise_folder
from promotion.common.settings import Input, Settings

DOCTOR: tuple[Input, ...] = (
    Input(name="hld", required=True, help="The cluster HLD's repository, as `owner/name` or a git URL."),
    Input(name="manifests", required=True, help="The manifest repository, as `owner/name` or a git URL."),
    Input(
        name="application",
        kind="list",
        default_text="none",
        help="Application repositories whose branches, workflows and protection to check, too.",
    ),
    shared.ENVIRONMENTS,
    shared.HLD_PATH,
    shared.MANIFEST_PATH,
    shared.make_token("Reads all repositories."),
    *shared.APP,
    shared.SOURCE_TOKEN,
    *shared.SSH,
    shared.ALLOWED_SECRETS,
)


@dataclass(frozen=True, kw_only=True)
class DoctorRequest:
    """What to examine.

    `environments` are by branch of the HLD and the applications; folders are normalised.
    """

    hld: str
    manifests: str
    applications: tuple[str, ...]
    environments: Mapping[str, str]
    hld_path: str = ""
    manifest_path: str = ""
    allowed_secrets: tuple[str, ...] = ()


def read_doctor_request(settings: Settings) -> DoctorRequest:
    """Return the request from the inputs.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    return DoctorRequest(
        hld=settings.text("hld"),
        manifests=settings.text("manifests"),
        applications=settings.words("application"),
        environments=parse_environments(settings.words("environments")),
        hld_path=normalise_folder(settings.text("hld-path"), option="hld-path"),
        manifest_path=normalise_folder(settings.text("manifest-path")),
        allowed_secrets=shared.read_allowed_secrets(settings),
    )
