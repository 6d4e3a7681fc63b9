from __future__ import annotations

import json
from dataclasses import replace

from promotion.commands.explain.explanation import Changes, Explanation, list_values
from promotion.commands.explain.explanation_json import to_json
from promotion.commands.explain.explanation_text import as_text
from promotion.commands.explain.origin_places import find_places
from promotion.commands.explain.resource_search import Found
from promotion.common.commit_history import PastCommit
from promotion.rendering.lock.lock import HeldPart, LockedComponent, LockedHld, Pin
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.model import Provenance

NOW = 1_700_000_000
COMMIT, HLD = "a" * 40, "b" * 40
MANIFEST = b"""\
---
# Source: cat/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: cat}
spec:
  replicas: 3
"""


def answer(
    label: str = "cat", *, subject: str = "prod: cat 1.0 \u2192 1.1", pin: Pin | None = None
) -> Explanation:
    part = LockedComponent(
        label=label,
        kind="helm",
        provenance=Provenance(source="https://git.test/cat", ref="main", revision=COMMIT, path="chart"),
        origins=(
            FileOrigin(
                repository="https://git.test/cat",
                commit=COMMIT,
                file="config/common.yaml",
                values={f"image.key{number}": number for number in range(1, 10)},
            ),
            FileOrigin(
                commit=HLD, file="config/prod.yaml", values={"replicas": 7, "resources.limits.cpu": 0}
            ),
        ),
    )
    message = f"{subject}\n\nSource-Commit: cat https://git.test/cat@{COMMIT}\nTriggered-By: acme/cat by mona"
    commit = PastCommit(id="c" * 40, time=NOW - 86_400, author="Bot <bot@example.com>", message=message)
    return Explanation(
        environment="prod",
        repository="https://git.test/manifests",
        branch="prod",
        commit="d" * 40,
        file="cat/cat.yaml",
        hld=LockedHld(repository="https://git.test/hld", ref="prod", commit=HLD),
        found=Found(path="cat/cat.yaml", component=part),
        places=tuple(find_places(MANIFEST)),
        changes=Changes(commits=(commit,), is_complete=False),
        pin=pin,
    )


def test_values_are_found_by_path_part_and_pattern() -> None:
    def paths(wanted: str) -> list[str]:
        return [value.path for value in list_values(answer(), wanted)]

    assert paths("replicas") == ["replicas"]
    assert paths("resources") == ["resources.limits.cpu"], "what lies below a path"
    assert paths("CPU") == ["resources.limits.cpu"]
    assert paths("image.*1") == ["image.key1"]
    assert len(paths("")) == 11
    assert not paths("tag")


def test_a_value_of_the_definition_has_its_repository_and_commit() -> None:
    (value,) = list_values(answer(), "replicas")
    assert (value.repository, value.commit, value.line) == ("https://git.test/hld", HLD, 7)
    text = as_text(answer(), now=NOW, wanted="replicas")
    assert f"  replicas: config/prod.yaml:7 of https://git.test/hld@{HLD}" in text.split("\n")


def test_a_line_that_is_not_known_is_not_told() -> None:
    text = as_text(answer(), now=NOW, wanted="cpu")
    assert f"  resources.limits.cpu: config/prod.yaml of https://git.test/hld@{HLD}" in text.split("\n")


def test_many_values_of_a_file_are_counted() -> None:
    lines = as_text(answer(), now=NOW).split("\n")
    assert "    and 1 more: ask for one with --value" in lines
    assert "    replicas (line 7)" in lines


def test_a_text_is_found_in_the_manifest_with_likely_values() -> None:
    lines = as_text(answer(), now=NOW, wanted="replicas: 3").split("\n")
    assert "  cat/cat.yaml:7: replicas: 3" in lines
    assert "    printed by cat/templates/deployment.yaml" in lines
    assert f"    perhaps replicas: config/prod.yaml:7 of https://git.test/hld@{HLD}" in lines


def test_what_nobody_gives_is_said() -> None:
    text = as_text(answer(), now=NOW, wanted="nowhere")
    assert "No config file gives a value like nowhere, and no line of the manifest has this text." in text


def test_who_when_and_that_there_is_more() -> None:
    lines = as_text(answer(), now=NOW).split("\n")
    assert "  2023-11-13 22:13 UTC (1 day ago) by mona: prod: cat 1.0 → 1.1" in lines
    assert f"    source {COMMIT}" in lines
    assert "  and older ones: see more with --history" in lines


def test_a_pin_is_told() -> None:
    pinned = answer(pin=Pin(label="cat", to=COMMIT, base=HLD))
    assert f"  pinned     by a rollback to {COMMIT}" in as_text(pinned, now=NOW)
    assert json.loads(to_json(pinned))["pinned"] == COMMIT


def test_what_is_held_back_is_told() -> None:
    held = HeldPart(reason="no cats", source="https://git.test/cat", revision=HLD, since=COMMIT)
    told = replace(answer(), held=("cats", held))
    row = f"cats is held back since {COMMIT[:12]}; {HLD[:12]} of https://git.test/cat waits: no cats"
    assert f"  held back  {row}" in as_text(told, now=NOW)
    assert json.loads(to_json(told))["held"]["since"] == COMMIT
    assert json.loads(to_json(answer()))["held"] is None


def test_texts_of_others_are_harmless() -> None:
    hostile = "x\x1b[2J\x1b]0;title\x07\n::error::no\u202e"
    text = as_text(answer(hostile, subject=hostile), now=NOW)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert not any(line.startswith("::") for line in text.split("\n"))


def test_a_lock_that_was_edited_is_told() -> None:
    edited = replace(answer(), is_trusted=False)
    assert "promotion.lock of this branch has a wrong checksum" in as_text(edited, now=NOW)
    assert "checksum" not in as_text(answer(), now=NOW)
    assert [json.loads(to_json(each))["lock_is_trusted"] for each in (edited, answer())] == [False, True]


def test_of_what_a_rollback_holds_no_commit_is_named_that_is_not_known() -> None:
    """That of the lock is the one that was undone."""
    told = answer(pin=Pin(label="cat", to="e" * 40, base="f" * 64, held_back=None))
    own = replace(
        told,
        hld=replace(told.hld, commit=""),
        found=replace(
            told.found,
            component=replace(told.found.component, provenance=Provenance(ref="main", path="chart")),
        ),
    )
    assert own.provenance.revision == ""
    assert "https://git.test/hld, an earlier commit (prod)" in as_text(own, now=NOW)
