"""The line of what a branch was at."""

from __future__ import annotations

from promotion.common.commit_history import CommitHistory, PastCommit


def test_the_line_follows_first_parents() -> None:
    commits = [
        PastCommit(id="merge", time=4, parents=("b", "side")),
        PastCommit(id="b", time=3, parents=("a",)),
        PastCommit(id="side", time=2, parents=("a",)),
        PastCommit(id="a", time=1, message="First\n\nand more"),
    ]
    history = CommitHistory(tip="merge", commits={commit.id: commit for commit in commits})
    assert [commit.id for commit in history.line] == ["merge", "b", "a"]
    assert history.line[-1].subject == "First"


def test_a_history_that_is_cut_off_or_runs_in_a_circle_ends() -> None:
    cut = CommitHistory(tip="b", commits={"b": PastCommit(id="b", time=1, parents=("a",))})
    assert [commit.id for commit in cut.line] == ["b"]
    circle = {
        "a": PastCommit(id="a", time=1, parents=("b",)),
        "b": PastCommit(id="b", time=1, parents=("a",)),
    }
    assert len(CommitHistory(tip="a", commits=circle).line) == 2
    assert CommitHistory().line == ()
