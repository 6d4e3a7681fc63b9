from __future__ import annotations

from dataclasses import replace

from promotion.common.yaml.yaml_documents import Values, load_values
from promotion.errors import Location
from promotion.rendering.definition.config_layers import ConfigLayer, merge
from promotion.rendering.lock.lock import Lock, LockedComponent, Pin, keep_origins
from promotion.rendering.lock.value_origins import (
    MOST_PLACES,
    FileOrigin,
    describe_line,
    find_values,
    place_files,
)
from promotion.rendering.model import Provenance

HLD, CAT = "https://git.test/hld", "https://git.test/cat"


def values(text: str, file: str, repository: str = HLD, revision: str = "aaaa") -> Values:
    loaded = load_values(text.encode(), Location(file, repository=repository, revision=revision))
    assert isinstance(loaded, Values)
    return loaded


def test_each_value_is_where_the_most_important_layer_writes_it() -> None:
    prod = ConfigLayer(values=values("image:\n  tag: 1.2.0\n", "config/prod.yaml"))
    common = ConfigLayer(
        values=values("image:\n  tag: 1.0.0\n  name: cat\nlogs: true\n", "config/common.yaml")
    )
    merged = merge(prod, common)
    assert find_values(merged.values, HLD) == (
        FileOrigin(file="config/common.yaml", commit="aaaa", values={"image.name": 3, "logs": 4}),
        FileOrigin(file="config/prod.yaml", commit="aaaa", values={"image.tag": 2}),
    )


def test_files_of_other_repositories_have_their_own_commits() -> None:
    own = values("replicas: 2\n", "config/prod.yaml")
    theirs = values("port: 80\n", "hld/config/common.yaml", CAT, "bbbb")
    merged = merge(ConfigLayer(values=own), ConfigLayer(values=theirs))
    hld, cat = find_values(merged.values, HLD)
    assert (hld.repository, hld.commit) == ("", "aaaa")
    assert (cat.repository, cat.commit, cat.file) == (CAT, "bbbb", "hld/config/common.yaml")


def test_a_list_and_an_empty_map_are_one_value_and_dots_in_keys_are_escaped() -> None:
    found = values("hosts: [a, b]\nlabels: {}\nnotes:\n  acme.example/team: cats\n", "config/common.yaml")
    (origin,) = find_values(found, HLD)
    assert origin.values == {"hosts": 1, "labels": 2, r"notes.acme\.example/team": 4}


def test_no_more_than_so_many_values_are_noted_and_no_endless_names() -> None:
    text = "".join(f"key{number}: 1\n" for number in range(2 * MOST_PLACES))
    (origin,) = find_values(values(text, "config/common.yaml"), HLD)
    assert len(origin.values) == MOST_PLACES
    assert not find_values(values(f"{'x' * 1000}: 1\n", "config/common.yaml"), HLD)


def test_static_files_begin_where_they_stand_in_the_manifest() -> None:
    files = [
        (Location("m/a.yaml", repository=HLD, revision="aaaa"), "kind: A\nname: a\n\n"),
        (Location("m/b.yaml", repository=HLD, revision="aaaa"), "kind: B\n"),
        (Location("m/c.yaml", repository=HLD, revision="aaaa"), "kind: C\n"),
    ]
    manifest = "".join(f"---\n{text}" for _, text in files).split("\n")
    placed = place_files(files, HLD)
    assert [manifest[origin.begins - 1] for origin in placed] == ["kind: A", "kind: B", "kind: C"]
    assert [origin.file for origin in placed] == ["m/a.yaml", "m/b.yaml", "m/c.yaml"]


def test_a_line_is_told_in_the_file_that_it_comes_from() -> None:
    placed = place_files(
        [(Location("m/a.yaml"), "kind: A\n\n"), (Location("b.yaml", repository=HLD), "kind: B\n")], ""
    )
    assert describe_line(placed, "cat.yaml", 2) == "line 1 of m/a.yaml"
    assert describe_line(placed, "cat.yaml", 5) == f"line 1 of b.yaml in {HLD}"
    assert describe_line([], "cat.yaml", 5) == "line 5 of cat.yaml"


OLD = LockedComponent(label="cat", input_digest="sha256:1", origins=(FileOrigin(file="old.yaml"),))


def test_origins_stay_while_the_inputs_do() -> None:
    new = replace(OLD, provenance=Provenance(revision="bbbb"), origins=(FileOrigin(file="new.yaml"),))
    kept = keep_origins(Lock(components={"cat.yaml": OLD}), Lock(components={"cat.yaml": new}))
    assert kept.components["cat.yaml"] == replace(new, origins=OLD.origins)


def test_origins_are_new_where_the_inputs_are_or_nobody_knows_the_old_ones() -> None:
    new = replace(OLD, input_digest="sha256:2", origins=(FileOrigin(file="new.yaml"),))
    for before in ({"cat.yaml": OLD}, {"cat.yaml": replace(OLD, input_digest="")}, {}):
        lock = Lock(components={"cat.yaml": new})
        assert keep_origins(Lock(components=before), lock) == lock


def test_origins_of_what_a_pin_held_back_come_back_with_it() -> None:
    new = replace(OLD, origins=(FileOrigin(file="new.yaml"),))
    rolled_back = {"cat.yaml": replace(OLD, input_digest="sha256:0", origins=())}
    pins = {"cat.yaml": Pin(label="cat", to="aaaa", base="bbbb", held_back=OLD)}
    before = Lock(components=rolled_back, pins=pins)
    assert keep_origins(before, Lock(components={"cat.yaml": new})).components == {"cat.yaml": OLD}
