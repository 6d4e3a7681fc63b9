from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from promotion.commands.materialize.inputs import MATERIALIZE
from promotion.common.commit_history import PastCommit
from promotion.common.event import Event
from promotion.common.settings import Settings
from promotion.edges.git.remotes import check_ref
from promotion.publishing.pull_request.head_branch import head_branch, is_ours, name_base
from promotion.rendering.materialize_request import Request, read_request

FLAGS = {"environment": "dev", "hld-repository": "acme/hld", "manifest-repository": "acme/manifests"}
REQUEST = read_request(Settings(MATERIALIZE, FLAGS), Event())
BASE = "a" * 40
names = st.text(st.sampled_from("dev/-_.~ ä^:"), min_size=1, max_size=8)


def request(environment: str = "dev", branch: str = "", folder: str = ".") -> Request:
    assert isinstance(REQUEST, Request)
    return replace(
        REQUEST, environment=environment, manifest_branch=branch or environment, manifest_path=folder
    )


def test_an_environment_has_a_plain_name() -> None:
    assert head_branch(request()) == "promotion/dev"


def test_folders_and_other_branches_are_folded_in() -> None:
    assert head_branch(request(folder="clusters/east")).startswith("promotion/dev-clusters-east-")
    assert head_branch(request(branch="live")).startswith("promotion/dev-live-")


@given(names, names, names, names)
def test_different_targets_have_different_names_that_git_takes(a: str, b: str, c: str, d: str) -> None:
    one, other = request(a, b), request(c, d)
    assert check_ref(head_branch(one)) == head_branch(one)
    assert (head_branch(one) == head_branch(other)) == ((a, b) == (c, d))
    assert head_branch(one).count("/") == 1, "no name lies below another one"


@given(st.text(), st.text())
def test_a_commit_is_ours_if_it_names_its_parent(summary: str, rest: str) -> None:
    message = name_base(f"{summary}\n\n{rest}", BASE)
    assert is_ours(PastCommit(id="b" * 40, time=0, message=message, parents=(BASE,)))
    assert not is_ours(PastCommit(id="b" * 40, time=0, message=message, parents=("c" * 40,)))
    assert not is_ours(PastCommit(id="b" * 40, time=0, message=message, parents=(BASE, "c" * 40)))
    assert not is_ours(PastCommit(id="b" * 40, time=0, message=f"{message}\nMore", parents=(BASE,)))


def test_the_base_stands_among_the_trailers() -> None:
    message = name_base("dev: cat\n\nHLD-Commit: x\nTriggered-By: y\n", BASE)
    assert message == f"dev: cat\n\nHLD-Commit: x\nTriggered-By: y\nPromotion-Base: {BASE}\n"
    assert name_base("dev: cat\n", BASE) == f"dev: cat\n\nPromotion-Base: {BASE}\n"
