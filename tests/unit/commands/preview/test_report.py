from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from promotion.commands.preview.report import COMMENT_LIMIT, Preview, summarize, write_comment, write_failure
from promotion.commands.preview.risks import find_risks
from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.resource_changes import FileChange, compare_closely
from support.markup import check_markup

MARKER = "<!-- promotion-preview 0123456789ab -->"
RUN = "https://github.com/acme/cat/actions/runs/1"


def config_map(name: str, text: str) -> str:
    """With the name as JSON, and the text as it is, line by line."""
    rows = "".join(f" {row}\n" for row in text.replace("\x1b", "").split("\n"))
    return (
        f"---\nkind: ConfigMap\nmetadata: {json.dumps({'name': name}, ensure_ascii=False)}\ntext: |1\n{rows}"
    )


def make_preview(before: str, after: str, component: str = "cat", **more: object) -> Preview:
    file = FileChange(path="cat.yaml", component=component, before=before.encode(), after=after.encode())
    differences = compare_closely([file])
    given = {
        "environment": "dev",
        "repository": "https://github.com/acme/cat.git",
        "branch": "dev",
        "before": "0" * 40,
        "after": "1" * 40,
        "hld_repository": "https://github.com/acme/hld.git",
        "hld_ref": "dev",
        "differences": differences,
        "risks": find_risks(differences),
        "files": int(before != after),
        **more,
    }
    return Preview(**given)  # type: ignore[arg-type]


hostile = st.text(
    alphabet=st.sampled_from("`~<>/&#@|\\*_[]()!:'\"- \n\tabdetilsumary1é€\u200b\u202e\x1b"), max_size=60
) | st.sampled_from(
    [
        "</summary></details>",
        "```",
        "~~~~",
        "````diff\n",
        "<!-- x",
        "-->",
        "<details>",
        "@octocat #1",
        "x" * 400,
    ]
)
previews = st.builds(
    lambda names, text, component, warnings: make_preview(
        "".join(config_map(name, f"{text}\nbefore") for name in names[:8]),
        "".join(config_map(name, f"{text}\nafter") for name in names[2:]),
        component,
        warnings=tuple(warnings),
    ),
    st.lists(hostile, max_size=12, unique=True),
    st.lists(hostile, max_size=40).map("\n".join),
    hostile,
    st.lists(hostile, max_size=5),
)


@given(previews, st.integers(2500, 20_000))
def test_a_page_never_exceeds_its_limit_and_ends_all_that_it_begins(preview: Preview, limit: int) -> None:
    page = summarize(preview, limit)
    assert len(page.encode()) <= limit
    shown = len(check_markup(page))
    left = sum(int(number) for number in re.findall(r"^… and (\d+) differences? more", page, re.MULTILINE))
    assert shown + left == sum(bool(difference.diff) for difference in preview.differences)


def test_a_comment_keeps_below_githubs_limit_at_whole_resources() -> None:
    long = "\n".join(f"line {number}" for number in range(900))
    preview = make_preview("", "".join(config_map(f"map-{number}", long) for number in range(30)))
    comment = write_comment(preview, MARKER, RUN)
    assert comment.startswith(MARKER)
    assert 50_000 < len(comment.encode()) <= COMMENT_LIMIT
    blocks = check_markup(comment)
    assert f"… and {30 - len(blocks)} differences more, too long to show here." in comment
    assert comment.endswith(f"· [the run with the whole difference]({RUN})\n")
    assert f"map-{29}" in comment, "the table has them all"


def test_a_long_difference_does_not_keep_short_ones_out() -> None:
    maps = config_map("long", "\n".join("line" for _ in range(30_000))) + config_map("short", "a")
    blocks = check_markup(write_comment(make_preview("", maps), MARKER, RUN))
    assert ["short" in block for block in blocks] == [True]


def test_new_images_come_first_then_risks() -> None:
    def pod(image: str) -> str:
        return f"---\nkind: Pod\nmetadata: {{name: pod}}\nspec: {{containers: [{{image: '{image}'}}]}}\n"

    before = config_map("a", "1") + config_map("gone", "1") + pod("cat:1")
    after = config_map("a", "2") + pod("cat:2")
    page = summarize(make_preview(before, after))
    titles = re.findall(r"<summary>.*?<code>(.*?)</code>", page)
    assert titles == ["Pod pod", "ConfigMap gone", "ConfigMap a"]
    assert "<code>cat&#58; 1 → 2</code>" in page


def test_a_document_that_several_resources_share_is_shown_once() -> None:
    items = (
        "kind: List\nitems:\n- {kind: A, metadata: {name: a}, b: 1}\n- {kind: B, metadata: {name: b}, b: 1}\n"
    )
    preview = make_preview(items, items.replace("b: 1", "b: 2"))
    assert len(preview.differences) == 2
    assert len(check_markup(summarize(preview))) == 1


def test_there_is_no_comment_when_nothing_changes() -> None:
    assert write_comment(make_preview("", ""), MARKER, RUN) == ""
    assert "Merging changes no manifest of dev." in summarize(make_preview("", ""))


def test_white_space_is_told_apart_from_resources() -> None:
    preview = make_preview("a: 1\n", "# b\na: 1\n")
    assert "comments, order or white space only" in write_comment(preview, MARKER, RUN)


def test_a_branch_that_is_not_used() -> None:
    preview = make_preview("", "", is_used=False)
    assert "takes nothing from the branch dev" in summarize(preview)


@given(hostile, hostile, hostile)
def test_a_failure_says_what_and_where_and_stays_text(what: str, place: str, component: str) -> None:
    error = DefinitionError(what * 100, where=Location(place, 3), component=component, fix=what)
    page = write_failure(error, MARKER, RUN)
    assert check_markup(page) == []
    assert len(page.encode()) <= COMMENT_LIMIT
