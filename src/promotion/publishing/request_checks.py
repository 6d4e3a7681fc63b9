"""Checks of a request before any work is done."""

from __future__ import annotations

import re
from collections.abc import Callable

from promotion.common.addresses import is_local
from promotion.common.paths import normalise_folder
from promotion.common.phrases import name_input, say
from promotion.errors import SourceError, UsageError
from promotion.publishing.commit_message import check_template, parse_author
from promotion.rendering.materialize_request import Request

_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")


def check_request(request: Request, address: Callable[[str], str]) -> None:
    """Refuse a request that makes no sense.

    Args:
        address: a repository's address in full; SourceError if it is none.

    Raises:
        UsageError: names the input.
    """
    check_template(request.commit_message)
    parse_author(request.commit_author)
    hld_path = normalise_folder(request.hld_path, option="hld-path")
    manifest_path = normalise_folder(request.manifest_path)
    hld = check_address("hld-repository", request.hld_repository, address)
    manifests = check_address("manifest-repository", request.manifest_repository, address)
    if is_local(manifests) and not is_local(hld):
        raise UsageError(
            say("{manifest-repository} is a path on this machine, and {hld-repository} is not"),
            fix="Try it with both on this machine, or with neither.",
        )
    if (hld, request.hld_ref, hld_path) == (manifests, request.manifest_branch, manifest_path):
        raise UsageError(
            "the manifests would be committed into the HLD itself",
            fix=say("Give another value for {manifest-repository}, {manifest-branch} or {manifest-path}."),
        )


def check_address(name: str, repository: str, address: Callable[[str], str]) -> str:
    """Return a repository's full address.

    Args:
        name: of the input that names it.
        address: as for `check_request`.

    Raises:
        UsageError: it is none.
    """
    try:
        return address(repository)
    except SourceError as error:
        path = f" A path on this machine begins so: `./{repository}`." if _PATH.fullmatch(repository) else ""
        raise UsageError(
            say("{}: {}", name_input(name), error.what), fix=say("{}{}", error.fix, path)
        ) from error
