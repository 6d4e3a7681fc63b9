"""Read promotion rules strictly, with line and column in every error."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import yaml

from promotion.common.branch_patterns import fault, is_pattern
from promotion.common.git_ids import short_sha
from promotion.common.phrases import ask_for_right, name_input, say
from promotion.common.promotion_rules.rules import (
    DEFAULT_RULES,
    DEFAULT_RULES_FILE,
    Bypass,
    Rule,
    Rules,
    Source,
)
from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.common.yaml.composer import compose_each
from promotion.common.yaml.strict_reader import StrictReader, list_entries
from promotion.errors import AccessError, DefinitionError, Location, PromotionError

_LARGEST = 64 * 1024  # bytes; a rules file has some dozen lines
_METHODS = ("merge", "squash", "rebase")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?")
_RULE_KEYS = ("from", "merge-method", "require-ancestry", "bypass")
_SOURCE_KEYS = ("branch", "require-ancestry")
_BYPASS_KEYS = ("actors", "reason", "until")


def parse_rules(text: str, file: str) -> Rules:
    """Return the rules of a file or of the input `rules`.

    Args:
        file: what to call it in errors.

    Raises:
        DefinitionError: it isn't YAML, or not rules; always with line and column where there are any.
    """
    return _Parser(file).rules(text)


class _Parser(StrictReader):
    def __init__(self, file: str) -> None:
        super().__init__(Location(file))

    def rules(self, text: str) -> Rules:
        if len(text.encode("utf-8", "replace")) > _LARGEST:
            raise DefinitionError(f"the rules are larger than {_LARGEST} bytes", where=self._where)
        root = self._compose(text)
        if root is None:
            raise DefinitionError(
                "there are no rules",
                where=self._where,
                fix="Write `target: source` lines, as `prod: stage`.",
            )
        return {
            target: self._rule(target, key, value)
            for target, (key, value) in self.fields(root, "rules").items()
        }

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            documents = list(compose_each(text, self._where))
        except DefinitionError as error:
            raise DefinitionError(
                error.what.replace("this isn't", "the rules aren't"), where=error.where
            ) from None
        except UnicodeEncodeError:
            raise DefinitionError("the rules aren't UTF-8", where=self._where) from None
        if len(documents) > 1:
            self.fail(documents[1], "the rules aren't YAML of one document", "Remove the line `---`.")
        return documents[0] if documents else None

    def _rule(self, target: str, key: yaml.Node, node: yaml.Node) -> Rule:
        if problem := fault(target):
            self.fail(key, f"{target!r} isn't a branch: {problem}")
        if is_pattern(target):
            self.fail(key, f"the target {target!r} is a pattern", "Write one rule for each target branch.")
        if not isinstance(node, yaml.MappingNode):
            return Rule(target=target, sources=self._sources(node, target))
        fields = self.fields(node, f"the rule for {target}", _RULE_KEYS)
        if "from" not in fields:
            self.fail(node, f"the rule for {target} has no `from`", "Name its sources, as `from: [stage]`.")
        sources = self._sources(fields["from"][1], target)
        if "require-ancestry" in fields:
            ancestry = self._boolean(fields["require-ancestry"][1], "require-ancestry")
            own = self._sources_with_ancestry(fields["from"][1])
            sources = tuple(
                source if index in own else replace(source, require_ancestry=ancestry)
                for index, source in enumerate(sources)
            )
        method = (
            self._choice(fields["merge-method"][1], "merge-method", _METHODS)
            if "merge-method" in fields
            else ""
        )
        bypasses = (
            tuple(self._bypass(entry) for entry in list_entries(fields["bypass"][1]))
            if "bypass" in fields
            else ()
        )
        return Rule(target=target, sources=sources, merge_method=method, bypasses=bypasses)

    def _sources(self, node: yaml.Node, target: str) -> tuple[Source, ...]:
        entries = list_entries(node)
        if not entries:
            self.fail(node, f"the rule for {target} names no source")
        sources = tuple(self._source(entry) for entry in entries)
        for source, entry in zip(sources, entries, strict=True):
            if source.is_exact and source.branch == target:
                self.fail(entry, f"{target} names itself as its source")
        return sources

    def _sources_with_ancestry(self, node: yaml.Node) -> set[int]:
        """Return the sources that say themselves whether ancestry is required."""
        return {
            index
            for index, entry in enumerate(list_entries(node))
            if isinstance(entry, yaml.MappingNode) and "require-ancestry" in self.fields(entry, "a source")
        }

    def _source(self, node: yaml.Node) -> Source:
        if isinstance(node, yaml.MappingNode):
            fields = self.fields(node, "a source", _SOURCE_KEYS)
            if "branch" not in fields:
                self.fail(node, "a source has no `branch`")
            source = self._branch(fields["branch"][1])
            if "require-ancestry" not in fields:
                return source
            ancestry = self._boolean(fields["require-ancestry"][1], "require-ancestry")
            return replace(source, require_ancestry=ancestry)
        return self._branch(node)

    def _branch(self, node: yaml.Node) -> Source:
        text = self.text(node, "a source")
        owner, colon, branch = text.rpartition(":")
        if colon and not _LOGIN.fullmatch(owner):
            self.fail(node, f"{text!r} doesn't start with an owner", "A fork is allowed as `owner:branch`.")
        if problem := fault(branch):
            self.fail(node, f"{text!r} isn't a branch or pattern: {problem}")
        return Source(branch=branch, owner=owner)

    def _bypass(self, node: yaml.Node) -> Bypass:
        fields = self.fields(node, "a bypass", _BYPASS_KEYS)
        for name in _BYPASS_KEYS:
            if name not in fields:
                self.fail(node, f"the bypass has no `{name}`", "It names actors, reason and until.")
        actors = tuple(self._actor(entry) for entry in list_entries(fields["actors"][1]))
        if not actors:
            self.fail(fields["actors"][1], "the bypass names no actor")
        reason = self.text(fields["reason"][1], "the bypass's reason")
        return Bypass(actors=actors, reason=reason, until=self._date(fields["until"][1]))

    def _actor(self, node: yaml.Node) -> str:
        login = self.text(node, "an actor")
        if not _LOGIN.fullmatch(login):
            fix = "Write logins without `@`; an App is `name[bot]`."
            self.fail(node, f"{login!r} isn't a GitHub login", fix)
        return login

    def _date(self, node: yaml.Node) -> date | None:
        text = self.text(node, "until")
        if text == "never":
            return None
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        return self.fail(node, f"until is {text!r}", "It is a day as `2027-01-31`, or `never`.")

    def _boolean(self, node: yaml.Node, name: str) -> bool:
        return self._choice(node, name, ("true", "false"), quoted=False) == "true"

    def _choice(self, node: yaml.Node, name: str, choices: tuple[str, ...], *, quoted: bool = True) -> str:
        text = self.text(node, name)
        if text not in choices or (not quoted and isinstance(node, yaml.ScalarNode) and node.style):
            known = ", ".join(f"`{choice}`" for choice in choices[:-1]) + f" or `{choices[-1]}`"
            self.fail(node, f"{name} is {text!r}", f"It is {known}, without quotes.")
        return text


class RulesMissingError(PromotionError):
    """The rules file that was asked for doesn't exist."""


def load_rules(
    github: GuardGitHub, ref: str, *, text: str = "", file: str = DEFAULT_RULES_FILE, rules_ref: str = ""
) -> Rules:
    """Return the rules: from a text, else from the file at `rules_ref` or `ref`, else the defaults.

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
            f"the commit {short_sha(ref)} can't be read, so nor can the rules in it",
            fix=ask_for_right("contents: read"),
        )
    return DEFAULT_RULES
