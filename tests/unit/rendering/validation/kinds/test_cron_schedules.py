from __future__ import annotations

import pytest

from promotion.rendering.validation.kinds.cron_schedules import find_schedule_fault


@pytest.mark.parametrize(
    "text",
    [
        *("* * * * *", "*/5 0-6,22 1 jan-MAR mon", "0 0 ? * 0", "5/15 * * * *", "@daily", "@every 1h30m"),
        *(
            "59 23 31 12 6",
            "  0  0  *  *  *  ",
            "0 0 1,15 * *",
            "TZ=Europe/Berlin 0 0 * * *",
            "1-5/2 * * * *",
        ),
    ],
)
def test_schedules(text: str) -> None:
    assert find_schedule_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("* * * *", "must have five fields, and has 4"),
        ("* * * * * *", "must have five fields, and has 6"),
        ("60 * * * *", "must have minutes from 0 to 59"),
        ("* 24 * * *", "must have hours from 0 to 23"),
        ("* * 0 * *", "must have days of the month from 1 to 31"),
        ("* * * 13 *", "must have months from 1 to 12"),
        ("* * * * 7", "must have days of the week from 0 to 6"),
        ("5-1 * * * *", "must have minutes from 0 to 59"),
        ("*/0 * * * *", "must have minutes from 0 to 59"),
        ("a * * * *", "must have minutes from 0 to 59"),
        ("1-2-3 * * * *", "must have minutes from 0 to 59"),
        ("@reboot", "must be one of @yearly"),
    ],
)
def test_what_is_no_schedule(text: str, fault: str) -> None:
    assert find_schedule_fault(text).startswith(fault)
