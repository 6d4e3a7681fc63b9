"""GitHub's API when it is slow, limited, down or closed to the token; and the sticky comment."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from github.Requester import Requester

from promotion.commands.guard.enforcement import enforce_rules
from promotion.commands.guard.inputs import GuardRequest
from promotion.commands.guard.report import MARKER
from promotion.common.backoff import Backoff
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.edges.github.github_client import API_VERSION
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import AccessError, PromotionError, RateLimitError, SourceError
from support.github_events import pull_event
from support.github_server import FakeGitHub, Fault
from support.github_state import FakeComment
from support.guard_world import TODAY, TOKEN, Patient, World, make_world


class TestTrouble:
    def test_a_server_error_is_tried_again(self, world: World) -> None:
        world.github.faults.append(Fault("pulls.get", 502, times=2))
        assert world.ask_pull(world.shop.open_pull("dev", "stage")).allowed
        assert world.github.count("pulls.get") == 3

    def test_an_api_that_stays_down_is_a_no(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        world.github.faults.append(Fault("*", 503, "Service Unavailable"))
        decision = world.ask_pull(pull)
        assert (decision.reason, decision.outcome) == (Reason.API_UNAVAILABLE, "error")
        assert "GitHub answered 503" in decision.message
        assert decision.target == "stage"

    def test_an_api_that_is_not_there_is_a_no(self, world: World) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        session = Patient(address, TOKEN, backoff=Backoff(attempts=2))
        payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"))
        request = GuardRequest(event_name="pull_request", payload=payload, today=TODAY)
        decision = enforce_rules(request, RepositoryApi(session, "acme/shop"), world.merge)
        assert decision.reason is Reason.API_UNAVAILABLE
        assert "doesn't answer" in decision.message

    def test_an_answer_that_is_not_json_is_a_no(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("support.github_server._text", lambda data: "<html>Unicorn!</html>")
        request = GuardRequest(event_name="workflow_dispatch", payload={}, today=TODAY)
        assert enforce_rules(request, world.api(), world.merge).reason is Reason.API_UNAVAILABLE

    @pytest.mark.parametrize("status", [403, 429])
    def test_a_secondary_rate_limit_is_waited_for(self, world: World, status: int) -> None:
        message = "You have exceeded a secondary rate limit."
        world.github.faults.append(Fault("pulls.get", status, message, {"Retry-After": "1"}, times=1))
        started = time.monotonic()
        assert world.ask_pull(world.shop.open_pull("dev", "stage")).allowed
        assert time.monotonic() - started >= 1

    @pytest.mark.parametrize(
        "headers",
        [{"Retry-After": "3600"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4000000000"}],
    )
    def test_a_limit_that_lasts_long_is_not_waited_for(self, world: World, headers: dict[str, str]) -> None:
        fault = Fault("pulls.get", 403, "API rate limit exceeded for installation", headers)
        world.github.faults.append(fault)
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert (decision.reason, decision.allowed) == (Reason.RATE_LIMITED, False)
        assert world.github.count("pulls.get") == 1

    def test_all_waits_together_are_no_longer_than_one_may_be(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without `Retry-After` GitHub asks for a minute, before each attempt."""
        monkeypatch.setattr("promotion.edges.github.github_client.SECONDARY_WAIT", 1.0)
        world.github.faults.append(Fault("pulls.get", 403, "You have exceeded a secondary rate limit."))
        api = world.api(backoff=Backoff(attempts=5, longest_asked=2))
        started = time.monotonic()
        with pytest.raises(RateLimitError, match="asks to wait 1 s, after 2 s of waiting"):
            api.pull(1)
        assert 2 <= time.monotonic() - started < 3
        assert world.github.count("pulls.get") == 3
        with pytest.raises(RateLimitError):
            api.pull(1)
        assert world.github.count("pulls.get") == 4

    def test_who_has_no_minute_does_not_wait_at_all(self, world: World) -> None:
        world.github.faults.append(Fault("pulls.get", 403, "You have exceeded a secondary rate limit."))
        with pytest.raises(RateLimitError):
            world.api(backoff=Backoff(attempts=5, longest_asked=2)).pull(1)
        assert world.github.count("pulls.get") == 1

    def test_waiting_ends(self, world: World) -> None:
        message = "You have exceeded a secondary rate limit."
        world.github.faults.append(Fault("pulls.get", 403, message, {"Retry-After": "0"}))
        assert world.ask_pull(world.shop.open_pull("dev", "stage")).reason is Reason.RATE_LIMITED
        assert world.github.count("pulls.get") == 3

    def test_a_comment_is_not_written_twice_after_an_error(self, world: World) -> None:
        world.github.faults.append(Fault("issues.create_comment", 502))
        with pytest.raises(SourceError):
            world.api().add_comment(1, "Hello")
        assert world.github.count("issues.create_comment") == 1

    def test_a_comment_is_sent_again_after_a_rate_limit(self, world: World) -> None:
        fault = Fault("issues.create_comment", 403, "secondary rate limit", {"Retry-After": "0"}, times=1)
        world.github.faults.append(fault)
        world.api().add_comment(1, "Hello")
        assert len(world.shop.comments) == 1

    def test_a_next_page_elsewhere_is_not_fetched(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere = {"link": '<https://evil.example.com/repos/acme/shop?page=2>; rel="next"'}
        session = Patient(world.github.url, TOKEN, backoff=Backoff(attempts=1))
        monkeypatch.setattr(
            session._requester, "requestJsonAndCheck", _answer_first(session._requester, elsewhere)
        )
        with pytest.raises(SourceError, match="isn't GitHub's"):
            list(session.pages("/repos/acme/shop/branches", "contents: read"))


def _answer_first(requester: Requester, headers: dict[str, str]) -> Callable[..., Any]:
    """The first request gets an empty page with these headers; PyGithub does the others."""
    send, seen = requester.requestJsonAndCheck, list[str]()

    def answer(verb: str, path: str, **options: Any) -> Any:
        seen.append(path)
        return (headers, []) if len(seen) == 1 else send(verb, path, **options)

    return answer


class TestPermissions:
    @pytest.mark.parametrize(
        ("operation", "permission"),
        [
            ("pulls.get", "pull-requests: read"),
            ("git.get_ref", "contents: read"),
            ("repos.get_content", "contents: read"),
        ],
    )
    def test_a_missing_one_is_named(self, world: World, operation: str, permission: str) -> None:
        world.github.deny(operation)
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert decision.reason is Reason.MISSING_PERMISSION
        assert f"`{permission}`" in decision.fix

    def test_github_itself_knows_best_which(self, world: World) -> None:
        headers = {"X-Accepted-GitHub-Permissions": "pull_requests=read"}
        world.github.faults.append(Fault("pulls.get", 403, "Resource not accessible", headers))
        assert "`pull-requests: read`" in world.ask_pull(world.shop.open_pull("dev", "stage")).fix

    def test_rules_that_are_hidden_are_not_taken_for_the_default_rules(self, world: World) -> None:
        world.github.faults.append(Fault("repos.get_content", 404, "Not Found"))
        world.github.faults.append(Fault("git.get_commit", 404, "Not Found"))
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert decision.reason is Reason.MISSING_PERMISSION

    def test_a_token_that_is_refused(self, world: World) -> None:
        world.github.faults.append(Fault("*", 401, "Bad credentials"))
        decision = world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert (decision.reason, decision.outcome) == (Reason.TOKEN_REFUSED, "error")
        assert "Check input token" in decision.fix


class TestRequests:
    def test_carry_the_token_and_the_version(self, world: World) -> None:
        world.ask_pull(world.shop.open_pull("dev", "stage"))
        assert {request.headers["authorization"] for request in world.github.seen} == {f"token {TOKEN}"}
        assert {request.headers["x-github-api-version"] for request in world.github.seen} == {API_VERSION}

    def test_work_on_enterprise_server(self) -> None:
        with FakeGitHub("/api/v3") as server:
            world = make_world(server)
            for number in range(150):
                world.shop.branches[f"hotfix/{number}"] = world.shop.commit("main", str(number))
            before = world.shop.branches["stage"]
            assert len(world.api().compare(before, world.shop.branches["main"]).commits) == 150
            assert world.ask_pull(world.shop.open_pull("dev", "stage")).allowed
        assert not server.violations

    def test_the_changed_files_of_a_promotion_are_not_fetched(self, world: World) -> None:
        tip, old = world.shop.branches["dev"], world.shop.branches["main"]
        assert world.api().contains(tip, old)
        # Up to 300 files with their contents come with the first page, and with that alone.
        assert "page=2" in world.github.seen[-1].path.partition("?")[2].split("&")

    def test_names_of_branches_are_quoted(self, world: World) -> None:
        hostile = "dev?ref=x#y%2F..&a=b;c'd\"e`f<g>@h|i"
        world.shop.branches[hostile] = world.shop.branches["dev"]
        assert world.api().tip(hostile) == world.shop.branches["dev"]
        assert (world.api().branch(hostile) or {})["name"] == hostile
        assert world.api().branch_rules(hostile) == []

    def test_errors_and_logs_never_hold_the_token(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for fault in (Fault("*", 500), Fault("*", 403), Fault("*", 401), Fault("*", 429)):
            world.github.faults = [fault]
            with pytest.raises(PromotionError) as caught:
                world.api(backoff=Backoff(attempts=1)).pull(1)
            texts = [str(caught.value), repr(vars(caught.value)), repr(caught.value.__cause__)]
            assert caught.value.__suppress_context__
            assert not any(TOKEN in text for text in texts)
        assert TOKEN not in caplog.text

    def test_too_many_pages_are_an_error_and_not_half_an_answer(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("promotion.edges.github.github_client._MOST_PAGES", 2)
        for number in range(201):
            world.shop.comments.append(FakeComment(number, 1, "Hello", "ada", "User"))
        with pytest.raises(SourceError, match="more than 200 entries"):
            world.api().comments(1)


class TestComment:
    def ask(self, world: World, **inputs: str) -> Decision:
        if not world.shop.pulls:
            world.shop.open_pull("dev", "prod")
        return world.ask_pull(world.shop.pulls[1], **inputs)

    def test_only_when_asked(self, world: World) -> None:
        self.ask(world)
        assert not world.shop.comments

    def test_one_that_is_updated_in_place(self, world: World) -> None:
        self.ask(world, comment="failures")
        (comment,) = world.shop.comments
        assert comment.body.startswith(MARKER)
        assert "`stage`" in comment.body
        self.ask(world, comment="failures")
        assert world.github.count("issues.update_comment") == 0  # nothing new to say
        self.ask(world, comment="failures", rules="prod: dev")
        (updated,) = world.shop.comments
        assert "allowed ✅" in updated.body

    def test_failures_only_or_always(self, world: World) -> None:
        self.ask(world, comment="failures", rules="prod: dev")
        assert not world.shop.comments
        self.ask(world, comment="always", rules="prod: dev")
        assert len(world.shop.comments) == 1

    def test_is_found_behind_many_others(self, world: World) -> None:
        world.shop.comments += [FakeComment(number, 1, "Hm", "ada", "User") for number in range(120)]
        self.ask(world, comment="always")
        self.ask(world, comment="always", rules="prod: dev")
        assert len(world.shop.comments) == 121

    @pytest.mark.parametrize(
        ("login", "kind", "body"),
        [
            ("mallory", "User", f"{MARKER} mine now"),  # another author
            ("github-actions[bot]", "Bot", f"> {MARKER} quoted"),  # our bot, quoting
        ],
    )
    def test_others_are_left_alone(self, world: World, login: str, kind: str, body: str) -> None:
        world.shop.comments.append(FakeComment(1, 1, body, login, kind))
        self.ask(world, comment="always")
        assert world.shop.comments[0].body == body
        assert len(world.shop.comments) == 2

    def test_of_a_user_is_found_by_the_login(self, world: World) -> None:
        world.github.faults.clear()
        world.github.login = "release-manager"
        world.shop.comments.append(FakeComment(1, 1, MARKER, "somebody[bot]", "Bot"))
        self.ask(world, comment="always")
        self.ask(world, comment="always", rules="prod: dev")
        assert [comment.login for comment in world.shop.comments] == ["somebody[bot]", "release-manager"]

    def test_a_read_only_token_leaves_a_notice_and_the_same_decision(self, world: World) -> None:
        world.github.deny("issues.create_comment")
        decision = self.ask(world, comment="always")
        assert decision.reason is Reason.SOURCE_NOT_ALLOWED
        assert "`pull-requests: write`" in decision.notices[-1]

    def test_an_old_run_does_not_overwrite_what_the_newer_says(self, world: World) -> None:
        pull = world.shop.open_pull("dev", "stage")
        old = pull_event(world.shop, pull)
        world.shop.commit("dev")
        world.shop.synchronize(pull)
        world.ask("pull_request", old, comment="always")
        assert not world.shop.comments


def test_errors_tell_apart_what_to_do() -> None:
    assert issubclass(RateLimitError, SourceError)
    assert not issubclass(RateLimitError, AccessError)
