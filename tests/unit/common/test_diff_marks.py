"""What each line of a difference is."""

from __future__ import annotations

from promotion.common.diff_marks import mark_lines

DIFF = """\
--- a/shop.yaml
+++ b/shop.yaml
@@ ConfigMap shop @@
 data:
-  x: "1"
+  x: "2"
--- a removed line that begins with two dashes
+++ an added one
@@ ConfigMap other @@
… 9000 lines before, 9000 after: too long to compare
"""


def test_each_line_is_marked_and_names_of_files_are_told_from_changes() -> None:
    marks = [mark for mark, _ in mark_lines(DIFF.replace("@@ ConfigMap other @@\n", ""))]
    assert marks == ["file", "file", "hunk", "", "removed", "added", "removed", "added", ""]


def test_no_line_is_lost() -> None:
    assert "\n".join(line for _, line in mark_lines(DIFF)) + "\n" == DIFF
    assert list(mark_lines("")) == [("", "")]
