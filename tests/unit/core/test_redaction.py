import base64
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from promotion.core.redaction import Redactor

SECRET = "ghp_Ab/c+d=e f&g"


def test_every_form_is_hidden() -> None:
    redact = Redactor([SECRET])
    header = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    text = f"{SECRET} {quote(SECRET, safe='')} {base64.b64encode(SECRET.encode()).decode()} {header}"
    assert redact(text) == "*** *** *** ***"


def test_each_line_of_a_key_is_hidden() -> None:
    redact = Redactor(["-----BEGIN KEY-----\nAAAAB3Nza\n-----END KEY-----\n"])
    assert "AAAAB3Nza" not in redact("debug: AAAAB3Nza")


def test_an_empty_secret_hides_nothing() -> None:
    assert Redactor(["", " "])("as it was") == "as it was"


@given(st.text(min_size=6).filter(lambda s: len(s.strip()) >= 6), st.text(), st.text())
def test_a_secret_never_survives(secret: str, before: str, after: str) -> None:
    assert (
        secret.strip() not in Redactor([secret])(before + secret.strip() + after) or secret.strip() in "***"
    )
