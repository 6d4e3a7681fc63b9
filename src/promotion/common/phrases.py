"""Texts that name inputs, in the words of the place where they are read.

Who writes a workflow knows `helm: /usr/bin/helm` and `permissions:`; who sits at a terminal knows `--helm`
and GITHUB_TOKEN. Code that finds a fault doesn't know which of them reads it, so it says both by `say`, and
the place where the text is shown chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Spell = Callable[[str], str]

# Every user of a machine can read its command lines, so these are no flags.
SECRETS = frozenset({"token", "source-token", "status-token", "app-private-key", "ssh-key"})
PLACE = re.compile(r"\{(?:(?P<name>[a-z]+(?:-[a-z]+)*)(?:: (?P<value>[a-z-]+))?)?\}")


class Phrase(str):
    """A text as a workflow spells it, which also knows its spelling for a terminal.

    As with `markupsafe.Markup` the type carries this, not marks in the text, which others could forge. Join
    phrases by `say`; an f-string makes them plain texts, in a workflow's words.
    """

    __slots__ = ("terminal",)
    terminal: str

    def __new__(cls, workflow: str, terminal: str | None = None) -> Phrase:
        made = super().__new__(cls, workflow)
        made.terminal = workflow if terminal is None else terminal
        return made


def say(template: str, *values: str) -> Phrase:
    """Return a text that names inputs.

    Args:
        template: has `{helm}` for the input's name, `{engine: fab}` for an input with its value, and `{}` for
            the next of the values. It is a literal, for what others choose may look like one of these.
        values: as they are; phrases among them stay such.
    """
    rest = iter(values)
    pieces: list[str] = []
    end = 0
    for match in PLACE.finditer(template):
        pieces += template[end : match.start()], _fill(match, rest)
        end = match.end()
    pieces.append(template[end:])
    return Phrase("".join(pieces), "".join(map(spell_for_terminal, pieces)))


def _fill(match: re.Match[str], values: Iterator[str]) -> str:
    if not match["name"]:
        return next(values)
    return set_input(match["name"], match["value"]) if match["value"] else name_input(match["name"])


def spell_for_workflow(text: str) -> str:
    """Return the text as it reads in a workflow."""
    return str(text)


def spell_for_terminal(text: str) -> str:
    """Return the text as it reads in a terminal."""
    return text.terminal if isinstance(text, Phrase) else text


def name_input(name: str) -> Phrase:
    """Return an input by its name: `input helm`, `--helm`; `input token`, `GITHUB_TOKEN`."""
    if name not in SECRETS:
        return Phrase(f"input {name}", f"--{name}")
    return Phrase(f"input {name}", "GITHUB_TOKEN" if name == "token" else make_variable(name))


def make_variable(name: str) -> str:
    """Return an input's environment variable in a form that a shell can set."""
    return f"INPUT_{name.upper().replace('-', '_')}"


def set_input(name: str, value: str) -> Phrase:
    """Return an input with a value, as people write it: `engine: fab`, `--engine fab`."""
    return Phrase(f"`{name}: {value}`", f"`--{name}`" if value == "true" else f"`--{name} {value}`")


def ask_for_right(right: str, said: str = "") -> Phrase:
    """Return a sentence that says how to give the token a right.

    Args:
        right: as `contents: read`. A job's own token can't be given all of them.
        said: GitHub's words, which tell the kind of token: "Resource not accessible by integration", which
            a job's own is, or "... by personal access token".
    """
    if right.startswith(("administration", "metadata", "members", "workflows")):
        return Phrase(f"It takes a token with `{right}`: a fine-grained or a GitHub App's.")
    if "personal access token" in said:
        return Phrase(
            f"The token needs `{right}` for that repository: its owner adds it under Settings, Developer "
            "settings, Personal access tokens."
        )
    return Phrase(
        f"The token needs `{right}`: add it to the job's `permissions:`.",
        f"GITHUB_TOKEN needs `{right}` there, or as a classic token the scope `repo`.",
    )
