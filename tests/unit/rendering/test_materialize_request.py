import pytest

from promotion.commands.materialize.inputs import MATERIALIZE
from promotion.common.event import Event, NothingToDo
from promotion.common.settings import Settings
from promotion.errors import UsageError
from promotion.rendering.materialize_request import Request, read_request
from promotion.rendering.sources.git_source import GitSource

PUSH = Event(
    name="push",
    ref="refs/heads/dev",
    repository="acme/cat-application",
    payload={"ref": "refs/heads/dev"},
)


def request(event: Event = PUSH, **inputs: str) -> Request:
    values = {name.replace("_", "-"): value for name, value in inputs.items()}
    outcome = read_request(Settings(MATERIALIZE, {"manifest-repository": "acme/manifests", **values}), event)
    assert isinstance(outcome, Request)
    return outcome


def test_everything_follows_the_environment() -> None:
    result = request(hld_repository="acme/hld")
    assert (result.environment, result.hld_ref, result.configs) == ("dev", "dev", ("dev",))
    assert (result.manifest_branch, result.manifest_path, result.hld_path) == ("dev", ".", ".")
    assert not (result.adopt or result.dry_run or result.hooks_allowed)


def test_the_hld_is_this_repository_by_default() -> None:
    assert request().hld_repository == "acme/cat-application"


def test_a_mapped_branch_of_the_hld_itself_is_the_hlds_ref() -> None:
    event = Event(
        name="push", ref="refs/heads/main", repository="acme/hld", payload={"ref": "refs/heads/main"}
    )
    result = request(event, environments="main=dev, prod")
    assert (result.environment, result.hld_ref, result.manifest_branch) == ("dev", "main", "dev")


def test_a_mapped_branch_of_an_application_is_not() -> None:
    event = Event(
        name="push", ref="refs/heads/main", repository="acme/cat", payload={"ref": "refs/heads/main"}
    )
    assert request(event, environments="main=dev", hld_repository="acme/hld").hld_ref == "dev"


def test_a_whole_commit_id_is_a_version_and_anything_else_a_branch() -> None:
    commit = "0123456789" * 4
    assert request(hld_ref=commit).hld == GitSource(url="acme/cat-application", version=commit)
    assert request(hld_ref="v1").hld == GitSource(url="acme/cat-application", branch="v1")


def test_a_push_to_another_branch_asks_for_nothing() -> None:
    event = Event(name="push", ref="refs/heads/topic", payload={"ref": "refs/heads/topic"})
    assert isinstance(read_request(Settings(MATERIALIZE, {"manifest-repository": "a/b"}), event), NothingToDo)


def test_the_manifest_repository_is_required() -> None:
    with pytest.raises(UsageError, match="manifest-repository is missing"):
        read_request(Settings(MATERIALIZE, {}), PUSH)


def test_without_event_and_input_the_hld_is_missing() -> None:
    with pytest.raises(UsageError, match="hld-repository is missing"):
        read_request(Settings(MATERIALIZE, {"environment": "dev"}), Event())


def test_full_refs_are_taken_for_their_names() -> None:
    result = request(manifest_branch="refs/heads/dev", hld_ref="refs/heads/main")
    assert (result.manifest_branch, result.hld_ref) == ("dev", "main")


@pytest.mark.parametrize("ref", ["HEAD", "refs/tags/v1", "refs/pull/3/merge"])
def test_what_is_no_branch_is_no_manifest_branch(ref: str) -> None:
    with pytest.raises(UsageError, match="manifest-branch"):
        request(manifest_branch=ref)
