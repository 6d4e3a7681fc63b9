"""What GitHub refuses: its own sentence, and what helps there, in a workflow and in a terminal."""

from __future__ import annotations

import pytest

from promotion.common.phrases import spell_for_terminal
from promotion.common.sticky_comment import update_sticky_comment
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import AccessError, ForbiddenError
from support.github_sentences import SENTENCES
from support.github_server import Fault
from support.guard_world import World

MARKER = "<!-- promotion-guard -->"


def refuse(world: World, operation: str, message: str, **headers: str) -> RepositoryApi:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    world.github.faults.append(Fault(operation, 403, message, named))
    return world.api()


@pytest.mark.parametrize(("said", "way"), SENTENCES.items())
def test_a_barrier_is_told_in_githubs_words_and_not_taken_for_a_missing_right(
    world: World, said: str, way: str
) -> None:
    with pytest.raises(ForbiddenError) as caught:
        refuse(world, "git.get_ref", said, X_Accepted_GitHub_Permissions="contents=read").tip("dev")
    assert said.rstrip(".") in caught.value.what
    for spelled in (str(caught.value.fix), spell_for_terminal(caught.value.fix)):
        assert "permissions:" not in spelled
        assert "contents: read" not in spelled


@pytest.mark.parametrize("said", ["Repository access blocked", "DMCA takedown", ""])
def test_what_was_taken_down_is_no_trouble_of_github_s_servers(world: World, said: str) -> None:
    world.github.faults.append(Fault("git.get_ref", 451, said))
    with pytest.raises(ForbiddenError) as caught:
        world.api().tip("dev")
    assert "closed the repository to everybody" in caught.value.fix


def test_single_sign_on_is_known_by_its_header_and_its_link_is_for_a_terminal(world: World) -> None:
    link = "https://github.com/orgs/acme/sso?authorization_request=A1B2"
    with pytest.raises(ForbiddenError) as caught:
        refuse(world, "git.get_ref", "Forbidden", X_GitHub_SSO=f"required; url={link}").tip("dev")
    assert "Configure SSO" in caught.value.fix
    assert link not in caught.value.fix
    assert link in spell_for_terminal(caught.value.fix)


@pytest.mark.parametrize(
    ("said", "workflow", "terminal"),
    [
        ("Resource not accessible by integration", "the job's `permissions:`", "GITHUB_TOKEN needs"),
        (
            "Resource not accessible by personal access token",
            "Personal access tokens",
            "Personal access tokens",
        ),
    ],
)
def test_a_missing_right_is_given_where_the_kind_of_token_has_it(
    world: World, said: str, workflow: str, terminal: str
) -> None:
    with pytest.raises(AccessError) as caught:
        refuse(world, "git.get_ref", said).tip("dev")
    assert workflow in caught.value.fix
    assert "`contents: read`" in caught.value.fix
    assert terminal in spell_for_terminal(caught.value.fix)
    assert "permissions:" not in spell_for_terminal(caught.value.fix)


def test_a_locked_conversation_is_told_as_such(world: World) -> None:
    number = world.shop.open_pull("dev", "stage").number
    api = refuse(world, "issues.create_comment", "Unable to create comment because issue is locked.")
    left = update_sticky_comment(number, MARKER, f"{MARKER} no", api)
    assert "issue is locked" in left.problem
    assert "Unlock the conversation" in left.problem
    assert "permissions:" not in left.problem


def test_the_comment_of_another_app_is_told_as_such(world: World) -> None:
    number = world.shop.open_pull("dev", "stage").number
    api = refuse(world, "issues.update_comment", "Resource not accessible by integration")
    world.github.deny("users.get_authenticated")
    api.add_comment(number, f"{MARKER} theirs")
    (comment,) = api.comments(number)
    assert isinstance(comment["user"], dict)
    left = update_sticky_comment(number, MARKER, f"{MARKER} ours", api)
    assert f"{comment['user']['login']} is another App than this token's" in left.problem
    assert str(comment["html_url"]) in left.problem
