"""What fab prints and writes, made usable."""

from __future__ import annotations

import pytest

from promotion.errors import RenderError
from promotion.rendering.fab.fab_output import check_manifest, clean_manifest, explain_failure, find_warnings

OBJECT = "---\n# Source: cat/templates/map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cat\n"


@pytest.mark.parametrize(
    "message",
    [
        "WARNING: This chart is deprecated\n",
        'level=INFO msg="warning: cannot overwrite table with non table for cat.port"\n',
        "coalesce.go:175: warning, a value was skipped\n",
        "WARNING: one thing\nWARNING - another: of it\n",
        'level=INFO msg="warning: a long text that was\n  folded where it was written again"\n',
    ],
)
def test_a_document_of_helms_messages_is_taken_out_and_told(message: str) -> None:
    cleaned = clean_manifest(f"---\n{message}\n{OBJECT}\n".encode())
    assert cleaned.manifest.decode().strip() == OBJECT.strip()
    assert cleaned.messages == (" ".join(message.split()),)


def test_a_message_below_an_object_is_taken_out_of_it() -> None:
    cleaned = clean_manifest(f"{OBJECT}WARNING: This chart is deprecated\n\n".encode())
    assert cleaned.manifest.decode().strip() == OBJECT.strip()
    assert cleaned.messages == ("WARNING: This chart is deprecated",)


@pytest.mark.parametrize(
    "text",
    [
        f"{OBJECT}data:\n  note: |\n    WARNING: this text is mine\n",
        "---\nmessage: no object, but no message of Helm's either\n",
        "---\napiVersion: v1\nkind: Note\nwarning-sign: off\n",
        "---\n---\n# nothing but comments\n",
        "",
    ],
)
def test_anything_else_stays_as_fab_wrote_it(text: str) -> None:
    assert clean_manifest(text.encode()).manifest == text.encode()
    assert not clean_manifest(text.encode()).messages


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (
            'Error: unknown command "init" for "helm"\nRun \'helm --help\' for usage.',
            "Put the folder of helm 2.17",
        ),
        ("Error: unknown flag: --name", "Put the folder of helm 2.17"),
        (
            'Looks like "https://kubernetes-charts.storage.googleapis.com" is not a valid chart repository '
            "or cannot be reached: 403 Forbidden",
            "https://charts.helm.sh/stable now",
        ),
        ("Error: yaml: line 2: did not find expected key", "Correct the definition"),
    ],
)
def test_a_fab_that_runs_another_helm_than_it_needs_says_which(words: str, fix: str) -> None:
    """In Helm's documented words: neither fab 0.17 nor Helm 2 can be had here."""
    error = explain_failure("fab install", 1, "", f"{words}\n")
    assert words.splitlines()[0].removeprefix("Error: ") in error.what
    assert fix in error.fix


def test_bytes_that_are_no_text_survive() -> None:
    assert clean_manifest(b"---\na: \xff\n").manifest == b"---\na: \xff\n"


@pytest.mark.parametrize(
    ("manifest", "what"),
    [
        (b"---\n# Title\n\nJust words.\n", "must be a map"),
        (b"---\n- a\n", "must be a map"),
        (b"---\na: b: c\n", "isn't YAML"),
        (b"---\na: \xff\n", "isn't UTF-8"),
    ],
)
def test_a_readme_in_a_manifest_is_refused(manifest: bytes, what: str) -> None:
    with pytest.raises(RenderError, match=what) as caught:
        check_manifest(manifest, "policies.yaml", "policies")
    assert caught.value.component == "policies"
    assert "fab pastes" in caught.value.fix


@pytest.mark.parametrize(
    "manifest", [b"", b"---\n---\n# a comment\n", b"---\n~\n", b"---\na: 1\n---\nb: 2\n"]
)
def test_maps_and_empty_documents_are_fine(manifest: bytes) -> None:
    check_manifest(manifest, "policies.yaml", "policies")


def test_escapes_that_only_json_knows_are_fine_in_a_json_file() -> None:
    check_manifest(b'---\n{\n  "data": "\\ud83d\\udc36"\n}\n\n---\na: 1\n', "policies.yaml", "policies")


def test_the_line_of_an_error_counts_json_files_before_it() -> None:
    manifest = b'---\n{\n  "data": "\\ud83d\\udc36"\n}\n\n---\nwords\n'
    with pytest.raises(RenderError) as caught:
        check_manifest(manifest, "policies.yaml", "policies")
    assert caught.value.where is not None
    assert caught.value.where.line == 7


def test_fab_logs_its_warnings_to_its_standard_output() -> None:
    log = 'time="x" level=info msg="fine"\ntime="x" level=warning msg="token \\"A\\" isn\'t set"\n'
    assert find_warnings(log) == ['token "A" isn\'t set']


def test_warnings_written_for_a_terminal_are_found_too() -> None:
    log = "\x1b[36mINFO\x1b[0m[05-11-2020] fine\n\x1b[33mWARN\x1b[0m[05-11-2020] look at this\n"
    assert find_warnings(log) == ["look at this"]


def test_that_a_variable_we_withheld_is_not_set_is_no_warning() -> None:
    log = 'time="x" level=warning msg="CAT_TOKEN is not set"\ntime="x" level=warning msg="CAT_TOKENS, too"\n'
    assert find_warnings(log, {"CAT_TOKEN"}) == ["CAT_TOKENS, too"]


def test_an_error_is_told_in_fabs_words_without_its_usage() -> None:
    stderr = 'Error: no chart there\nUsage:\n  fab generate [flags]\n\nlevel=error msg="no chart there"\n'
    error = explain_failure("`fab generate`", 1, "level=info msg=started\n", stderr)
    assert error.what == "`fab generate` failed: no chart there"


def test_an_error_on_standard_output_is_told_as_well() -> None:
    assert "it broke" in explain_failure("`fab install`", 1, "it broke\n", "").what
    assert "it said nothing" in explain_failure("`fab install`", 1, "", "").what


def test_a_panic_is_told_by_its_first_line() -> None:
    stderr = "panic: interface conversion\n\ngoroutine 1 [running]:\nmain.main()\n"
    assert (
        explain_failure("`fab generate`", 2, "", stderr).what
        == "`fab generate` crashed: panic: interface conversion"
    )
    assert (
        "crashed: fatal error: concurrent map writes"
        in explain_failure("`fab install`", 2, "", "fatal error: concurrent map writes\n").what
    )


def test_a_signal_is_told_by_its_number() -> None:
    assert "ended by signal 9" in explain_failure("`fab install`", -9, "", "").what
