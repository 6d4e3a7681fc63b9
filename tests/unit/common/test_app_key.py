"""The inputs of a GitHub App, and its key in the shapes that people paste."""

from __future__ import annotations

import base64

import pytest

from promotion.common.app_key import AppKey, read_app
from promotion.common.settings import Settings
from promotion.common.shared_inputs import APP
from promotion.errors import UsageError

BODY = "MIIEowIBAAKCAQEA+made/up=\nSECOND1LINE=="
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"


def read(key: str, app_id: str = "1234567") -> AppKey | None:
    return read_app(Settings(APP, {"app-id": app_id, "app-private-key": key}))


@pytest.mark.parametrize(
    "pasted",
    [
        PEM,
        f"{PEM}\n",
        f"\n  {PEM}  \n\n",
        PEM.replace("\n", "\r\n"),
        PEM.replace("\n", "\\n"),
        PEM.replace("\n", "\\r\\n") + "\\n",
        base64.b64encode(PEM.encode()).decode(),
        base64.encodebytes(f"{PEM}\n".encode()).decode(),
        base64.b64encode(PEM.replace("\n", "\\n").encode()).decode(),
    ],
)
def test_keys_as_people_paste_them(pasted: str) -> None:
    assert read(pasted) == AppKey(app_id="1234567", pem=PEM)


def test_a_key_of_the_other_kind_of_pem() -> None:
    pem = PEM.replace("RSA ", "")
    found = read(pem)
    assert found
    assert found.pem == pem


@pytest.mark.parametrize(
    "pasted",
    [
        "hunter2-hunter2",
        "aHVudGVyMg==",
        PEM.replace("PRIVATE", "PUBLIC"),
        PEM.replace("RSA PRIVATE", "ENCRYPTED PRIVATE"),
        PEM.replace("END RSA", "END"),
        PEM.partition("\n-----END")[0],
        BODY,
        f"{PEM}\n{PEM}",
        PEM.replace("\n", " "),
        "/home/me/app.pem",
    ],
)
def test_what_is_no_key(pasted: str) -> None:
    with pytest.raises(UsageError, match="no private key of an App") as caught:
        read(pasted)
    shown = f"{caught.value}{caught.value.__cause__}"
    assert not [line for line in pasted.splitlines() if line.strip("-\\n =") in shown and "----" not in line]


def test_no_app_is_asked_for() -> None:
    assert read("", "") is None
    assert read_app(Settings([], {})) is None


@pytest.mark.parametrize(("app_id", "key", "missing"), [("1", "", "app-private-key"), ("", PEM, "app-id")])
def test_one_input_without_the_other(app_id: str, key: str, missing: str) -> None:
    with pytest.raises(UsageError, match=f"input {missing} is missing"):
        read(key, app_id)


def test_an_id_that_is_none() -> None:
    with pytest.raises(UsageError, match="input app-id is"):
        read(PEM, "my app")
    found = read(PEM, "Iv23liABCdefGHIjklMN")
    assert found
    assert found.app_id == "Iv23liABCdefGHIjklMN"


def test_the_key_is_in_no_representation() -> None:
    assert "MIIE" not in repr(read(PEM))
