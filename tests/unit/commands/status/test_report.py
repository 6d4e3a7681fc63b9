from __future__ import annotations

import json
from dataclasses import replace

from promotion.commands.status.report import as_markdown, as_text, notes, rows, to_json
from promotion.commands.status.status_matrix import Cell, Environment, Matrix
from promotion.common.commit_history import PastCommit
from promotion.errors import Location, PublishError
from promotion.rendering.lock.lock import HeldPart, LockedComponent, LockedHld
from promotion.rendering.manifests.resources import Image
from promotion.rendering.model import Provenance

NOW = 1_700_000_000
OLD, NEW = "a" * 40, "b" * 40


def cell(label: str, revision: str, tag: str, days: int, **changes: str) -> Cell:
    part = LockedComponent(
        label=label,
        kind="helm",
        provenance=Provenance(source=f"https://git.test/{label}", revision=revision),
        files={label: revision},
    )
    since = PastCommit(id="c" * 40, time=NOW - days * 86_400)
    return Cell(part=part, hld=LockedHld(), images=(Image(label, tag),), since=since, **changes)


def matrix(label: str = "cat") -> Matrix:
    dev = Environment(
        name="dev",
        branch="dev",
        commit=NEW,
        time=NOW,
        cells={"cat.yaml": cell(label, NEW, "1.1", 2), "dog.yaml": cell("dog", NEW, "7", 9)},
        past={label: [NEW, OLD]},
    )
    stage = Environment(
        name="stage",
        branch="stage",
        commit=OLD,
        time=NOW,
        cells={"cat.yaml": cell(label, OLD, "1.0", 30, pinned=OLD), "dog.yaml": cell("dog", NEW, "7", 8)},
        past={label: [OLD]},
    )
    prod = Environment(name="prod", branch="main")
    return Matrix(repository="https://git.test/manifests", environments=(dev, stage, prod))


def test_the_matrix_in_columns() -> None:
    head, cat, dog, blank, title, move, missing, _, legend = as_text(matrix(), NOW).split("\n")
    assert head.split() == ["component", "dev", "stage", "prod", "(no", "branch)"]
    assert cat.split() == ["cat", "1.1", "bbbbbbb", "2d", "1.0", "aaaaaaa", "30d", "▲", "pinned", "–"]
    assert dog.split() == ["dog", "7", "bbbbbbb", "9d", "7", "bbbbbbb", "8d", "–"]
    assert {line.index("1.0") if "1.0" in line else line.index("7 b", 20) for line in (cat, dog)} == {
        cat.index("1.0")
    }
    assert (blank, title) == ("", "dev → stage: 1 component to promote")
    assert move == "  cat 1.0 → 1.1, in dev for 2 days; pinned in stage"
    assert missing == "prod: there is no branch main"
    assert legend.startswith("▲ the environment before has a later one")


def test_an_environment_whose_lock_was_edited_is_told() -> None:
    before = matrix()
    dev, *others = before.environments
    edited = replace(before, environments=(replace(dev, is_trusted=False), *others))
    assert "dev (edited)" in as_text(edited, NOW).split("\n", 1)[0]
    for text in (as_text(edited, NOW), as_markdown(edited, NOW).replace("\\", "")):
        assert "promotion.lock of branch dev has a wrong checksum" in text
    assert [each["lock_is_trusted"] for each in json.loads(to_json(edited))["environments"]] == [
        False,
        True,
        True,
    ]
    assert "checksum" not in as_text(before, NOW) + as_markdown(before, NOW)


def test_what_is_held_back_is_marked_and_told_with_the_commit_that_waits() -> None:
    before = matrix()
    dev, stage, prod = before.environments
    held = {"cat": HeldPart(reason="no `cats`", source="https://git.test/cat", revision=NEW, since=OLD)}
    cells = {**stage.cells, "cat.yaml": replace(stage.cells["cat.yaml"], held="cat", pinned="")}
    after = replace(before, environments=(dev, replace(stage, held=held, cells=cells), prod))
    text = as_text(after, NOW)
    assert text.split("\n")[1].split()[4:9] == ["1.0", "aaaaaaa", "30d", "▲", "held"]
    assert "cat 1.0 → 1.1, in dev for 2 days; held back in stage" in text
    told = f"stage: cat is held back since {OLD[:12]}; {NEW[:12]} of https://git.test/cat waits: no `cats`"
    assert told in text.split("\n")
    assert f"⛔ stage&#58; cat is held back since {OLD[:12]}" in as_markdown(after, NOW)
    shown = json.loads(to_json(after))["environments"][1]
    assert shown["held"]["cat"]["revision"] == NEW
    assert [part["held"] for part in shown["components"].values()] == ["cat", None]


def test_a_lock_that_cannot_be_read_is_told_and_nothing_is_compared_with_it() -> None:
    before = matrix()
    dev, stage, prod = before.environments
    damage = PublishError("the lock file is damaged: it is empty", where=Location("promotion.lock", 1))
    after = replace(before, environments=(dev, replace(stage, cells={}, damage=damage), prod))
    text = as_text(after, NOW)
    assert "stage (can't be read)" in text.split("\n", 1)[0]
    assert text.split("\n")[1].split() == ["cat", "1.1", "bbbbbbb", "2d", "?", "–"]
    assert "to promote" not in text
    assert "stage: promotion.lock:1: the lock file is damaged: it is empty" in text
    assert "the lock file is damaged" in as_markdown(after, NOW)
    assert json.loads(to_json(after))["environments"][1]["damage"].startswith("promotion.lock:1")


def test_nothing_to_promote_is_said_and_needs_no_legend() -> None:
    dev = matrix().environments[0]
    text = as_text(Matrix(repository="", environments=(dev, replace(dev, name="stage"))), NOW)
    assert text.endswith("\n\ndev → stage: nothing to promote")


def test_versions_that_are_the_same_are_told_apart_by_their_commits() -> None:
    dev, stage, _ = matrix().environments
    cells = {**stage.cells, "cat.yaml": cell("cat", OLD, "1.1", 30)}
    text = as_text(Matrix(repository="", environments=(dev, replace(stage, cells=cells))), NOW)
    assert "  cat 1.1 (aaaaaaa → bbbbbbb), in dev for 2 days" in text.split("\n")


def test_the_summary_is_a_table_that_names_cannot_break() -> None:
    text = as_markdown(matrix("cat|<b>@mona\n::x"), NOW)
    row = next(line for line in text.split("\n") if "mona" in line)
    assert row.count("|") - row.count("\\|") == 5
    assert "<b>" not in text
    assert "@mona" not in text.replace("@\u200bmona", "")


def test_names_cannot_repaint_a_terminal() -> None:
    assert "\x1b" not in as_text(matrix("cat\x1b[2J"), NOW)


def test_programs_get_all_of_it() -> None:
    content = json.loads(to_json(matrix()))
    dev, stage, prod = content["environments"]
    assert dev["components"]["cat.yaml"]["since"] == "2023-11-12T22:13:20Z"
    assert stage["components"]["cat.yaml"]["pinned"] == OLD
    assert (prod["missing"], prod["branch"], prod["components"]) == (True, "main", {})
    (move,) = content["differences"]
    assert (move["from"], move["to"], move["component"], move["waits"]) == ("dev", "stage", "cat", True)


def test_what_is_missing_is_told_apart() -> None:
    matrix = Matrix(
        repository="r",
        environments=(
            Environment(name="dev", branch="main", has_branch=True),
            Environment(name="prod", branch="prod"),
        ),
        folder="east",
    )
    assert rows(matrix, 0)[0] == ["component", "dev (no promotion.lock)", "prod (no branch)"]
    assert "dev: branch main has no east/promotion.lock" in notes(matrix, 0)
    assert "prod: there is no branch prod" in notes(matrix, 0)
