"""Exit codes and messages of the command line."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from promotion.cli import command_process
from promotion.cli import main as cli
from promotion.cli.arguments import read_arguments
from promotion.cli.catalog import COMMANDS
from promotion.commands.materialize.inputs import MATERIALIZE
from promotion.commands.render import command as render
from promotion.edges.cancellation import SIGNALS
from promotion.wiring import definition_run
from promotion.wiring.runtime import Runtime, given_flags
from support.charts import write_chart
from support.repositories import Repository


@pytest.fixture(autouse=True)
def _outside_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)


def make_hld(folder: Path) -> Path:
    (folder / "manifests").mkdir(parents=True)
    (folder / "component.yaml").write_text("name: shop\ntype: static\npath: manifests\n")
    (folder / "manifests/shop.yaml").write_text("kind: ConfigMap\n")
    return folder


def test_render_writes_the_tree(tmp_path: Path) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    assert cli.main(["render", str(hld), str(out), "prod"]) == 0
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "shop.yaml": "---\nkind: ConfigMap\n\n"
    }


def test_configs_may_stand_behind_a_flag(tmp_path: Path) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    (hld / "component.yaml").write_text("name: shop\ntype: helm\npath: chart\n")
    write_chart(hld / "chart", "shop")
    (hld / "config").mkdir()
    (hld / "config/prod.yaml").write_text("config: {a: [")
    assert cli.main(["render", str(hld), str(out)]) == 0
    assert cli.main(["render", str(hld), str(out), "--replace", "prod"]) == 1


def test_render_validates_when_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    assert cli.main(["render", str(hld), str(out)]) == 0
    assert "warning" not in capsys.readouterr().err
    assert cli.main(["render", str(hld), str(out), "--replace", "--validate", "warn"]) == 0
    said = capsys.readouterr().err
    assert "component shop: ConfigMap: apiVersion is missing (line 1 of manifests/shop.yaml)" in said
    assert cli.main(["render", str(hld), str(tmp_path / "none"), "--validate", "fail"]) == 1
    assert not (tmp_path / "none").exists()
    words = ["render", str(hld), str(tmp_path / "none"), "--kubernetes-version", "latest"]
    assert cli.main(words) == 2


def test_a_list_may_be_given_in_several_flags() -> None:
    words = ["materialize", "--configs", "prod", "--configs", "east,azure"]
    assert given_flags(read_arguments(words), MATERIALIZE)["configs"] == "prod,east,azure"


def test_a_word_too_many_is_code_2() -> None:
    for words in (["materialize", "dev"], ["render", "hld", "out", "--no-such-flag", "prod"]):
        assert cli.main(words) == 2


def test_a_faulty_definition_is_code_1_with_file_line_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    (hld / "component.yaml").write_text("name: shop\ntype: kustomize\n")
    assert cli.main(["render", str(hld), str(out)]) == 1
    message = capsys.readouterr().err
    assert "\nerror: component.yaml:1" in message
    assert "kustomize" in message
    assert not out.exists()


def test_a_folder_of_manifests_that_leads_out_is_an_error_of_the_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hld = tmp_path / "hld"
    hld.mkdir()
    (hld / "component.yaml").write_text("name: x\nsubcomponents:\n- {name: shop, type: static, path: out}\n")
    (hld / "out").symlink_to(tmp_path)
    assert cli.main(["render", str(hld), str(tmp_path / "out")]) == 1
    assert "error: component.yaml:3:3: component shop: 'out' leads out" in capsys.readouterr().err


def test_an_output_that_holds_files_is_code_2_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")
    assert cli.main(["render", str(hld), str(out)]) == 2
    assert "isn't empty" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_replace_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    hld, out = make_hld(tmp_path / "hld"), tmp_path / "out"
    out.mkdir()
    (out / "old").write_text("gone")
    assert cli.main(["render", str(hld), str(out), "--replace"]) == 0
    assert [path.name for path in out.iterdir()] == ["shop.yaml"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_replace_never_deletes_the_definition_or_a_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hld = make_hld(tmp_path / "parent/hld")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    for out in (hld, tmp_path / "parent", repository):
        assert cli.main(["render", str(hld), str(out), "--replace"]) == 2
        assert "would be deleted" in capsys.readouterr().err
    assert (hld / "component.yaml").exists()
    assert (repository / ".git").exists()


def test_a_missing_input_is_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["materialize", "--environment", "dev"]) == 2
    assert "hld-repository is missing" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_any_input_says_what_is_missing(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "INPUT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert cli.main([command]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-command"], "there is no command 'no-such-command'. There are render, compare, "),
        (["matrialize"], "there is no command 'matrialize'. Did you mean `promotion materialize`?"),
        (
            ["--environment", "dev", "status"],
            "--environment stands before the command. Write `promotion status",
        ),
        (["render"], "`promotion render` lacks HLD, OUTPUT. Write `promotion render HLD OUTPUT [CONFIG ...]"),
        (
            ["init", "aplication"],
            "'aplication' isn't application or hld or manifests. Did you mean",
        ),
        (["guard", "adit"], "'adit' isn't audit. Did you mean audit?"),
        (["materialize", "dev"], "takes no word 'dev' here. Inputs are flags: `--environment dev`?"),
        (["materialize", "--enviroment", "dev"], "has no --enviroment. Did you mean --environment?"),
        (["status", "--env", "dev"], "has no --env. Did you mean --environments?"),
        (["render", "a", "b", "--repl"], "has no --repl. Did you mean --replace?"),
        (["status", "--no-such-flag"], "has no --no-such-flag. See `promotion status --help`."),
        (["status", "--bogus"], "has no --bogus. See `promotion status --help`."),
        (["render", "a", "b", "--hooks"], "--hooks has no value. It is `deny` or `allow`."),
        (["status", "--environments"], "--environments has no value. See `promotion status --help`."),
        (["render", "a", "b", "--hooks", "alow"], "--hooks is 'alow'. It is `deny` or `allow`."),
        (
            ["render", "a", "b", "--enviroment", "prod"],
            "has no --enviroment. Configs are words at the end: ",
        ),
        (
            ["render", "a", "b", "--environment", "prod"],
            "has no --environment. Configs are words at the end: ",
        ),
        (
            ["status", "--token", "x"],
            "error: --token is no flag, since others can read a command line: set the",
        ),
        (["status", "--tokn", "x"], "error: there is no --tokn. --token is no flag, since others"),
        (["explain", "x", "--history", "many"], "--history: invalid int value: 'many'"),
    ],
)
def test_wrong_usage_is_one_line_with_what_was_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    written = capsys.readouterr()
    assert said in written.err
    assert written.err.startswith("error: ")
    assert (written.err.count("\n"), written.out) == (1, "")


@pytest.mark.parametrize("words", [[], ["--verbose"], ["help"], ["--help"]])
def test_the_program_alone_prints_its_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_help_may_be_asked_for_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["help", "render"])
    assert capsys.readouterr().out.startswith("usage: promotion render HLD OUTPUT [CONFIG ...]")


def test_british_people_are_understood() -> None:
    assert read_arguments(["materialise", "--environment", "dev"]).command == "materialize"


@pytest.mark.parametrize("words", [["--verbose", "status"], ["status", "--verbose"]])
def test_verbose_may_stand_before_or_behind_the_command(words: list[str]) -> None:
    assert read_arguments(words).verbose


def test_the_package_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "promotion", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("promotion ")


def test_a_defect_of_ours_is_code_3_with_places_and_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("impossible")

    monkeypatch.setattr(render, "run", fail)
    assert cli.main(["render", str(tmp_path), str(tmp_path / "out")]) == 3
    message = capsys.readouterr().err
    assert "a defect of this program: KeyError" in message
    assert re.search(r"^ *commands/render/command\.py:\d+ main$", message, re.MULTILINE)
    assert re.search(r"^ *test_main\.py:\d+ fail$", message, re.MULTILINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_its_own_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    def wait(_flags: object, runtime: Runtime, **_: object) -> None:
        os.kill(os.getpid(), number)
        runtime.cancellation.sleep(30)

    monkeypatch.setattr(render, "run", wait)
    monkeypatch.setattr(command_process, "_GRACE", 60.0)  # what comes then would end the tests, too
    before = {each: signal.getsignal(each) for each in SIGNALS}
    try:
        assert cli.main(["render", str(tmp_path), str(tmp_path / "out")]) == 128 + number
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert "Cancelled" in capsys.readouterr().err


def test_a_full_disk_is_code_1_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/somewhere")  # noqa: S108

    monkeypatch.setattr(render, "run", fail)
    assert cli.main(["render", str(tmp_path), str(tmp_path / "out")]) == 1
    message = capsys.readouterr().err
    assert "error: the disk is full on this machine. Free some space" in message
    assert "defect" not in message


@pytest.mark.parametrize("command", [[], ["render"], ["materialize"]])
def test_help_tells_about_codes_and_secrets(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "exit codes" in text
    assert "INPUT_TOKEN" in text


@pytest.mark.parametrize(
    ("hld", "address", "ref"),
    [
        ("https://github.com/acme/hld", "https://github.com/acme/hld", None),
        ("https://github.com/acme/hld@prod", "https://github.com/acme/hld", "prod"),
        ("https://user@git.example/acme/hld@feature/x", "https://user@git.example/acme/hld", "feature/x"),
        ("git@github.com:acme/hld.git@v1", "git@github.com:acme/hld.git", "v1"),
        ("ssh://git@git.example:22/acme/hld@v1", "ssh://git@git.example:22/acme/hld", "v1"),
        ("file:///srv/hld@dev", "file:///srv/hld", "dev"),
    ],
)  # fmt: skip
def test_an_address_may_end_in_a_ref(hld: str, address: str, ref: str | None) -> None:
    match = definition_run._AT_REF.fullmatch(hld)
    assert match is not None
    assert (match["address"], match["ref"]) == (address, ref)


@pytest.mark.parametrize(
    ("hld", "words"), [("hld/west", []), ("hld", ["--hld-path", "west"])], ids=["folder", "hld-path"]
)
def test_a_relative_git_source_starts_at_the_definitions_folder(
    hld: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repository(tmp_path / "stack").commit(
        {
            "component.yaml": "name: stack\ntype: static\npath: manifests\n",
            "manifests/a.yaml": "kind: ConfigMap\n",
        }
    )
    west = tmp_path / "hld/west"
    west.mkdir(parents=True)
    entry = "  - {name: stack, method: git, source: ../../stack}\n"
    (west / "component.yaml").write_text(f"name: cluster\nsubcomponents:\n{entry}")
    (tmp_path / "else/where").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "else/where")
    assert cli.main(["render", f"../../{hld}", "../../out", *words]) == 0
    assert (tmp_path / "out/stack/stack.yaml").exists()


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help_fits_on_a_screen_in_width(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 110


def test_all_credentials_of_the_environment_are_hidden_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {
        "INPUT_TOKEN": "s3cret-one",
        "INPUT_SOURCE-TOKEN": "s3cret-two",
        "INPUT_SSH-KEY": "s3cret-three",
        "GITHUB_TOKEN": "s3cret-four",
        "INPUT_MANIFEST-REPOSITORY": "https://me:s3cret-five@git.test/x",
        "HTTPS_PROXY": "http://me:s3cret-six@proxy.test:3128",
        "http_proxy": "http://me:s3cret-seven@proxy.test:3128",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def fail(*_: object, **__: object) -> None:
        raise KeyError(*(value.partition("me:")[2].partition("@")[0] or value for value in values))

    hld = "https://me:s3cret-eight@git.test/hld@dev"
    values = [*variables.values(), hld]
    monkeypatch.setattr(render, "run", fail)
    assert cli.main(["render", hld, str(tmp_path / "out")]) == 3
    said = capsys.readouterr()
    assert "s3cret" not in said.out + said.err
    assert said.err.count("***") == len(values)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--dry-run", "hld", "folder"], "true"),
        (["--dry-run", "false", "hld", "folder"], "false"),
        (["hld", "--dry-run", "TRUE", "folder"], "TRUE"),
        (["hld", "--dry-run=false", "folder"], "false"),
        (["hld", "folder", "--dry-run"], "true"),
        (["hld", "--environments", "dev", "folder", "--dry-run"], "true"),
    ],
)
def test_a_boolean_flag_takes_no_word_that_is_no_boolean(words: list[str], value: str) -> None:
    arguments = read_arguments(["init", *words])
    assert (arguments.kind, arguments.folder, arguments.dry_run) == ("hld", "folder", value)


@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (["render", "--token", "s3cret", "hld"], "GITHUB_TOKEN"),
        (["render", "hld", "--token=s3cret"], "GITHUB_TOKEN"),
        (["render", "hld", "out", "--tokn=s3cret"], "GITHUB_TOKEN"),
        (["render", "hld", "out", "--tokn", "s3cret"], "GITHUB_TOKEN"),
        (["materialize", "--source-token", "s3cret"], "INPUT_SOURCE_TOKEN"),
        (["doctor", "--ssh-keys", "s3cret"], "INPUT_SSH_KEY"),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_shown(
    words: list[str], variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert f"set the variable {variable}" in said
    assert "s3cret" not in said


def test_all_spellings_of_a_secret_are_hidden() -> None:
    variables = {"INPUT_SOURCE-TOKEN": "one", "INPUT_SOURCE_TOKEN": "two"}
    assert {"one", "two"} <= set(command_process._find_credentials(read_arguments(["status"]), variables))


def test_what_somebody_may_have_sent_us_is_no_secret() -> None:
    """A workflow may hand over parts of an event."""
    variables = {"INPUT_ENVIRONMENT": "x://a:true@b", "INPUT_COMMIT-MESSAGE": "x://a:changed@b"}
    words = ["materialize", "--hld-ref", "x://a:prod@b", "--hld-repository", "https://me:s3cret@git.test/x"]
    assert {*command_process._find_credentials(read_arguments(words), variables)} - {""} == {"s3cret"}


def test_an_audit_without_a_repository_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["guard", "audit"]) == 2
    said = capsys.readouterr().err
    assert "the repository is missing. Name it by `--repository owner/name`" in said


def test_an_empty_component_file_is_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hld").mkdir()
    (tmp_path / "hld/component.yaml").touch()
    assert cli.main(["render", str(tmp_path / "hld"), str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert "warning" in said
    assert "component file is empty" in said
    (tmp_path / "hld/component.yaml").write_text("name: shop\ntype: static\npath: .\n")
    assert cli.main(["render", str(tmp_path / "hld"), str(tmp_path / "other")]) == 0
    assert "is empty" not in capsys.readouterr().err


def test_a_repository_on_this_machine_is_read_by_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Repository(tmp_path / "hld.git", branch="dev")
    files = {"component.yaml": "name: shop\ntype: static\npath: manifests\n"}
    bare.commit({**files, "manifests/a.yaml": "kind: Dev\n"})
    bare.git("branch", "prod")
    bare.commit({"manifests/a.yaml": "kind: Newer\n"})
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "clone", "--quiet", bare.folder, "clone"], check=True)
    for number, (hld, kind) in enumerate(
        {
            "./hld.git": "Newer",
            "hld.git@prod": "Dev",
            str(bare.folder): "Newer",
            "./clone@dev": "Newer",
        }.items()
    ):
        assert cli.main(["render", hld, f"out-{number}"]) == 0
        assert f"kind: {kind}\n" in (tmp_path / f"out-{number}/shop.yaml").read_text()


@pytest.mark.parametrize(
    ("hld", "said"),
    [
        ("./hdl", "there is no folder ./hdl. Did you mean hld?"),
        ("hld/component.yaml", "hld/component.yaml is a file. Name its folder: hld."),
        ("./bare.git@dve", "has no commit, tag or branch 'dve'; it has dev. Did you mean 'dev'?"),
        ("./empty.git", "is empty. Push a first commit."),
    ],
)
def test_a_definition_that_is_not_there_shows_what_is(
    hld: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_hld(tmp_path / "hld")
    Repository(tmp_path / "bare.git", branch="dev").commit({"a": "a"})
    Repository(tmp_path / "empty.git")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["render", hld, "out"]) > 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["doctor"], "--hld is missing. Give it by `--hld VALUE`. "),
        (["guard"], "error: there is no event to judge. Run it in a workflow, or look at"),
        (["preview", "--environment", "dev"], "is about no pull request"),
        (["status"], "--manifest-repository is missing"),
    ],
)
def test_a_command_alone_says_what_it_lacks(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_result_is_printed_in_any_encoding(encoding: str) -> None:
    printed = io.BytesIO()
    stream = io.TextIOWrapper(printed, encoding=encoding)
    cli.print_in_any_encoding(stream)
    stream.write("✓ dev – stage \udcff")
    stream.flush()
    assert b" dev " in printed.getvalue()
