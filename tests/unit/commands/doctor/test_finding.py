"""How checks are shown."""

from __future__ import annotations

import json

from promotion.commands.doctor.finding import DoctorFinding, as_json, as_lines, exit_code
from promotion.common.redaction import Redactor

FINE = DoctorFinding(area="acme/hld", mark="ok", what="can be read", fix="never shown")
WRONG = DoctorFinding(area="acme/hld", mark="wrong", what="has no\nbranch \x1b[31mstage", fix="Create it.")
UNSEEN = DoctorFinding(area="GitHub", mark="unknown", what="the limit can't be seen")


def test_checks_stand_below_their_area_each_with_its_fix() -> None:
    assert as_lines([FINE, WRONG, UNSEEN]).splitlines() == [
        "acme/hld",
        "  ✓ can be read",
        "  ✗ has no branch stage",
        "      Create it.",
        "GitHub",
        "  ? the limit can't be seen",
        "",
        "1 thing is wrong; 1 to know or unknown; 1 as it should be",
    ]


def test_only_what_is_wrong_fails() -> None:
    assert [exit_code([check]) for check in (FINE, WRONG, UNSEEN)] == [0, 1, 0]
    assert as_lines([FINE]).endswith("nothing is wrong; 0 to know or unknown; 1 as it should be")
    assert as_lines([FINE, FINE]).endswith("; 2 as they should be")


def test_no_secret_changes_the_json_but_in_its_sentences() -> None:
    plain = as_json([FINE, UNSEEN])
    content = json.loads(as_json([FINE, UNSEEN], Redactor(plain.replace('"', " ").split())))
    names = [(check["area"], check["mark"]) for check in content]
    assert names == [("acme/hld", "ok"), ("GitHub", "unknown")]
    assert content[0]["what"] == "can be ***"
