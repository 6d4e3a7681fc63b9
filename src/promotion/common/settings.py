"""Inputs, and their values from the runner or the command line.

A value comes from a flag, else from the runner's `INPUT_<NAME>`, else from the same with underscores for
hyphens, which a shell can set, else from the default. An empty text counts as not given, since the runner
sets every declared input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Phrase, name_input, say
from promotion.errors import UsageError

Kind = Literal["text", "list", "boolean", "choice", "address", "secret"]
TOKEN_DEFAULT = "${{ github.token }}"  # noqa: S105  an expression of action.yml


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of an action, which is also a flag of its command.

    An `address` may hold a credential, which is a secret as one of that kind is.
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
        """The environment variable in which the runner passes it (hyphens stay)."""
        return f"INPUT_{self.name.replace(' ', '_').upper()}"

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables that it is read from; the first that isn't empty counts. Shells can't set hyphens."""
        return tuple(dict.fromkeys((self.variable, self.variable.replace("-", "_"))))


def list_choices(choices: Iterable[str]) -> str:
    """Return the values that an input takes, for a message."""
    return " or ".join(f"`{choice}`" for choice in choices)


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of an action."""

    name: str
    help: str


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
            known = list_choices(entry.choices)
            raise UsageError(say("{} is {}", name_input(entry.name), repr(value)), fix=f"It is {known}.")

    def has(self, name: str) -> bool:
        """Return whether the table has such an input."""
        return name in self._table

    def without(self, names: Iterable[str]) -> Settings:
        """Return the settings as if these inputs weren't given."""
        dropped = set(names)
        kept = {name: value for name, value in self._values.items() if name not in dropped}
        return Settings(self._table.values(), kept)

    def text(self, name: str) -> str:
        """Return the value, else the default, else an empty text.

        Raises:
            UsageError: the input is required and absent.
        """
        entry = self._table[name]
        default = "" if entry.default == TOKEN_DEFAULT else entry.default
        value = self._values.get(name, default)
        if entry.required and not value:
            meaning = entry.help
            how = Phrase(
                f"Write `{name}:` below `with:`. {meaning}", f"Give it by `--{name} VALUE`. {meaning}"
            )
            raise UsageError(say("{} is missing", name_input(name)), fix=how)
        return value

    def flag(self, name: str) -> bool:
        """Return a strict boolean: `true` or `false` in YAML 1.2's spellings, as the Actions toolkit does.

        Raises:
            UsageError: anything else, so that `ture` isn't silently false.
        """
        value = self.text(name)
        if value in ("true", "True", "TRUE"):
            return True
        if value in ("false", "False", "FALSE"):
            return False
        raise UsageError(say("{} is {}", name_input(name), repr(value)), fix="It is `true` or `false`.")

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list, split at commas, blanks or line breaks, without duplicates."""
        return tuple(dict.fromkeys(word for word in re.split(r"[\s,]+", self.text(name)) if word))


def read_settings(
    table: Sequence[Input], flags: Mapping[str, str | None], environment: Mapping[str, str]
) -> Settings:
    """Read settings from flags where given, else from the runner's variables.

    Raises:
        UsageError: a value that its input doesn't take.
    """
    values = {entry.name: _read(entry, environment) for entry in table}
    values |= {name: value for name, value in flags.items() if value is not None}
    return Settings(table, values)


def _read(entry: Input, environment: Mapping[str, str]) -> str:
    given = (environment.get(variable, "") for variable in entry.variables)
    return next((value for value in given if value.strip()), "")
