"""Reading the promotion rules of a repository."""

from __future__ import annotations

from promotion.core.guard.request import DEFAULT_RULES_FILE
from promotion.core.guard.rules import DEFAULT_RULES, Rules
from promotion.core.guard.rules_file import parse_rules
from promotion.core.phrases import ask_for_right, name_input, say
from promotion.errors import AccessError, DefinitionError, PromotionError
from promotion.steps.guard.hosting import GitHub


class RulesMissingError(PromotionError):
    """The rules file that was asked for isn't there."""


def load_rules(
    github: GitHub, ref: str, *, text: str = "", file: str = DEFAULT_RULES_FILE, rules_ref: str = ""
) -> Rules:
    """The rules: from a text, else from the file at `rules_ref` or `ref`, else the defaults.

    Args:
        ref: a commit that the change in question can't have touched.

    Raises:
        DefinitionError: they are malformed.
        RulesMissingError: the file was asked for by name or ref and isn't there.
    """
    if text.strip():
        return parse_rules(text, name_input("rules"))
    data = github.file(file, rules_ref or ref)
    if data is not None:
        try:
            return parse_rules(data.decode("utf-8"), file)
        except UnicodeDecodeError:
            raise DefinitionError(f"{file} isn't UTF-8") from None
    if rules_ref or file != DEFAULT_RULES_FILE:
        raise RulesMissingError(
            f"there is no {file} at {rules_ref or ref}",
            fix=say("Check {rules-file} and {rules-ref}, or leave them out for the default rules."),
        )
    # GitHub hides what a token may not see as if it weren't there: make sure that no file means no file.
    if not github.has_commit(ref):
        raise AccessError(
            f"the commit {ref[:7]} can't be read, so nor can the rules in it",
            fix=ask_for_right("contents: read"),
        )
    return DEFAULT_RULES
