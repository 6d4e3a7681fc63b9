import time
from pathlib import Path

import pytest

from promotion.common.redaction import Redactor
from promotion.edges.child_process import CommandTimeoutError, ProcessRunner
from promotion.errors import PromotionError


def commands(scratch: Path, debug: list[str] | None = None, **environment: str) -> ProcessRunner:
    log = (debug if debug is not None else []).append
    return ProcessRunner({"PATH": "/usr/bin:/bin", **environment}, Redactor(["s3cret-token"]), scratch, log)


def test_it_gives_exit_code_output_and_error_stream(tmp_path: Path) -> None:
    done = commands(tmp_path).run(["sh", "-c", "cat; echo oops >&2; exit 3"], timeout=10, stdin=b"in")
    assert (done.code, done.stdout, done.stderr) == (3, b"in", "oops\n")


def test_children_inherit_only_what_is_listed(tmp_path: Path) -> None:
    inherited = {"GIT_DIR": "/elsewhere", "INPUT_TOKEN": "s3cret-token", "HOME": "/root", "no_proxy": "x"}
    done = commands(tmp_path, **inherited).run(["env"], timeout=10, env={"MINE": "1"})
    variables = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
    variables = {name: value for name, value in variables.items() if name not in ("PWD", "SHLVL", "_")}
    assert variables == {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "no_proxy": "x",
        "NO_PROXY": "x",
        "MINE": "1",
    }


def test_what_a_program_printed_can_be_looked_at_and_is_shown_without_secrets(tmp_path: Path) -> None:
    running = commands(tmp_path)
    done = running.run(["sh", "-c", "echo stale s3cret-token of http://me:pass@host/x >&2"], timeout=10)
    assert done.stderr == "stale s3cret-token of http://me:pass@host/x\n"
    assert running.show(done.stderr) == "stale *** of http://host/x\n"


def test_a_secret_that_terminal_codes_part_is_hidden(tmp_path: Path) -> None:
    done = commands(tmp_path).run(["printf", "s3cret\\033[1m-token"], timeout=10)
    assert commands(tmp_path).show(done.stdout.decode()) == "***"


def test_words_that_no_program_can_get_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromotionError, match="can't be started: embedded null byte"):
        commands(tmp_path).run(["sh", "-c", "echo \0"], timeout=10)


def test_the_debug_log_names_the_program_and_its_end(tmp_path: Path) -> None:
    log: list[str] = []
    commands(tmp_path, log).run(["sh", "-c", "exit 3"], timeout=10)
    assert log[0].startswith("sh -c 'exit 3': exit code 3, ")


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    start = time.monotonic()
    with pytest.raises(CommandTimeoutError, match=r"sh -c was still running after 1 s"):
        commands(tmp_path).run(["sh", "-c", f"(sleep 3; touch {marker}) & sleep 30"], timeout=1)
    assert time.monotonic() - start < 10
    time.sleep(3)
    assert not marker.exists()


def test_what_a_program_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    done = commands(tmp_path).run(["sh", "-c", f"(sleep 1; touch {marker}) >/dev/null 2>&1 &"], timeout=10)
    assert done.code == 0
    time.sleep(1.5)
    assert not marker.exists()


def test_a_missing_program_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PromotionError, match=r"no-such-program isn't there\. Install no-such-program"):
        commands(tmp_path).run(["no-such-program"], timeout=10)


def test_what_is_no_program_can_not_be_started(tmp_path: Path) -> None:
    with pytest.raises(PromotionError, match="can't be started: Permission denied"):
        commands(tmp_path).run([tmp_path], timeout=10)
