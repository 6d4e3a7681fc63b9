"""One tree of errors: what happened, where, and what to do about it.

The composition root alone turns them into exit codes and annotations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# `user:password@`, and a token in a user's place (as `promotion.common.redaction` tells it from a name).
_CREDENTIALS = re.compile(r"(?<=://)(?:[^\s/?#@:]*:[^\s/?#]*|(?=[^\s/?#@:]*\d)[^\s/?#@:]{20,})@")


def cut_credentials(text: str) -> str:
    """Cut the credentials out of all addresses in a text that is to be shown."""
    return _CREDENTIALS.sub("", text) if _CREDENTIALS.search(text) else text  # a phrase stays one


@dataclass(frozen=True)
class Location:
    """A place in a file: its path in `repository`, or in the local definition when that is empty.

    Lines and columns count from 1. `repository` is an address without credentials. `revision` is the commit
    that the file is of, where that is known.
    """

    file: str
    line: int | None = None
    column: int | None = None
    repository: str = ""
    revision: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place} in {self.repository}" if self.repository else place


class PromotionError(Exception):
    """The user's input or repositories are at fault.

    Addresses in its words lose their credentials: these are no secrets of ours, so nothing else hides them.

    Args:
        what: what happened, in one sentence without a full stop.
        where: the file and line that caused it.
        fix: what the reader can do about it, as a sentence.
        component: the logical path of the component concerned, as `cloud-native/logging`.

    Attributes:
        remarks: what was noticed before and may be the reason (`spelling_remarks.Remark`).
        part: whose fault it is: an entry of the definition's own files; empty if it is nobody's.
        is_passing: it may be well the next time without anybody's doing.
        inputs: the digest of all that decided it; empty if there is no such digest.
    """

    exit_code = 1
    remarks: tuple[Any, ...] = ()
    part = ""
    is_passing = False
    inputs = ""

    def __init__(
        self, what: str, *, where: Location | None = None, fix: str = "", component: str = ""
    ) -> None:
        what = cut_credentials(what)
        super().__init__(what)
        # Words of others may end in a full stop, and then ours would be a second one. A phrase is ours.
        self.what = what.removesuffix(".") if type(what) is str and not what.endswith("..") else what
        self.where, self.fix, self.component = where, fix, component

    def __str__(self) -> str:
        return self.tell(str)

    def tell(self, spell: Callable[[str], str]) -> str:
        """Return all of it as one text; `spell` chooses the words of the place where it is read."""
        place = f"{self.where}: " if self.where else ""
        owner = f"component {self.component}: " if self.component else ""
        told = f"{place}{owner}{spell(self.what)}"
        return f"{end_sentence(told)} {spell(self.fix)}" if self.fix else told


def end_sentence(text: str) -> str:
    """Return the text with a full stop, if it doesn't end as a sentence does."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


class UsageError(PromotionError):
    """The command line or an action input is wrong."""

    exit_code = 2


class DefinitionError(PromotionError):
    """A component, config or access file is malformed, or contradicts another."""


class SourceError(PromotionError):
    """A source (repository, chart, manifest) can't be had."""


class AccessError(SourceError):
    """A token or key is missing or lacks a right."""


class UnauthenticatedError(AccessError):
    """GitHub doesn't know the token: it is wrong, expired or revoked."""


class ForbiddenError(SourceError):
    """The server forbids it whatever rights the token has: a policy, or the state of what is asked for."""


class UnreachableError(SourceError):
    """A server can't be reached, takes too long, or has trouble of its own."""

    is_passing = True


class PrivateAddressError(SourceError):
    """A source is on a private network, and whoever named it may not lead there."""


class RateLimitError(SourceError):
    """A server's rate limit is used up for longer than we wait."""

    is_passing = True


class PartLimitError(PromotionError):
    """A part of the definition takes more time or room than it may, whichever of its components it shows in.

    Args:
        is_passing: servers or this machine may be the reason.
    """

    def __init__(self, what: str, *, part: str = "", fix: str = "", is_passing: bool = False) -> None:
        super().__init__(what, fix=fix)
        self.part, self.is_passing = part, is_passing


class RenderError(PromotionError):
    """Helm or a hook refused, or its output isn't a manifest."""


class DefectError(PromotionError):
    """A bug of ours, in what concerns one part of the definition."""


class PublishError(PromotionError):
    """The manifest repository can't be written as asked."""


class NothingLeftError(PublishError):
    """All manifests of a branch would go."""


class BranchMovedError(PublishError):
    """The manifest branch moved while we worked: start again from resolving the sources.

    `is_continued` says that the commit which we read is known to be in the branch still, below others.
    """

    is_continued = False


class ExhaustedError(PromotionError):
    """The machine has run out of something that the run needs: disk, open files, memory."""


class CancelledError(BaseException):
    """The run was told to end.

    Args:
        number: of the signal that said so.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
