from __future__ import annotations

from pathlib import Path

import pytest

from promotion.edges.cancellation import Cancellation
from promotion.edges.web.network import (
    FILES,
    find_authorities,
    find_passwords,
    find_proxies,
    find_proxy,
    open_network,
    settle,
    settle_for,
)
from promotion.errors import UsageError

ONE, TWO = (f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----" for text in ("b25l", "dHdv"))
KEY = "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PRIVATE KEY-----\n"
PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("environment", "http", "https"),
    [
        ({}, "", ""),
        ({"http_proxy": PROXY}, PROXY, ""),
        ({"HTTP_PROXY": PROXY}, PROXY, ""),
        ({"HTTPS_PROXY": PROXY}, "", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "", PROXY),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "", PROXY),
        ({"all_proxy": PROXY}, PROXY, PROXY),
        ({"ALL_PROXY": "http://other", "http_proxy": PROXY}, PROXY, "http://other"),
        ({"all_proxy": PROXY, "NO_PROXY": "example.org"}, "", ""),
        ({"all_proxy": PROXY, "no_proxy": "example.com", "NO_PROXY": "*"}, PROXY, PROXY),
    ],
)
def test_a_proxy_is_found_by_any_of_its_names(environment: dict[str, str], http: str, https: str) -> None:
    assert find_proxy("http://git.example.org/x", environment) == http
    assert find_proxy("https://git.example.org/x", environment) == https
    assert find_proxies("https://git.example.org/x", environment) == ({"https": https} if https else {})
    settled = settle(environment)
    assert find_proxy("http://git.example.org/x", settled) == http
    assert find_proxy("https://git.example.org/x", settled) == https
    assert settled.get("https_proxy") == settled.get("HTTPS_PROXY"), "libcurl prefers the one, Go the other"


def test_children_get_each_setting_by_all_of_its_names() -> None:
    settled = settle({"ALL_PROXY": PROXY, "no_proxy": "a, b", "CURL_CA_BUNDLE": "/ca.pem", "OTHER": "x"})
    assert settled == {
        **dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), PROXY),
        **dict.fromkeys(("all_proxy", "ALL_PROXY"), PROXY),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "a,b"),
        **dict.fromkeys(FILES, "/ca.pem"),
        "OTHER": "x",
    }
    assert settle(settled) == settled


def test_git_is_told_what_is_excepted_for_one_address() -> None:
    environment = {"https_proxy": PROXY, "no_proxy": "10.0.0.0/8,git.test:8443"}
    direct = {"no_proxy": "*", "NO_PROXY": "*"}
    assert settle_for("https://10.1.2.3/x", environment) == direct
    assert settle_for("https://git.test:8443/x", environment) == direct
    assert settle_for("https://git.test/x", environment) == {
        **dict.fromkeys(("no_proxy", "NO_PROXY"), ""),
        **dict.fromkeys(("https_proxy", "HTTPS_PROXY"), PROXY),
    }
    assert settle_for("https://git.test/x", {"no_proxy": "git.test"}) == {}, "git may have one of its own"


def test_the_passwords_of_proxies() -> None:
    environment = {
        "http_proxy": "http://me:p%2Fa@one",
        "HTTP_PROXY": "me:b@two:3128",
        "all_proxy": "http://c@x",
    }
    assert list(find_passwords(environment)) == ["p%2Fa", "p/a", "b"]


@pytest.mark.parametrize("name", FILES)
def test_one_file_of_authorities_is_used_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(ONE)
    with open_network({name: str(path), "PATH": "/bin"}, Cancellation()) as settled:
        assert settled == {"PATH": "/bin", **dict.fromkeys(FILES, str(path))}
        assert find_authorities(settled) == str(path)


def test_files_and_folders_become_one_file_without_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "two.crt").write_text(f"# two\n{TWO}\n{ONE}\n")
    (folder / "README").write_bytes(b"\xff")
    (folder / "below").mkdir()
    file = tmp_path / "ca.pem"
    file.write_text(f"{KEY}{ONE}\n")
    names = {"GIT_SSL_CAINFO": str(file), "SSL_CERT_DIR": f"/none:{folder}"}
    with open_network(names, Cancellation()) as settled:
        joint = Path(find_authorities(settled))
        assert joint.read_text() == f"{ONE}\n{TWO}\n"
        assert settled == dict.fromkeys(FILES, str(joint))
    assert not joint.exists()
    with open_network({"REQUESTS_CA_BUNDLE": str(folder)}, Cancellation()) as settled:
        assert Path(find_authorities(settled)).read_text() == f"{TWO}\n{ONE}\n"


def test_a_folder_without_any_changes_nothing(tmp_path: Path) -> None:
    with open_network({"SSL_CERT_DIR": str(tmp_path)}, Cancellation()) as settled:
        assert find_authorities(settled) == ""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none_is_named_with_its_variable(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ca.pem"
    for words in ("can't be read", "holds no certificate"):
        with (
            pytest.raises(UsageError, match=rf"{name} names .*{words}"),
            open_network({name: str(path)}, Cancellation()),
        ):
            pass
        path.write_text(KEY)
