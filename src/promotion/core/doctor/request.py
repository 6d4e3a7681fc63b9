"""What `promotion doctor` is asked, read from its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promotion.core.event import parse_environments
from promotion.core.manifests.plain_secrets import check_patterns
from promotion.core.paths import normalise_folder
from promotion.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class DoctorRequest:
    """What to look at. `environments` are by branch of the HLD and the applications; folders normalised."""

    hld: str
    manifests: str
    applications: tuple[str, ...]
    environments: Mapping[str, str]
    hld_path: str = ""
    manifest_path: str = ""
    allowed_secrets: tuple[str, ...] = ()


def read_doctor_request(settings: Settings) -> DoctorRequest:
    """The request, from the inputs.

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
        allowed_secrets=check_patterns(settings.words("allowed-secrets")),
    )
