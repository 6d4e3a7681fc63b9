from __future__ import annotations

import pytest

from promotion.rendering.manifests.resource_changes import (
    FileChange,
    ImageChange,
    compare_resources,
    render_diff,
)


def file(
    before: str | None, after: str | None, path: str = "cat/cat.yaml", component: str = "cat"
) -> FileChange:
    return FileChange(
        path=path,
        component=component,
        before=None if before is None else before.encode(),
        after=None if after is None else after.encode(),
    )


def resource(kind: str, name: str, more: str = "", version: str = "v1") -> str:
    return f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: pets}}\n{more}"


def deployment(*images: str) -> str:
    containers = "".join(f"      - {{name: c{n}, image: '{image}'}}\n" for n, image in enumerate(images))
    return resource(
        "Deployment", "cat", f"spec:\n  template:\n    spec:\n      containers:\n{containers}", "apps/v1"
    )


def told(*files: FileChange) -> list[tuple[str, str, str]]:
    return [(part.action, str(part.resource), part.component) for part in compare_resources(files)]


def test_added_changed_and_removed_resources() -> None:
    before = resource("Service", "cat", "a: 1\n") + resource("Role", "old") + resource("Role", "same")
    after = resource("Role", "same") + resource("Service", "cat", "a: 2\n") + resource("Job", "new")
    assert told(file(before, after)) == [
        ("changed", "Service pets/cat", "cat"),
        ("added", "Job pets/new", "cat"),
        ("removed", "Role pets/old", "cat"),
    ]


def test_new_and_deleted_files_add_and_remove() -> None:
    assert told(file(None, resource("Job", "a"))) == [("added", "Job pets/a", "cat")]
    assert told(file(resource("Job", "a"), None)) == [("removed", "Job pets/a", "cat")]


def test_resource_that_moves_to_another_component_is_neither_removed_nor_added() -> None:
    moved = resource("Service", "cat")
    assert told(file(moved, None, "a.yaml", "a"), file(None, moved, "b.yaml", "b")) == []
    edited = moved + "a: 2\n"
    assert told(file(moved, None, "a.yaml", "a"), file(None, edited, "b.yaml", "b")) == [
        ("changed", "Service pets/cat", "b")
    ]


def test_api_version_is_a_change_and_group_another_resource() -> None:
    before = resource("Ingress", "a", version="networking.k8s.io/v1beta1")
    assert told(file(before, resource("Ingress", "a", version="networking.k8s.io/v1"))) == [
        ("changed", "Ingress pets/a", "cat")
    ]
    assert told(file(before, resource("Ingress", "a", version="extensions/v1beta1"))) == [
        ("added", "Ingress pets/a", "cat"),
        ("removed", "Ingress pets/a", "cat"),
    ]


def test_comments_order_and_style_change_no_resource() -> None:
    before = resource("Service", "a", "a: {b: c, d: e}\n") + resource("Role", "b")
    after = resource("Role", "b") + "# hi\n" + resource("Service", "a", "a:\n  d: 'e'\n  b: c\n")
    assert told(file(before, after)) == []


def test_resource_that_is_there_twice_is_told_apart() -> None:
    one, two = resource("Role", "a", "x: 1\n"), resource("Role", "a", "x: 2\n")
    assert told(file(one, one + two)) == [("added", "Role pets/a", "cat")]


def test_image_change_names_the_tags() -> None:
    (change,) = compare_resources([file(deployment("ghcr.io/cat:1.1.0"), deployment("ghcr.io/cat:1.2.0"))])
    assert change.images == (ImageChange(name="ghcr.io/cat", before="1.1.0", after="1.2.0"),)
    assert str(change.images[0]) == "ghcr.io/cat: 1.1.0 → 1.2.0"


def test_other_image_names_whole_references() -> None:
    (change,) = compare_resources([file(deployment("cat:1", "same:1"), deployment("r:5000/cat:1", "same:1"))])
    assert change.images == (ImageChange(name="r:5000/cat", before="cat:1", after="r:5000/cat:1"),)


def test_same_image_in_two_containers_is_told_once() -> None:
    (change,) = compare_resources([file(deployment("cat:1", "cat:1"), deployment("cat:2", "cat:2"))])
    assert len(change.images) == 1


def test_diff_is_unified_by_file_and_resource() -> None:
    before, after = resource("Service", "cat", "a: 1\n"), resource("Service", "cat", "a: 2\n")
    same = resource("Role", "same")
    assert render_diff([file(same + before, same + after), file(None, "kind: Job\n", "job.yaml")]) == (
        "--- a/cat/cat.yaml\n"
        "+++ b/cat/cat.yaml\n"
        "@@ Service pets/cat @@\n"
        " apiVersion: v1\n"
        " kind: Service\n"
        " metadata: {name: cat, namespace: pets}\n"
        "-a: 1\n"
        "+a: 2\n"
        "--- /dev/null\n"
        "+++ b/job.yaml\n"
        "@@ Job @@\n"
        "+kind: Job\n"
    )


def test_diff_without_a_changed_line_says_so() -> None:
    before, after = (
        resource("Role", "a") + resource("Role", "b"),
        resource("Role", "b") + resource("Role", "a"),
    )
    assert render_diff([file(before, after)]).endswith("@@ only comments, order or white space @@\n")


def test_names_cannot_break_out_of_their_line() -> None:
    text = render_diff([file(None, 'kind: "Job\\n::error::x\\e[31m"\n')])
    assert "@@ Job ::error::x @@\n" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("limit", [0, 100, 200, 300, 400, 1000, 5000])
def test_diff_is_cut_at_whole_resources_with_a_count(limit: int) -> None:
    files = [
        file(None, "".join(resource("Role", f"r{f}{n}", "# ü\n") for n in range(5)), f"f{f}.yaml")
        for f in range(4)
    ]
    text = render_diff(files, limit)
    assert len(text.encode()) <= max(limit, 100)
    shown = text.count("@@ Role")
    assert text.count("+# ü") == shown
    if shown < 20:
        assert f"… and {20 - shown} more changes in " in text
    else:
        assert "more changes" not in text


def test_resource_that_is_too_long_is_left_out_and_smaller_ones_after_it_are_shown() -> None:
    long = resource("ConfigMap", "long", "data:\n" + "  k: v\n" * 10_000)
    text = render_diff([file(None, long + resource("Role", "small"))], limit=2000)
    assert "@@ Role pets/small @@" in text
    assert "ConfigMap" not in text
    assert text.endswith("… and 1 more change in 1 file, too long to show\n")


def test_comparing_very_long_resources_is_not_tried() -> None:
    lines = [f"  k{number}: {number % 7}\n" for number in range(30_000)]
    before = resource("ConfigMap", "a", "data:\n" + "".join(lines))
    after = resource("ConfigMap", "a", "data:\n" + "".join(reversed(lines)))
    assert "… 30005 lines before, 30005 after: too long to compare\n" in render_diff([file(before, after)])
