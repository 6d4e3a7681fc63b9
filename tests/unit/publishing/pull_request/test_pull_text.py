from __future__ import annotations

from dataclasses import replace

from promotion.common.event import Event
from promotion.publishing.pull_request.pull_text import marker, write_body, write_title
from promotion.publishing.report import Report, ReportedChange, ReportedComponent
from promotion.publishing.reported_holds import ReportedHold
from promotion.rendering.model import Provenance

COMMIT = "c" * 40
EVENT = Event(
    name="push",
    repository="acme/cat",
    commit="e" * 40,
    actor="octocat",
    run_url="https://github.com/acme/cat/actions/runs/42",
)


def report(*changes: ReportedChange) -> Report:
    return Report(
        environment="dev",
        changed=True,
        dry_run=False,
        hld_repository="https://github.com/acme/hld",
        hld_ref="dev",
        hld_commit="d" * 40,
        manifest_repository="https://github.com/acme/manifests",
        branch="dev",
        commit=COMMIT,
        components=(
            ReportedComponent(
                label="cat",
                kind="helm",
                provenance=Provenance(source="https://github.com/acme/cat", ref="dev", revision="f" * 40),
                resources=1,
                action="changed",
            ),
        ),
        changes=changes,
    )


def change(name: str = "cat") -> ReportedChange:
    return ReportedChange(
        action="changed",
        kind="Deployment",
        namespace="pets",
        name=name,
        component="cat",
        images=("a: 1 → 2",),
    )


def write(given: Report, diff: str = "+ image: a:2\n") -> str:
    return write_body(given, EVENT, COMMIT, lambda limit: diff.encode()[:limit].decode("utf-8", "ignore"))


def test_it_says_what_changes_from_where_and_by_which_run() -> None:
    text = write(report(change()))
    assert text.startswith(f"{marker(COMMIT)}\nThe manifests of **dev**: 1 changed.\n")
    assert "https://github.com/acme/hld/commit/" in text
    assert "https://github.com/acme/cat/commit/" in text
    assert "[42](https://github.com/acme/cat/actions/runs/42)" in text
    assert "| ✏️ changed | `Deployment pets/cat` | `cat` | `a: 1 → 2` |" in text
    assert "```diff\n+ image: a:2\n```" in text


def test_it_fits_into_githubs_limit_and_keeps_difference_and_last_line() -> None:
    many = [change(f"{number:04}-{'ä' * 200}") for number in range(2_000)]
    text = write(report(*many), "+ ä\n" * 20_000)
    assert len(text) < 65_536
    assert "more.\n" in text
    assert "```diff\n" in text
    assert text.count("```") % 2 == 0
    assert text.endswith("Merge to deliver._\n")


def test_a_difference_cant_end_its_block_or_name_anybody() -> None:
    text = write(report(change("@acme/all`|<b>")), "+ ```\n+ @acme/all\n")
    assert "````diff\n" in text
    assert "| `` Deployment pets/@acme/all`¦<b> `` |" in text


def test_a_title_is_the_commits_subject_cut_to_githubs_limit() -> None:
    assert write_title("dev: cat 1 → 2\n\n- more\n") == "dev: cat 1 → 2"
    assert len(write_title("x" * 500)) <= 256


def test_it_says_what_is_held_back() -> None:
    held = ReportedHold(part="dog", reason="no dogs", source="https://github.com/acme/dog", since="a" * 40)
    text = write(replace(report(change()), held=(held,)))
    assert "### Held back" in text
    assert "| `dog` | no dogs | `https://github.com/acme/dog` |" in text
