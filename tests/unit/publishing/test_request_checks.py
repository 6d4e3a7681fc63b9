from dataclasses import replace

import pytest

from promotion.commands.materialize.inputs import MATERIALIZE
from promotion.common.event import Event
from promotion.common.settings import Settings
from promotion.errors import SourceError, UsageError
from promotion.publishing.request_checks import check_request
from promotion.rendering.materialize_request import Request, read_request


def address(repository: str) -> str:
    if repository.count("/") == 0:
        raise SourceError(f"the address {repository!r} is no address", fix="Write `owner/name`.")
    return repository if repository[0] in "./" else f"https://github.com/{repository}.git"


@pytest.fixture
def request_() -> Request:
    values = {
        "environment": "dev",
        "hld-repository": "acme/hld",
        "manifest-repository": "acme/manifests",
    }
    outcome = read_request(Settings(MATERIALIZE, values), Event())
    assert isinstance(outcome, Request)
    return outcome


def test_a_request_that_can_be_meant_passes(request_: Request) -> None:
    check_request(request_, address)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("commit_message", "{nonsense}", "commit-message"),
        ("commit_author", "nobody", "commit-author"),
        ("hld_path", "../elsewhere", "hld-path"),
        ("manifest_path", "/etc", "manifest-path"),
        ("hld_repository", "hld", "input hld-repository: the address 'hld'"),
        ("manifest_repository", "manifests", "input manifest-repository: the address 'manifests'"),
        ("manifest_repository", "./manifests", "manifest-repository is a path on this machine"),
        ("manifest_repository", "acme/hld", "into the HLD itself"),
    ],
)
def test_the_input_at_fault_is_named(request_: Request, field: str, value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_request(replace(request_, **{field: value}), address)


def test_manifests_may_lie_in_another_folder_or_branch_of_the_hlds_repository(request_: Request) -> None:
    same = replace(request_, manifest_repository="acme/hld")
    check_request(replace(same, manifest_path="manifests"), address)
    check_request(replace(same, manifest_branch="manifests-dev"), address)
