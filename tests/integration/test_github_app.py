"""A GitHub App's tokens, from a GitHub that checks the App's signature."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from promotion.common.app_key import AppKey
from promotion.edges.github.app_tokens import AppTokens, NotInstalledError
from promotion.edges.github.github_client import GitHubClient
from promotion.errors import AccessError, PromotionError, UsageError
from support.github_apps import APP_ID, FakeApp, as_pem, make_key
from support.github_server import FakeGitHub, Fault
from support.github_state import FakeRepository
from support.guard_world import Patient

MAKE_TOKEN = "apps.create_installation_access_token"
FIND = "apps.get_user_installation"


@pytest.fixture
def fake(github: FakeGitHub) -> FakeApp:
    """Installed by acme, on all repositories."""
    github.app = FakeApp()
    github.app.install("acme", contents="write", pull_requests="write")
    return github.app


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Opened:
    """An App as a run has it, with what it has hidden so far."""

    def __init__(self, github: FakeGitHub, *, pem: str = "", app_id: str = APP_ID) -> None:
        self.hidden: list[str] = []
        self.clock = Clock()
        self.github = github
        key = AppKey(app_id=app_id, pem=pem or as_pem(make_key()))
        self.app = AppTokens(key, github.url, hide=self.hidden.append, now=self.clock)

    @property
    def requests(self) -> int:
        return len(self.github.seen)


@pytest.fixture
def opened(github: FakeGitHub, fake: FakeApp) -> Opened:
    return Opened(github)


def test_one_token_reads_all_repositories_of_an_owner(opened: Opened, fake: FakeApp) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(opened.app.reader, [f"acme/app-{number}" for number in range(200)]))
    assert opened.requests == 2
    (token,) = found
    assert (fake.of(token).names, fake.of(token).permissions) == ((), {"contents": "read"})


def test_each_owner_has_its_own(opened: Opened, fake: FakeApp) -> None:
    fake.install("umbrella", contents="read")
    tokens = [opened.app.reader(name) for name in ("acme/cats", "umbrella/charts")]
    assert [fake.of(token).owner for token in tokens] == ["acme", "umbrella"]


def test_a_token_for_one_repository_that_may_do_one_thing(opened: Opened, fake: FakeApp) -> None:
    token = fake.of(opened.app.token_for("acme/cluster-manifests", "contents: write"))
    assert (token.names, token.permissions) == (("cluster-manifests",), {"contents": "write"})
    other = fake.of(opened.app.token_for("acme/cats", "contents: write"))
    assert other.names == ("cats",)
    assert other.text != token.text


@pytest.mark.parametrize(
    ("need", "permissions"),
    [
        ("pull-requests: read", {"pull_requests": "read"}),
        ("pull-requests: write` and `contents: write", {"contents": "write", "pull_requests": "write"}),
        ("metadata: read", {"metadata": "read"}),
        ("", {"metadata": "read"}),  # GitHub would give all that the App has
    ],
)
def test_permissions_as_a_workflow_spells_them(
    opened: Opened, fake: FakeApp, need: str, permissions: dict[str, str]
) -> None:
    assert fake.of(opened.app.token_for("acme/cats", need)).permissions == permissions


def test_a_token_is_kept_and_made_anew_before_it_ends(opened: Opened, fake: FakeApp) -> None:
    def ask() -> tuple[str, str]:
        return opened.app.reader("acme/cats"), opened.app.token_for("acme/cats", "contents: write")

    first = ask()
    opened.clock.time += 54 * 60
    assert ask() == first
    opened.clock.time += 2 * 60  # four minutes before its end
    second = ask()
    assert not set(first) & set(second)
    assert [fake.of(token).permissions for token in second] == [{"contents": "read"}, {"contents": "write"}]
    assert ask() == second
    assert (opened.github.count(FIND), opened.github.count(MAKE_TOKEN)) == (1, 4)


def test_all_that_is_sent_was_hidden_before(opened: Opened) -> None:
    token = opened.app.reader("acme/cats")
    assert token in opened.hidden
    sent = [request.headers["authorization"].removeprefix("Bearer ") for request in opened.github.seen]
    assert len(sent) == 2
    assert set(sent) <= set(opened.hidden)


def test_an_owner_without_the_app(opened: Opened) -> None:
    assert opened.app.reader("umbrella/charts") == ""
    assert opened.app.token_for("umbrella/charts", "contents: read") == ""
    with pytest.raises(NotInstalledError, match="isn't installed on umbrella/charts") as caught:
        opened.app.token_for("umbrella/charts", "contents: write")
    assert "Install it there" in caught.value.fix
    assert "`contents: write`" in caught.value.fix
    assert opened.github.count(FIND) == 1


def test_a_repository_that_was_not_selected(opened: Opened, fake: FakeApp) -> None:
    fake.installations[0].names = ("cats",)
    assert opened.app.token_for("acme/dogs", "contents: read") == ""
    with pytest.raises(NotInstalledError, match="isn't installed on acme/dogs"):
        opened.app.token_for("acme/dogs", "contents: write")
    assert opened.app.token_for("acme/cats", "contents: write")


def wrong_key(github: FakeGitHub, fake: FakeApp) -> Opened:
    return Opened(github, pem=as_pem(make_key(1)))


def wrong_id(github: FakeGitHub, fake: FakeApp) -> Opened:
    return Opened(github, app_id="7654321")


def slow_clock(github: FakeGitHub, fake: FakeApp) -> Opened:
    fake.ahead = 3600.0
    return Opened(github)


def fast_clock(github: FakeGitHub, fake: FakeApp) -> Opened:
    fake.ahead = -3600.0
    return Opened(github)


def suspended(github: FakeGitHub, fake: FakeApp) -> Opened:
    fake.installations[0].is_suspended = True
    return Opened(github)


def suspended_at_this_moment(github: FakeGitHub, fake: FakeApp) -> Opened:
    github.faults.append(Fault(MAKE_TOKEN, 403, "This installation has been suspended"))
    return Opened(github)


def lacking(github: FakeGitHub, fake: FakeApp) -> Opened:
    fake.installations[0].permissions = {"metadata": "read", "contents": "read"}
    return Opened(github)


def lacking_at_this_moment(github: FakeGitHub, fake: FakeApp) -> Opened:
    said = "The permissions requested are not granted to this installation."
    github.faults.append(Fault(MAKE_TOKEN, 422, said))
    return Opened(github)


@pytest.mark.parametrize(
    ("make", "message", "fix"),
    [
        (
            wrong_key,
            "input app-id and input app-private-key .*could not be decoded",
            "a key of this App",
        ),
        (
            wrong_id,
            "input app-id and input app-private-key .*Integration not found",
            "a key of this App",
        ),
        (slow_clock, "clock .*minutes apart .*'exp'", "Set the clock"),
        (fast_clock, "clock .*minutes apart .*'exp'", "Set the clock"),
        (suspended, "App acme-promotion is suspended by acme", "unsuspend"),
        (suspended_at_this_moment, "has been suspended", "unsuspend"),
        (lacking, "acme-promotion lacks `contents: write` for acme/cats", "owner of acme accept"),
        (lacking_at_this_moment, "no token for acme/cats: .*not granted", "`contents: write`"),
    ],
)
def test_errors_that_say_what_to_do(
    github: FakeGitHub,
    fake: FakeApp,
    make: Callable[[FakeGitHub, FakeApp], Opened],
    message: str,
    fix: str,
) -> None:
    opened = make(github, fake)
    with pytest.raises(AccessError, match=message) as caught:
        opened.app.token_for("acme/cats", "contents: write")
    assert not isinstance(caught.value, NotInstalledError)
    assert fix in caught.value.fix
    check_clean(caught.value, opened)


def check_clean(error: PromotionError, opened: Opened) -> None:
    """No credential is in an error or in what led to it."""
    shown, cause = "", error
    while cause is not None:
        shown, cause = f"{shown}{cause!r}{cause}", cause.__cause__ or cause.__context__  # type: ignore[assignment]
    secrets = [*opened.hidden, *as_pem(make_key()).splitlines()[1:-1]]
    assert not [secret for secret in secrets if secret in shown]


def test_a_failure_is_asked_for_once(github: FakeGitHub, fake: FakeApp) -> None:
    opened = wrong_key(github, fake)
    for _ in range(5):
        with pytest.raises(AccessError):
            opened.app.reader("acme/cats")
    assert opened.requests == 1


@pytest.mark.parametrize("operation", [FIND, MAKE_TOKEN])
def test_a_server_that_fails_for_a_moment_is_asked_again(
    opened: Opened, github: FakeGitHub, operation: str
) -> None:
    github.faults.append(Fault(operation, 502, times=1))
    assert opened.app.reader("acme/cats")
    assert github.count(operation) == 2


def test_the_other_kind_of_pem(github: FakeGitHub, fake: FakeApp) -> None:
    opened = Opened(github, pem=as_pem(make_key(), PrivateFormat.PKCS8))
    assert opened.app.reader("acme/cats")


def test_a_key_that_is_none(github: FakeGitHub) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    lines = as_pem(make_key()).splitlines()
    for text in (pem, "\n".join([*lines[:5], *lines[7:]])):
        with pytest.raises(UsageError, match="app-private-key can't be read") as caught:
            Opened(github, pem=text)
        assert caught.value.__cause__ is None
    assert github.seen == []


def test_a_signature_is_good_for_minutes_only(opened: Opened, fake: FakeApp) -> None:
    """It is sent once, at once: nothing signed today is of use tomorrow."""
    opened.app.reader("acme/cats")
    fake.ahead = 601.0
    assert time.time() > 0
    headers = opened.github.seen[0].headers
    with pytest.raises(Exception, match="'exp'"):
        fake.check(headers)


def test_tokens_of_github_s_new_format(opened: Opened, fake: FakeApp) -> None:
    fake.make_token = lambda number: f"ghs_{APP_ID}_eyJ{'a1B2' * 120}.eyJ{number}.{'c_D-' * 20}"
    assert opened.app.reader("acme/cats").startswith(f"ghs_{APP_ID}_eyJ")


def test_all_pages_are_read_with_the_token_of_the_first(opened: Opened, fake: FakeApp) -> None:
    """GitHub's links to further pages name a repository by its number alone."""
    github = opened.github
    shop = github.add(FakeRepository("acme/shop"))
    shop.commit("main", "Start")
    for _ in range(250):
        shop.open_pull("main", "main")
    session = GitHubClient(github.url, opened.app.token_for)
    found = [pull for page in session.pages("/repos/acme/shop/pulls", "pull-requests: read") for pull in page]
    assert len(found) == 250
    asked = [request for request in github.seen if request.operation == "pulls.list"]
    assert [request.path.partition("?")[0] for request in asked[1:]] == [
        f"/repositories/{shop.identifier}/pulls"
    ] * 2
    (token,) = {request.headers["authorization"] for request in asked}
    assert fake.of(token.removeprefix("token ")).names == ("shop",)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_token_that_not_all_of_github_knows_yet(opened: Opened, times: int) -> None:
    github = opened.github
    github.add(FakeRepository("acme/shop"))
    github.faults.append(Fault("repos.get", 401, "Bad credentials", times=times))
    session = Patient(github.url, opened.app.token_for)
    if times < 3:
        assert session.get("/repos/acme/shop", "metadata: read")["full_name"] == "acme/shop"
    else:
        with pytest.raises(AccessError, match="doesn't take the token"):
            session.get("/repos/acme/shop", "metadata: read")
    assert github.count("repos.get") == min(times + 1, 3)


def test_another_token_that_github_doesn_t_know_is_asked_with_once(github: FakeGitHub) -> None:
    github.faults.append(Fault("repos.get", 401, "Bad credentials"))
    with pytest.raises(AccessError, match="doesn't take the token"):
        Patient(github.url, "ghp_of_a_person").get("/repos/acme/shop", "metadata: read")
    assert github.count("repos.get") == 1


def test_github_enterprise_server() -> None:
    with FakeGitHub(prefix="/api/v3") as github:
        fake = github.app = FakeApp()
        fake.install("acme", contents="read")
        github.add(FakeRepository("acme/shop"))
        opened = Opened(github)
        assert opened.app.reader("acme/cats")
        session = GitHubClient(github.url, opened.app.token_for)
        assert session.get("/repos/acme/shop", "metadata: read")["full_name"] == "acme/shop"
        assert fake.issued[-1].names == ("shop",)
    assert not github.violations
