"""Every command: its purpose, its inputs and outputs, and its action."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.common.nearest_names import one_of
from promotion.common.settings import Input, Output


@dataclass(frozen=True, kw_only=True)
class Action:
    """What GitHub's marketplace shows of a command's action, and the folder of its action.yml.

    `folder` is below the repository's root, and empty for the root; `icon` is one of Feather's.
    """

    folder: str
    description: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command. Its module `command` has `main`, which runs it; its module `inputs` is read when first
    asked for, since a run needs that of one command.

    `action` is None where it is for people alone. `add_words` adds what isn't an input to its parser;
    `words` are those of them that are no flags.
    """

    name: str
    help: str
    action: Action | None = None
    add_words: Callable[[argparse.ArgumentParser], None] = lambda _: None
    words: str = ""
    takes_configs: bool = False

    @cached_property
    def inputs(self) -> Sequence[Input]:
        """Its inputs, which are its flags, but for secrets."""
        table: Sequence[Input] = getattr(self._module, self.name.upper())
        return table

    @cached_property
    def outputs(self) -> Sequence[Output]:
        """Its outputs, in the order of action.yml."""
        table: Sequence[Output] = getattr(self._module, f"{self.name.upper()}_OUTPUTS") if self.action else ()
        return table

    @property
    def _module(self) -> Any:
        return import_module(f"promotion.commands.{self.name}.inputs")


def _add_definition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hld", metavar="HLD", help="a folder, or a repository as URL or URL@ref")


def _add_configs(parser: argparse.ArgumentParser) -> None:
    # The default keeps argparse from calling them required in its errors.
    parser.add_argument(
        "configs", metavar="CONFIG", nargs="*", default=[], help="config names, the most important first"
    )


def _add_words_of_render(parser: argparse.ArgumentParser) -> None:
    _add_definition(parser)
    parser.add_argument("output", metavar="OUTPUT", help="the folder to write, which is missing or empty")
    _add_configs(parser)
    parser.add_argument("--replace", action="store_true", help="replace what is in OUTPUT")


def _add_words_of_compare(parser: argparse.ArgumentParser) -> None:
    _add_definition(parser)
    _add_configs(parser)


def _add_words_of_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="[KIND/]NAME", help="a resource, as kubectl names it, or a component's name"
    )
    parser.add_argument("--namespace", default="", metavar="NAME", help="the resource's namespace")
    parser.add_argument(
        "--value",
        default="",
        metavar="PATH",
        help="a value's path in the component's config, as image.tag, a part of it, or text of the manifest",
    )
    parser.add_argument(
        "--history", type=int, default=5, metavar="NUMBER", help="how many commits to show (default: 5)"
    )
    _add_json(parser)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _add_words_of_guard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        metavar="audit",
        nargs="?",
        type=one_of("audit"),
        help="look at the protection of the branches",
    )
    parser.add_argument("--repository", default="", metavar="OWNER/NAME", help="whose branches to audit")
    parser.add_argument(
        "--apply", action="store_true", help="with audit: create or replace rulesets, each after showing it"
    )


def _add_words_of_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repository", default="", metavar="REPOSITORY", help="whose branch to preview (default: the HLD's)"
    )
    parser.add_argument(
        "--base", default="", metavar="BRANCH", help="the branch to merge into (default: the environment's)"
    )
    parser.add_argument(
        "--head",
        default="",
        metavar="REF",
        help="preview this branch or commit, not the event's pull request",
    )


def _add_words_of_init(parser: argparse.ArgumentParser) -> None:
    from promotion.commands.init.inputs import KINDS

    parser.add_argument(
        "kind", metavar="|".join(KINDS), type=one_of(*KINDS), help="what the repository holds"
    )
    parser.add_argument("folder", metavar="FOLDER", nargs="?", default=".", help="its clone (default: .)")


def _add_words_of_ownership(parser: argparse.ArgumentParser) -> None:
    actions = ("propose", "check")
    parser.add_argument("action", metavar="|".join(actions), type=one_of(*actions), help="what to do")
    parser.add_argument(
        "hld",
        metavar="HLD",
        nargs="?",
        default="",
        help="a folder, or a repository as URL@ref (default: the environment's branch of --hld-repository)",
    )


_ALL = (
    Command(
        name="render",
        help="Materialise a definition to a folder, as `fab install && fab generate CONFIG...` does.",
        add_words=_add_words_of_render,
        words="HLD OUTPUT [CONFIG ...]",
        takes_configs=True,
    ),
    Command(
        name="compare",
        help="Render a definition with the native engine and with real fab, and show how the manifests "
        "differ, document by document, with the known reasons. The exit code is 1 if there is a difference "
        "without a known reason, or if both engines refuse the definition.",
        add_words=_add_words_of_compare,
        words="HLD [CONFIG ...]",
        takes_configs=True,
    ),
    Command(
        name="explain",
        help="Tell where a resource of an environment comes from: its component, repository and commit, "
        "chart and template, the config files that give its values, who promoted it and when. Only the "
        "manifest repository is read.",
        add_words=_add_words_of_explain,
        words="[KIND/]NAME",
    ),
    Command(
        name="status",
        help="Show which version of each component is in each environment, since when, and what waits to be "
        "promoted. Only the manifest repository is read.",
        action=Action(
            folder="status",
            description="Shows which version of each component is in which environment, and what waits to be"
            " promoted, in the job summary.",
            icon="grid",
        ),
        add_words=_add_json,
    ),
    Command(
        name="materialize",
        help="Materialise an environment's HLD and commit it to the manifest repository: the action's job.",
        action=Action(
            folder="",
            description="Materialises a Fabrikate cluster HLD and commits the Kubernetes manifests to the "
            "branch that Flux applies.",
            icon="git-merge",
        ),
    ),
    Command(
        name="guard",
        help="Judge a pull request, merge group or push by the promotion rules: the companion action's job. "
        "`guard audit` looks at the protection of the branches in the rules.",
        action=Action(
            folder="guard",
            description="Lets changes reach stage and prod only along the allowed branches, and proves it by"
            " the repository's history.",
            icon="shield",
        ),
        add_words=_add_words_of_guard,
        words="[audit]",
    ),
    Command(
        name="preview",
        help="Show what merging a pull request would change in the cluster: the preview action's job. With "
        "--head, what merging a branch would change, on a terminal.",
        action=Action(
            folder="preview",
            description="Shows on a pull request what merging it would change in the cluster, resource by "
            "resource.",
            icon="eye",
        ),
        add_words=_add_words_of_preview,
    ),
    Command(
        name="promote",
        help="Open or update the pull request that promotes one environment's branch to the next: commits, "
        "versions and the difference of the manifests are in it.",
        action=Action(
            folder="promote",
            description="Opens or updates the pull request that promotes one environment's branch to the "
            "next, and says what it brings.",
            icon="git-pull-request",
        ),
    ),
    Command(
        name="notify",
        help="Tell the HLD repository of a push, by a repository_dispatch: its workflow materialises the "
        "environment, so that no application's repository needs to write the manifests.",
        action=Action(
            folder="notify",
            description="Tells the cluster's HLD repository of a push, so that its workflow materialises the"
            " environment and reports back.",
            icon="send",
        ),
    ),
    Command(
        name="init",
        help="Write the workflows, the promotion rules and a README section for an application's repository, "
        "the HLD's or that of the manifests. Files that are there and differ are kept, unless --force is "
        "given; the exit code is 1 then.",
        add_words=_add_words_of_init,
        words="application|hld|manifests [FOLDER]",
    ),
    Command(
        name="rollback",
        help="Restore an earlier state of an environment's manifests by one commit on top, and pin what was "
        "restored, so that no other push undoes it. With --lift, let pinned components follow their sources "
        "again.",
        action=Action(
            folder="rollback",
            description="Restores an earlier state of an environment's manifests by one commit on top, and "
            "pins what was restored.",
            icon="rotate-ccw",
        ),
    ),
    Command(
        name="matrix",
        help="Print a job for each cluster that the HLD names, as JSON for `strategy.matrix`.",
        action=Action(
            folder="matrix",
            description="Lists the clusters of an HLD as a job matrix, so that each is materialised by a job"
            " of its own.",
            icon="grid",
        ),
    ),
    Command(
        name="ownership",
        help="Write the narrowest ownership file that allows what a definition makes today, or judge what it "
        "makes by the file that it has. The exit code is 1 if a part makes what it may not.",
        add_words=_add_words_of_ownership,
        words="propose|check [HLD]",
    ),
    Command(
        name="doctor",
        help="Look at a whole estate and say what is wrong with its set-up, each with what to do: token and "
        "rights, branches, workflows, protection, the definition with all its sources, and the manifests as "
        "Flux finds them. Writes nothing. The exit code is 1 if anything is wrong.",
        add_words=_add_json,
    ),
)

COMMANDS: Mapping[str, Command] = {command.name: command for command in _ALL}
