"""Looking at a definition before real fab does: the trees that it will walk, and all that they name.

`fab install` walks the tree of the config `common`, `fab generate` that of the configs asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from promotion.common.addresses import without_credentials
from promotion.common.phrases import say
from promotion.errors import DefinitionError, SourceError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.source_fetching import FetchedSources, find_token, plain
from promotion.rendering.definition.tree_visit import Key, Need, Visited
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.fab import clone_layout as fab_layout
from promotion.rendering.fab import fab_limitations as fab_traps
from promotion.rendering.fab.clone_layout import Authorized, Pinned
from promotion.rendering.manifests.file_claims import check_collisions, claim
from promotion.rendering.model import Folder, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source

_ADVICE = "Name it in the definition's own repository."


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found: the components that `fab generate` visits, those that `fab install` visits, the
    folders that it fills, and how its git finds repositories.
    """

    visited: tuple[Visited, ...]
    installed: tuple[Visited, ...]
    places: Mapping[str, fab_layout.Place]
    sources: Pinned | Authorized


def survey(
    root: Folder,
    layers: Sequence[str],
    gathered: FetchedSources,
    environment: Mapping[str, str],
    *,
    hooks_allowed: bool,
    tolerant: bool = False,
) -> Survey:
    """Walk both trees, and refuse what fab would get wrong, or what is unsafe to let it do.

    Where components have hooks, what lies below them isn't looked at: they may still change it.

    Args:
        gathered: fetches sources; the root's is there.
        environment: holds the tokens whose variables access.yaml names.
        tolerant: whether to refuse only what is unsafe, so that fab shows what it does.

    Raises:
        DefinitionError: hooks that aren't allowed, a malformed file, or a trap of fab's.
        SourceError: a source can't be had.
    """
    snapshots: dict[Source, Snapshot] = {root.source: gathered.fetched[root.source]}

    def fetch(needs: Sequence[Need]) -> None:
        wanted = [need for need in needs if not isinstance(need.source, ChartSource)]
        gathered.fetch([plain(need) for need in wanted])
        for need in wanted:
            if isinstance(need.source, GitSource):
                snapshots[need.source] = gathered.fetched[plain(need).source]

    visited = explore(root, layers, snapshots, fetch, through_hooks=False)
    with _only_for_install():
        installed = explore(root, (), snapshots, fetch, through_hooks=False)
    everything = (*installed, *visited)
    if not hooks_allowed:
        fab_traps.check_hooks(everything)
    fab_traps.check_names(everything)
    places = fab_layout.find_places(everything)
    fab_layout.check_layout(everything, places, snapshots)
    has_hooks = any(item.component.definition.hooks for item in everything)
    if not tolerant:
        fab_traps.check_methods(visited)
        check_collisions(claim(item) for item in visited if not item.replaced)
        if not has_hooks:
            fab_traps.check_installed(visited, installed)
    users = _find_users(everything, Reader(snapshots))
    if has_hooks:
        sources: Pinned | Authorized = _authorize(everything, environment, users)
    else:
        own = _find_users([item for item in everything if _is_own(item, root)], Reader(snapshots))
        sources = Pinned(snapshots=_pin(installed, gathered, own), users=users)
    return Survey(visited=visited, installed=installed, places=places, sources=sources)


def explore(
    root: Folder,
    layers: Sequence[str],
    snapshots: Mapping[Source, Snapshot],
    fetch: Callable[[Sequence[Need]], None],
    *,
    through_hooks: bool,
) -> tuple[Visited, ...]:
    """Return the tree in the working copy's layout.

    Args:
        snapshots: the sources at hand; `fetch` adds those that it is asked for.
        through_hooks: whether to go on below components with hooks.
    """
    ran: set[Key] = set()
    while True:
        tree = walk_tree(root, Reader(snapshots), layers, ran=ran)
        front = [
            item
            for item in tree.visited
            if item.key not in ran and (through_hooks or not item.component.definition.hooks)
        ]
        if not front:
            return tree.visited
        fetch([need for item in front for need in item.needs])
        ran.update(item.key for item in front)


def _pin(
    installed: Sequence[Visited], gathered: FetchedSources, variables: Mapping[str, frozenset[str]]
) -> dict[GitSource, Snapshot]:
    """Return the commits of all that `fab install` clones, of components that are disabled, too (bug 6).

    Args:
        variables: those that the definition's own access.yaml files name, by address.
    """
    clones = fab_layout.find_clones(installed)
    needs = []
    for source, item in clones.items():
        may_be_sent = source.reach is not Reach.PUBLIC
        variable = min(variables.get(source.url, frozenset()), default="") if may_be_sent else ""
        component = item.component
        need = Need(source=source, label=component.label, where=component.definition.location)
        needs.append(replace(need, variable=variable, part=component.part, advice=_ADVICE))
    with _only_for_install():
        gathered.fetch(needs)
    snapshots = {source: gathered.fetched[source] for source in clones}
    for one, other in fab_traps.find_shared_clones(snapshots):
        if snapshots[one].revision != snapshots[other].revision:
            raise DefinitionError(
                f"fab mixes up {without_credentials(one.url)} without a branch and with the branch master: "
                "one gets the files of the other (bug 11)",
                where=clones[one].component.definition.location,
                fix=say("Name the default branch in `branch`, or use {engine: native}."),
            )
    return snapshots


@contextmanager
def _only_for_install() -> Iterator[None]:
    """Open errors inside are about sources that the configs asked for don't need."""
    try:
        yield
    except SourceError as error:
        error.fix = say(
            "{} `fab install` fetches disabled components, too (bug 6); {engine: native} doesn't.", error.fix
        )
        raise


def _authorize(
    visited: Sequence[Visited], environment: Mapping[str, str], users: Mapping[str, frozenset[str]]
) -> Authorized:
    needs = [
        (need.source.url, need)
        for item in visited
        for need in item.needs
        if isinstance(need.source, GitSource) and need.source.reach is not Reach.PUBLIC
    ]
    return Authorized(
        tokens={url: find_token(need, environment) for url, need in needs if need.variable},
        addresses=tuple(dict.fromkeys(url for url, _ in needs)),
        users=users,
    )


def _is_own(item: Visited, root: Folder) -> bool:
    return item.component.folder.source == root.source


def _find_users(visited: Sequence[Visited], reader: Reader) -> dict[str, frozenset[str]]:
    """Return the variables that the access.yaml files name, by address."""
    users: dict[str, frozenset[str]] = {}
    for folder in dict.fromkeys(item.component.folder for item in visited):
        for address, variable in reader.access(folder).items():
            users[address] = users.get(address, frozenset()) | {variable}
    return users
