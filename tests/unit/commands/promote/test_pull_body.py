"""The text of a promotion's pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from markdown_it import MarkdownIt

from promotion.commands.promote.promotion_bundle import (
    Bundle,
    BundledCommit,
    Commits,
    ManifestSummary,
    VersionChange,
)
from promotion.commands.promote.pull_body import build_title, close_body, is_ours, update_body, update_title
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.manifests.resource_changes import FileChange, compare_resources
from promotion.rendering.model import Provenance

LIMIT = 65_536  # GitHub's, in characters


def deployment(tag: str, name: str = "cat", more: str = "") -> bytes:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: cats}}
spec:
  template:
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/{name}:{tag}
{more}""".encode()


SECRET = b"apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {password: %s}\n"


def commit(title: str = "A feature", author: str = "ada", number: int = 1) -> BundledCommit:
    sha = f"{number:040x}"
    return BundledCommit(sha=sha, title=title, author=author, url=f"https://github.com/acme/cat/commit/{sha}")


def version(label: str, before: str, after: str) -> VersionChange:
    parts = (
        LockedComponent(label=label, provenance=Provenance(revision=text)) if text else None
        for text in (before, after)
    )
    return VersionChange(label=label, before=next(parts), after=next(parts))


def manifests(before: bytes | None, after: bytes | None, *versions: VersionChange) -> ManifestSummary:
    files = (FileChange(path="cat/cat.yaml", component="cat", before=before, after=after),)
    return ManifestSummary(versions=versions, files=files, resources=compare_resources(files))


def bundle(*commits: BundledCommit, found: ManifestSummary | None = None, count: int = 0) -> Bundle:
    shown = commits or (commit(),)
    return Bundle(
        source="dev",
        target="stage",
        environments=("dev", "stage"),
        commits=Commits(status="ahead", count=count or len(shown), shown=shown),
        manifests=found or ManifestSummary(missing="There are none."),
    )


def html(body: str) -> str:
    return unescape(MarkdownIt("gfm-like", {"linkify": False}).render(body))


class TestSection:
    def test_it_says_what_the_promotion_brings(self) -> None:
        found = manifests(deployment("1.1.0"), deployment("1.2.0"), version("cat", "1" * 40, "2" * 40))
        body = update_body("", bundle(commit(), commit("A fix", "bob", 2), found=found), opened=True)
        assert "Promotes `dev` to `stage`: 2 commits by ada, bob. Merge it with a merge commit" in body
        assert "| component | stage | dev | images |" in body
        assert "| `cat` | `111111111111` | `222222222222` |" in body
        assert body.index("A fix") < body.index("A feature"), "the newest comes first"
        assert "<details><summary>Resources: 1 changed</summary>" in body
        assert "-          image: ghcr.io/acme/cat:1.1.0\n+          image: ghcr.io/acme/cat:1.2.0" in body

    def test_the_rules_merge_method_is_asked_for(self) -> None:
        body = update_body("", replace(bundle(), merge_method="squash"))
        assert "Merge it by `squash`, as the promotion rules ask." in body

    def test_what_is_missing_is_said(self) -> None:
        body = update_body(
            "", bundle(found=ManifestSummary(missing="The manifests of `stage` can't be read."))
        )
        assert "> ⚠️ The manifests of `stage` can't be read." in body
        assert "### Manifests" not in body

    def test_manifests_that_do_not_differ_are_no_secret(self) -> None:
        assert "They don't differ." in update_body("", bundle(found=ManifestSummary()))

    def test_what_is_waited_for_is_said(self) -> None:
        body = update_body("", replace(bundle(), waiting="dev is published since noon"))
        assert "⏳ **Not yet:** dev is published since noon" in body

    def test_values_of_secrets_are_hidden(self) -> None:
        found = manifests(SECRET % b"tiger", SECRET % b"lion")
        body = update_body("", bundle(found=found))
        assert "changed" in body
        assert "tiger" not in body
        assert "lion" not in body


class TestForeignText:
    HOSTILE = "@acme/team fixes #1 <img src=x> **bold** | cell [x](http://evil.test) `` ` ``"

    def test_nobody_is_mentioned_and_no_issue_closed(self) -> None:
        shown = html(update_body("", bundle(commit(self.HOSTILE, "@mallory"))))
        assert not re.search(r"@\w|(fixes )#\d", shown)
        assert "<img" not in shown.replace("&lt;", "<").split("<tbody>")[0]

    def test_markup_is_shown_as_it_is(self) -> None:
        rendered = MarkdownIt("gfm-like", {"linkify": False}).render(
            update_body("", bundle(commit(self.HOSTILE, "<b>")))
        )
        row = rendered.split("<tbody>")[1].split("</tr>")[0]
        assert "<img" not in row
        assert "<strong>" not in row
        assert "evil.test" not in re.sub(r">[^<]*<", "><", row), "it is no link"
        assert row.count("<td>") == 3

    @pytest.mark.parametrize(
        "trick", ["```", "~~~", "``\u200e`", "<!-- /promotion-promote -->", "</details>"]
    )
    def test_a_manifest_ends_neither_its_fence_nor_our_section(self, trick: str) -> None:
        note = f"# {trick}\n---\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: |\n{trick}\n"
        before, after = (
            deployment("1", more=note),
            deployment("2", more=note.replace("a: |", f"b: |\n    {trick}")),
        )
        found = manifests(before, after)
        first = update_body("My notes.", bundle(found=found))
        assert MarkdownIt("gfm-like", {"linkify": False}).render(first).count('class="language-diff"') == 1
        assert html(first).rstrip().endswith("<!-- /promotion-promote -->")
        assert update_body(first, bundle(found=found)) == first

    @pytest.mark.parametrize("mark", ["<!-- /promotion-promote -->", "<!-- promotion-promote: opened -->"])
    def test_no_name_ends_our_section_or_makes_it_ours(self, mark: str) -> None:
        found = manifests(deployment("1"), deployment(f"2{mark}"), version(f"cat{mark}", "1" * 40, mark))
        before = update_body("By hand.", bundle(found=found))
        assert not is_ours(before)
        after = update_body(before, bundle())
        assert after == update_body("By hand.", bundle()), "nothing of the old section is left"

    def test_a_version_may_be_anything(self) -> None:
        found = manifests(b"a: 1\n", b"a: 2\n", version("cat | dog", "1.0 sha256:00", "@team|x sha256:11"))
        shown = html(update_body("", bundle(found=found)))
        assert "<td><code>cat ¦ dog</code></td>" in shown


class TestLimit:
    def test_a_long_difference_is_cut_at_whole_resources(self) -> None:
        texts = [
            b"---\n".join(deployment(tag, f"app-{n}", "# x\n" * 200) for n in range(300))
            for tag in ("1", "2")
        ]
        body = update_body("", bundle(found=manifests(*texts)))
        assert LIMIT * 0.8 < len(body) <= LIMIT
        assert re.search(r"… and \d+ more changes? in 1 file, too long to show\n```\n\n</details>", body)

    def test_many_commits_are_counted(self) -> None:
        commits = [commit("Work " * 50, number=n) for n in range(150)]
        body = update_body("", bundle(*commits, count=5_000))
        assert body.count("| ada |\n") == 100
        assert "… and 4900 more." in body

    def test_many_long_ones_leave_room_for_the_difference(self) -> None:
        commits = [commit("|" * 120, "|" * 120, n) for n in range(100)]
        rows = [version("|" * 150 + str(n), "1" * 40, "2" * 40) for n in range(100)]
        texts = [b"---\n".join(deployment(tag, f"app-{n}") for n in range(400)) for tag in ("1", "2")]
        found = manifests(*texts, *rows)
        body = update_body("x" * 20_000, bundle(*commits, found=found))
        assert len(body) <= LIMIT
        assert body.count("@@ Deployment cats/app-") > 10
        assert body.endswith("<!-- /promotion-promote -->")

    def test_one_resource_that_is_too_long_is_said_to_be(self) -> None:
        found = manifests(deployment("1"), deployment("1", more="# x\n" * 40_000))
        body = update_body("", bundle(found=found))
        assert len(body) <= LIMIT
        assert "too long to" in body

    def test_others_text_counts(self) -> None:
        texts = [b"---\n".join(deployment(tag, f"app-{n}") for n in range(400)) for tag in ("1", "2")]
        body = update_body("ü" * 25_000, bundle(found=manifests(*texts)))
        assert len(body) <= LIMIT
        assert body.startswith("ü" * 25_000)


class TestUpdate:
    def test_the_same_again_changes_nothing(self) -> None:
        body = update_body("", bundle(), opened=True)
        assert update_body(body, bundle()) == body

    def test_text_around_it_stays(self) -> None:
        body = update_body("", bundle(), opened=True)
        edited = f"Please look at cats.\n\n{body}\n\nThanks!"
        changed = update_body(edited, bundle(commit("Another")))
        assert changed.startswith("Please look at cats.\n\n<!-- ")
        assert changed.endswith("-->\n\nThanks!")
        assert "Another" in changed
        assert "A feature" not in changed

    def test_a_lost_end_is_found_again(self) -> None:
        body = update_body("Hello.", bundle()).removesuffix("<!-- /promotion-promote -->")
        assert update_body(body, bundle()) == update_body("Hello.", bundle())

    def test_a_pull_request_stays_whose_it_is(self) -> None:
        ours, theirs = update_body("", bundle(), opened=True), update_body("By hand.", bundle())
        assert theirs.startswith("By hand.\n\n<!-- promotion-promote -->\n")
        for body, expected in ((ours, True), (theirs, False)):
            assert is_ours(body) is expected
            assert is_ours(update_body(body, bundle(commit("Another")))) is expected

    def test_a_closed_one_says_why(self) -> None:
        body = close_body(f"Mine.\n{update_body('', bundle(), opened=True)}\nToo.", "Closed: `stage` has it.")
        assert body.startswith("Mine.\n<!-- ")
        assert body.endswith("-->\nToo.")
        assert "Closed&#58; `stage` has it." in body
        assert "A feature" not in body


class TestTitle:
    def test_it_has_the_version_where_there_is_one(self) -> None:
        found = manifests(deployment("1.1.0"), deployment("1.2.0"), version("cat", "1" * 40, "2" * 40))
        assert build_title(bundle(found=found)) == "Promote dev to stage: 1.1.0 → 1.2.0"
        chart = ManifestSummary(versions=(version("cat", "1.0.0 sha256:00", "1.0.1 sha256:11"),))
        assert build_title(bundle(found=chart)) == "Promote dev to stage: 1.0.0 → 1.0.1"

    def test_it_has_none_where_there_are_several_or_a_new_one(self) -> None:
        several = ManifestSummary(versions=(version("a", "1.0", "1.1"), version("b", "2.0", "2.1")))
        assert build_title(bundle(found=several)) == "Promote dev to stage"
        assert (
            build_title(bundle(found=ManifestSummary(versions=(version("a", "", "1.1"),))))
            == "Promote dev to stage"
        )
        assert build_title(bundle()) == "Promote dev to stage"

    def test_one_that_people_wrote_stays(self) -> None:
        assert update_title("Release the cats", bundle()) == "Release the cats"
        assert update_title("Promote dev to stage: 1.0 → 1.1", bundle()) == "Promote dev to stage"
