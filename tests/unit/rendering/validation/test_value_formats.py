from __future__ import annotations

import ipaddress
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.validation.value_formats import choose_format, find_format_fault

GOOD = {
    "byte": ["", "YWJj", "YWI="],
    "date": ["2026-01-31", "2024-02-29"],
    "date-time": ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+01:00"],
    "duration": ["0", "1h30m", "-1.5h", "300ms", "1us", "5 days", "2 weeks 1 day", "10 min"],
    "ipv4": ["10.0.0.1", "::ffff:10.0.0.1"],
    "ipv6": ["::1", "2001:db8::1", "::ffff:10.0.0.1"],
    "cidr": ["10.0.0.0/8", "10.1.2.3/8", "2001:db8::/32"],
    "uri": ["https://a.example/b?c#d", "/a/b", "urn:a:b", "*"],
    "email": ["a@b", "A Name <a@b.example>"],
    "hostname": ["a", "a.example", "1.example", "ä.example", "a-b.example"],
    "mac": ["00:00:5e:00:53:01", "00-00-5E-00-53-01", "0000.5e00.5301"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
    "quantity": ["100m", "1.5Gi"],
}
BAD = {
    "byte": ["a", "a b", "YWJj!"],
    "date": ["2026-1-31", "2026-02-30", "20260131", "2026-01-31T12:00:00Z", ""],
    "date-time": ["2026-01-31", "2026-01-31 12:00:00Z", "12:00"],
    "duration": ["", "1", "1.5", "5 bananas", "one hour"],
    "ipv4": ["", "10.0.0", "10.0.0.256", "::1"],
    "ipv6": ["", "10.0.0.1", "::g"],
    "cidr": ["", "10.0.0.0", "10.0.0.0/33"],
    "uri": ["", "a.example", "a b", "/a\nb"],
    "email": ["", "a", "@", "a@", "@b"],
    "hostname": ["", "a..b", "-a", "a-", "a_b", "a b", "a" * 64],
    "mac": ["", "x", "00:00:5e:00:53:0g", "0000"],
    "uuid": ["", "123e4567", "123e4567-e89b-12d3-a456-42661417400g"],
    "quantity": ["1 Gi", "1gi"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in GOOD.items() for text in texts])
def test_texts_that_have_a_format(name: str, text: str) -> None:
    assert find_format_fault(text, choose_format(name, "string")) == ""


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_texts_that_have_not(name: str, text: str) -> None:
    assert find_format_fault(text, choose_format(name, "string")).startswith("must be ")


def test_names_of_formats_are_read_as_the_server_does() -> None:
    assert choose_format("datetime", "") == choose_format("date-time", "string") == "date-time"
    assert choose_format("uuid4", "string") == "uuid"
    # What the server doesn't know, or doesn't judge.
    assert choose_format("int32", "integer") == choose_format("double", "number") == ""
    assert choose_format("ipv4", "object") == choose_format("banana", "string") == ""
    # Ours are of no concern to a custom resource.
    assert choose_format("label", "string") == ""


@given(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.integers(0, 32), st.uuids())
def test_what_others_write_has_its_format(four: str, six: str, bits: int, unique: uuid.UUID) -> None:
    assert not find_format_fault(four, "ipv4")
    assert not find_format_fault(six, "ipv6")
    assert not find_format_fault(f"{four}/{bits}", "cidr")
    assert not find_format_fault(str(unique), "uuid")
    assert not find_format_fault(str(ipaddress.ip_address(four)), "ip")


@given(
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["h", "m", "s", "ms", "us", "ns"])), min_size=1)
)
def test_sums_of_times_are_durations(parts: list[tuple[int, str]]) -> None:
    assert not find_format_fault("".join(f"{number}{unit}" for number, unit in parts), "duration")


@given(st.sampled_from([*GOOD, "label", "port", "share", "environment"]), st.text())
def test_any_text_has_an_answer(name: str, text: str) -> None:
    assert re.fullmatch(r"|must .+", find_format_fault(text, name))


@pytest.mark.parametrize(
    ("name", "value", "is_good"),
    [
        *(("port", 80, True), ("port", 0, False), ("port", "http", True), ("port", "80", False)),
        *(("port", "", False), ("port-or-none", "", True), ("port-or-none", 0, True), ("port", 65536, False)),
        *(("share", 0, True), ("share", "25%", True), ("share", "25", False), ("share", -1, False)),
        *(("share", "%", False), ("ip", "010.0.0.1", True), ("cidr-or-empty", "010.0.0.0/8", True)),
        *(("label", "", True), ("label", "a.b", False), ("subdomain", "a.b", True), ("key", "a/b", True)),
    ],
)
def test_formats_of_kinds_that_are_built_in(name: str, value: str | int, is_good: bool) -> None:
    assert (find_format_fault(value, name) == "") is is_good
