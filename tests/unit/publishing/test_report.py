import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promotion.common.redaction import Redactor
from promotion.errors import Location, PromotionError
from promotion.publishing.report import (
    Report,
    ReportedChange,
    ReportedComponent,
    link_commit,
    summarize,
    summarize_failure,
    to_json,
)
from promotion.publishing.reported_holds import ReportedHold
from promotion.rendering.model import Provenance

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def component(label: str = "cat-application", *, action: str = "changed") -> ReportedComponent:
    return ReportedComponent(
        label=label,
        kind="helm",
        provenance=Provenance(source="https://github.com/acme/cat-application", ref="dev", revision=COMMIT),
        resources=2,
        action=action,
    )


def change(name: str = "cat-application", action: str = "changed") -> ReportedChange:
    return ReportedChange(
        action=action,
        kind="Deployment",
        namespace="cats",
        name=name,
        component="cat-application",
        images=("ghcr.io/acme/cat: 1.1.0 → 1.2.0",),
    )


def report(**fields: object) -> Report:
    values: dict[str, object] = {
        "environment": "dev",
        "changed": True,
        "dry_run": False,
        "hld_repository": "https://github.com/acme/hld",
        "hld_ref": "dev",
        "hld_commit": COMMIT,
        "manifest_repository": "https://github.com/acme/manifests",
        "branch": "dev",
        "commit": COMMIT,
        "components": (component(), component("cloud-native/logging", action="")),
        "changes": (change(), change("cat", "added")),
    }
    return Report(**{**values, **fields})  # type: ignore[arg-type]


def test_the_summary_shows_environment_commit_components_and_resources() -> None:
    text = summarize(report())
    assert "Promotion: dev" in text
    assert f"(https://github.com/acme/hld/commit/{COMMIT})" in text
    assert "`Deployment cats/cat-application`" in text
    assert "ghcr.io/acme/cat: 1.1.0 → 1.2.0" in text
    assert "| `cloud-native/logging` |" in text


def test_the_tree_hangs_components_below_their_parents() -> None:
    text = summarize(report())
    assert 'n0["dev"]' in text
    assert 'n0 --> n1["cat-application"]' in text
    assert 'n0 --> n2["cloud-native"]' in text
    assert 'n2 --> n3["logging"]' in text
    assert "class n1 changed" in text


def test_a_removed_component_has_a_row_but_no_node_and_does_not_count() -> None:
    removed = report(components=(component(), component("dog-application", action="removed")))
    text = summarize(removed)
    assert "| `dog-application` |" in text
    assert 'dog-application"]' not in text
    assert removed.outputs()["components"] == "1"


def test_outputs_are_counts_and_strict_booleans() -> None:
    assert report().outputs() == {
        "changed": "true",
        "environment": "dev",
        "commit": COMMIT,
        "pull-request": "",
        "branch": "dev",
        "components": "2",
        "added": "1",
        "changed-resources": "1",
        "removed": "0",
        "held": "",
    }


def test_what_is_held_back_has_its_reason_whose_it_is_and_since_when() -> None:
    cat = ReportedHold(
        part="cat",
        reason="a `b` | <c>",
        source="https://github.com/acme/cat",
        revision="b" * 40,
        since=COMMIT,
        repositories=("https://github.com/acme/cat", "https://github.com/acme/nested"),
    )
    held = report(held=(cat, ReportedHold(part="base", reason="no base", since=COMMIT)))
    text = summarize(held)
    assert text.startswith("## ⚠️")
    assert held.headline().endswith("; held back: cat, base")
    row, own = (row for row in text.splitlines() if row.startswith(("| `cat` | a", "| `base` | no")))
    assert row.count("|") - row.count("\\|") == 6, "six bars: five cells"
    for shown in ("`https://github.com/acme/cat`", f"/acme/cat/commit/{'b' * 40}", f"/cat/commit/{COMMIT}"):
        assert shown in row
    assert "| the HLD |" in own
    assert f"(https://github.com/acme/hld/commit/{COMMIT})" in own
    assert [each.is_of("Acme/Nested") for each in held.held] == [True, False]
    assert json.loads(to_json(held))["held"][0]["since"] == COMMIT


def test_nothing_changed_is_said() -> None:
    assert "nothing changed" in report(changed=False, commit="", changes=()).headline()


def test_a_dry_run_says_that_nothing_was_pushed_and_shows_the_difference() -> None:
    text = summarize(report(dry_run=True, commit="", diff="-a: 1\n+a: 2\n```\n"))
    assert "nothing was pushed" in text
    assert "````diff\n-a: 1" in text


@pytest.mark.parametrize("limit", [3_000, 20_000, 200_000])
def test_a_long_summary_is_cut_at_a_row_with_a_count(limit: int) -> None:
    changes = tuple(change(f"resource-{number}") for number in range(5_000))
    text = summarize(report(changes=changes), limit)
    assert len(text.encode()) <= limit
    rows = [row for row in text.splitlines() if row.startswith("| ✏️")]
    assert all(row.endswith(" |") for row in rows)
    assert f"… and {5_000 - len(rows)} more." in text


def test_many_resources_leave_room_for_the_components_the_tree_and_the_difference() -> None:
    changes = tuple(change(f"resource-{number}") for number in range(5_000))
    text = summarize(report(changes=changes, dry_run=True, diff="-a: 1\n+a: 2\n"), 20_000)
    for part in ("| `cloud-native/logging` |", "```mermaid", "-a: 1"):
        assert part in text


@given(st.text(min_size=1))
def test_a_name_can_not_add_a_row_or_markup(name: str) -> None:
    text = summarize(report(changes=(change(name),), components=(component(name),)))
    html = MarkdownIt("commonmark").enable("table").render(text.split("<details>")[0])
    assert html.count("<tr>") == 4
    assert "<script" not in html
    assert "<img" not in html


@given(st.text(min_size=1))
def test_a_name_can_not_leave_its_node(name: str) -> None:
    text = summarize(report(components=(component(name),)))
    graph = text.split("```mermaid\n")[1].split("\n```")[0]
    for row in graph.splitlines()[1:]:
        assert row.count('"') in (0, 2)


def test_a_failure_says_what_where_and_what_to_do() -> None:
    error = PromotionError(
        "the branch dev is missing",
        where=Location("component.yaml", 4, 5, "https://github.com/acme/hld@dev"),
        fix="Create it.",
        component="cat-application",
    )
    text = summarize_failure(error, "materialize")
    for part in ("the branch dev is missing", "component.yaml:4:5", "Create it", "cat-application"):
        assert part in text
    assert "The manifest branch is as it was before" in text


def test_only_web_addresses_become_links() -> None:
    assert link_commit("https://github.com/acme/hld.git", COMMIT).endswith(f"/acme/hld/commit/{COMMIT})")
    for odd in ("javascript:alert(1)", "https://x/a)b(c", "git@github.com:acme/hld", "/srv/hld"):
        assert "](" not in link_commit(odd, COMMIT)


def test_the_json_report_holds_the_counts() -> None:
    content = json.loads(to_json(report()))
    assert content["counts"] == {"added": 1, "changed": 1, "removed": 0}
    assert content["components"][0]["label"] == "cat-application"


def test_no_secret_changes_the_json_report_but_in_its_sentences() -> None:
    made = replace(report(), warnings=("a true warning",), notes=("a note",), diff="+ true")
    plain = to_json(made)
    words = {*plain.split(), *plain.splitlines(), *re.findall(r"\w+", plain)}
    content = json.loads(to_json(made, Redactor(words)))
    sentences = {"warnings": ["a *** ***"], "notes": ["a ***"], "diff": "+ ***"}
    assert content == json.loads(plain) | sentences
