"""Texts that name inputs, in the words of the place where they are read.

Who writes a workflow knows `helm: /usr/bin/helm` and `permissions:`; who sits at a terminal knows `--helm`
and GITHUB_TOKEN. Code that finds a fault doesn't know which of them reads it, so it says both by `say`, and
the place where the text is shown chooses.
"""

from __future__ import annotations

from collections.abc import Callable

Spell = Callable[[str], str]


class Phrase(str):
    """A text as a workflow spells it, which knows how a terminal does.

    As with `markupsafe.Markup` the type carries this, not marks in the text, which others could forge. Join
    phrases by `say` or `+`; an f-string makes them plain texts, in a workflow's words.
    """

    __slots__ = ("terminal",)
    terminal: str

    def __new__(cls, workflow: str, terminal: str | None = None) -> Phrase:
        made = super().__new__(cls, workflow)
        made.terminal = workflow if terminal is None else terminal
        return made

    def __add__(self, other: str) -> Phrase:
        return say(self, other)

    def __radd__(self, other: str) -> Phrase:
        return say(other, self)


def say(*parts: str) -> Phrase:
    """The parts as one text; phrases among them stay such."""
    return Phrase("".join(parts), "".join(map(spell_for_terminal, parts)))


def spell_for_workflow(text: str) -> str:
    """The text as who writes a workflow reads it."""
    return str(text)


def spell_for_terminal(text: str) -> str:
    """The text as who types a command reads it."""
    return text.terminal if isinstance(text, Phrase) else text


def name_input(name: str) -> Phrase:
    """An input that is a flag: `input helm`, `--helm`."""
    return Phrase(f"input {name}", f"--{name}")


def name_secret(name: str) -> Phrase:
    """An input that is no flag: `input token`, `GITHUB_TOKEN`."""
    variable = "GITHUB_TOKEN" if name == "token" else f"INPUT_{name.upper().replace('-', '_')}"
    return Phrase(f"input {name}", variable)


def set_input(name: str, value: str) -> Phrase:
    """An input with a value, as it is written: `engine: fab`, `--engine fab`."""
    return Phrase(f"`{name}: {value}`", f"`--{name}`" if value == "true" else f"`--{name} {value}`")


def ask_for_right(right: str) -> Phrase:
    """A sentence: what to do where the token may not, as `contents: read`.

    A job's own token can't be given all of them.
    """
    if right.startswith(("administration", "metadata", "members", "workflows")):
        return Phrase(f"It takes a token with `{right}`: a fine-grained or a GitHub App's.")
    return Phrase(
        f"The token needs `{right}`: add it to the job's `permissions:`.",
        f"{name_secret('token').terminal} needs `{right}` there, or as a classic token the scope `repo`.",
    )
