from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.validation import key_spellings as spellings

LABEL = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", fullmatch=True)
NAME = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z", fullmatch=True)


@given(LABEL, NAME)
def test_what_is_spelt_right(label: str, name: str) -> None:
    assert not spellings.find_label_fault(label)
    assert not spellings.find_subdomain_fault(f"{label}.{label}")
    assert not spellings.find_key_fault(name)
    assert not spellings.find_key_fault(f"{label}.{label}/{name}")
    assert not spellings.find_label_value_fault(name)


@given(st.text(max_size=70))
def test_a_label_is_a_subdomain_and_a_key_and_a_value(text: str) -> None:
    if not spellings.find_label_fault(text):
        assert not spellings.find_subdomain_fault(text)
        assert not spellings.find_key_fault(text)
        assert not spellings.find_label_value_fault(text)
        assert not spellings.find_config_key_fault(text)


@given(st.text(max_size=70))
def test_nothing_has_a_line_end(text: str) -> None:
    """Python's `$` would take one."""
    finders = [getattr(spellings, name) for name in dir(spellings) if re.fullmatch("find_.*_fault", name)]
    assert len(finders) > 8
    assert all(find(f"{text}\n") for find in finders)
