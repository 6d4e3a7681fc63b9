import io
import json
from pathlib import Path

import pytest

from promotion.common.redaction import Redactor
from promotion.edges.actions_runner import Runner, read_event
from promotion.errors import Location, PromotionError, UsageError


def run(environment: dict[str, str], secrets: tuple[str, ...] = ()) -> tuple[Runner, io.StringIO]:
    stream = io.StringIO()
    return Runner(environment, stream, Redactor(secrets)), stream


@pytest.mark.parametrize(
    "here", ["https://github.com/acme/cat@dev", "https://github.com/Acme/cat.git", "acme/cat"]
)
def test_an_error_in_the_triggering_repository_is_annotated_at_its_line(here: str) -> None:
    runner, stream = run({"GITHUB_REPOSITORY": "acme/cat", "GITHUB_SERVER_URL": "https://github.com"})
    where = Location("hld/component.yaml", 3, 7, here)
    runner.error(PromotionError("no good", where=where))
    assert stream.getvalue().startswith("::error file=hld/component.yaml,line=3,col=7::")


@pytest.mark.parametrize("elsewhere", ["https://github.com/acme/cat-2", "https://evil.example/acme/cat", ""])
def test_an_error_elsewhere_has_its_place_in_the_text_only(elsewhere: str) -> None:
    runner, stream = run({"GITHUB_REPOSITORY": "acme/cat"})
    runner.error(PromotionError("no good", where=Location("component.yaml", 3, 7, elsewhere)))
    assert stream.getvalue().startswith("::error::component.yaml:3:7")


def test_a_message_can_not_start_another_command() -> None:
    runner, stream = run({})
    runner.warning("50%\n::set-output name=x::y\r")
    assert stream.getvalue() == "::warning::50%25%0A::set-output name=x::y%0A\n"


def test_a_warning_says_its_place_which_is_annotated_where_it_is_ours() -> None:
    runner, stream = run({"GITHUB_REPOSITORY": "acme/shop"})
    runner.warning("look", Location("a.yaml", 2, 3, "https://github.com/acme/shop"))
    runner.warning("look", Location("a.yaml", 2, repository="https://git.test/other"))
    ours, other = stream.getvalue().splitlines()
    assert ours == "::warning file=a.yaml,line=2,col=3::a.yaml:2:3 in https://github.com/acme/shop: look"
    assert other == "::warning::a.yaml:2 in https://git.test/other: look"


def test_log_lines_are_no_commands() -> None:
    runner, stream = run({})
    runner.info("::add-mask::a\n  ::error::b\n\u00a0::error::c\n##[error]d")
    assert [line for line in stream.getvalue().splitlines() if line.strip().startswith("::")] == []
    assert "##[" not in stream.getvalue()


def test_secrets_are_masked_in_every_text() -> None:
    runner, stream = run({}, ("s3cret-token",))
    runner.info("s3cret-token")
    runner.error(PromotionError("s3cret-token"))
    with runner.group("s3cret-token"):
        pass
    assert "s3cret-token" not in stream.getvalue()


def test_each_line_of_a_key_gets_its_mask() -> None:
    runner, stream = run({})
    runner.mask("line-one\nline-two")
    assert "::add-mask::line-one\n" in stream.getvalue()
    assert "::add-mask::line-two\n" in stream.getvalue()


def test_an_output_can_not_set_another(tmp_path: Path) -> None:
    file = tmp_path / "output"
    runner, _ = run({"GITHUB_OUTPUT": str(file)})
    runner.output("commit", "abc\nchanged=true")
    first, *_, last = file.read_text().splitlines()
    assert first == f"commit<<{last}"


def test_summaries_are_added(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    runner, _ = run({"GITHUB_STEP_SUMMARY": str(file)})
    runner.summary("# one")
    runner.summary("two")
    assert file.read_text() == "# one\ntwo\n"


def test_the_event_is_read_from_the_runners_file(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"ref": "refs/heads/dev"}))
    environment = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": "acme/cat",
        "GITHUB_RUN_ID": "7",
    }
    event = read_event(environment)
    assert event.branch == "dev"
    assert event.run_url == "https://github.com/acme/cat/actions/runs/7"


@pytest.mark.parametrize(
    "content", ["", "[]", "{", 5000 * "[", '{"a": ' + 5000 * "9" + "}"], ids=lambda text: text[:9]
)
def test_a_damaged_event_file_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"event\.json"):
        read_event({"GITHUB_EVENT_PATH": str(file)})
