"""Whose access.yaml may have which token sent where, and who may write a credential into an address.

A definition's own files may name any variable for any source. Those of other repositories are not trusted
with the workflow's secrets: they may only repeat a variable that the definition names for the same server.

A credential in an address is no secret: all who read the repository know it, and whoever writes there chooses
it. So it is never masked, for it may be any word of ours; it is cut out of what shows the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from promotion.common.addresses import without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.common.redaction import find_credentials
from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.spelling_remarks import Remark

_PORTS = {"http": 80, "https": 443, "oci": 443}


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an access.yaml says of one source: the variable with its token.

    `trusted`: the file is the definition's own. `permitted`: the token may be sent.
    """

    variable: str
    where: Location
    trusted: bool
    permitted: bool


def add_grants(
    above: Mapping[str, Grant], variables: Mapping[str, str], where: Location, *, trusted: bool
) -> dict[str, Grant]:
    """Return grants by source: those of a file beside those of the files above it, which win.

    Args:
        variables: what the file says, variable by source.
        trusted: whether the file is the definition's own.
    """
    known = {(grant.variable, _server(source)) for source, grant in above.items() if grant.trusted}
    own = {
        source: Grant(
            variable=variable,
            where=where,
            trusted=trusted,
            permitted=trusted or bool(_server(source) and (variable, _server(source)) in known),
        )
        for source, variable in variables.items()
    }
    return {**own, **above}


def judge_address(address: str, where: Location, *, trusted: bool) -> Remark | None:
    """Look for a credential in an address that a file names.

    Args:
        trusted: whether the file is the definition's own.

    Returns:
        A remark on it; None if there is none.

    Raises:
        DefinitionError: there is one, in a file of another repository.
    """
    if not find_credentials(address):
        return None
    shown = without_credentials(address)
    what = f"the address {shown} is written with a credential, which all who read the repository know"
    plain = shown.partition("?")[0] if "://" in shown else shown  # as it is once its credential is out
    if trusted:
        fix = f"name a variable for {plain} in an access.yaml beside the component instead"
        return Remark(what=f"{what}: {fix}", where=where)
    raise DefinitionError(
        f"{what}; only the definition's own repository may do so",
        where=where,
        fix=f"Name a variable for {plain} in an access.yaml beside the component instead.",
    )


def _server(source: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port that a source's token is sent to; None for what isn't on the web."""
    try:
        parts = urlsplit(source.strip())
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        return None
    return (parts.scheme, parts.hostname.lower(), port) if parts.hostname else None
