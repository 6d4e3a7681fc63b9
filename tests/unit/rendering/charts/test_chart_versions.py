from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.charts.chart_versions import (
    Version,
    choose_version,
    newest_versions,
    parse_constraint,
    parse_version,
)


def version(text: str) -> Version:
    parsed = parse_version(text)
    assert parsed
    return parsed


def admitted(constraint: str, *versions: str) -> list[str]:
    wanted = parse_constraint(constraint)
    return [text for text in versions if wanted.admits(version(text))]


numbers = st.integers(0, 3)
identifiers = st.sampled_from(["alpha", "beta", "rc", "0", "1", "2", "10", "x-1"])
prereleases = st.one_of(
    st.just(""), st.lists(identifiers, min_size=1, max_size=3).map(lambda i: "-" + ".".join(i))
)
texts = st.builds("{}.{}.{}{}".format, numbers, numbers, numbers, prereleases)
releases = st.builds("{}.{}.{}".format, numbers, numbers, numbers)


class TestOrder:
    def test_as_in_semver_section_11(self) -> None:
        suffixes = ["-alpha", "-alpha.1", "-alpha.beta", "-beta", "-beta.2", "-beta.11", "-rc.1"]
        versions = [*(f"1.0.0{suffix}" for suffix in suffixes), "1.0.0"]
        assert newest_versions(reversed(versions), 8) == versions[::-1]

    def test_numbers_not_letters(self) -> None:
        assert newest_versions(["1.9.0", "1.10.0", "0.99.0"], 2) == ["1.10.0", "1.9.0"]

    def test_build_metadata_does_not_count(self) -> None:
        assert version("1.0.0+a").place == version("1.0.0+b").place

    @pytest.mark.parametrize(
        ("short", "full"), [("1", "1.0.0"), ("1.2", "1.2.0"), ("v1.2.3", "1.2.3"), ("01.2", "1.2.0")]
    )
    def test_lenient_forms(self, short: str, full: str) -> None:
        assert version(short).place == version(full).place

    @pytest.mark.parametrize(
        "text",
        ["", "x", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2 ", "V1.2.3", "-1", "1.²", f"{2**64}"],
    )
    def test_no_versions(self, text: str) -> None:
        assert parse_version(text) is None


class TestConstraints:
    @pytest.mark.parametrize(
        ("constraint", "yes", "no"),
        [
            ("1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc"),
            ("v1.2.3", "1.2.3", "1.2.4"),
            ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
            ("1", "1.0.0 1.9.9", "2.0.0 0.9.0"),
            ("1.x", "1.0.0 1.9.9", "2.0.0"),
            ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
            ("*", "0.0.0 9.9.9", "1.0.0-rc"),
            ("", "0.0.0 9.9.9", "1.0.0-rc"),
            ("!=1.2.3", "1.2.4", "1.2.3"),
            ("!=1.2", "1.3.0", "1.2.0 1.2.9"),
            ("!=1.x", "2.0.0", "1.2.0 1.0.0"),
            (">1.2.3", "1.2.4 2.0.0", "1.2.3"),
            (">1.2", "1.3.0", "1.2.9"),
            (">1", "2.0.0", "1.9.9"),
            (">=1.2", "1.2.0", "1.1.9"),
            ("<1.2", "1.1.9", "1.2.0"),
            ("<=1.2", "1.2.9", "1.3.0"),
            ("<=1", "1.9.9", "2.0.0"),
            ("=>1.2.3 =<1.3", "1.2.3 1.3.9", "1.2.2 1.4.0"),
            ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
            ("~>1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
            ("~1.2", "1.2.0 1.2.9", "1.3.0"),
            ("~1", "1.0.0 1.9.9", "2.0.0"),
            ("^1.2.3", "1.2.3 1.9.9", "1.2.2 2.0.0"),
            ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
            ("^0.0", "0.0.0 0.0.9", "0.1.0"),
            ("^0", "0.0.0 0.9.9", "1.0.0"),
            ("1.2 - 1.4.5", "1.2.0 1.4.5", "1.1.9 1.4.6"),
            ("1.2 - 2", "1.2.0 2.9.9", "3.0.0"),
            (">=1.2, <1.4", "1.2.0 1.3.9", "1.4.0"),
            (">=1.2 <1.4", "1.2.0 1.3.9", "1.4.0"),
            (">= 1.2 ,< 1.4", "1.2.0 1.3.9", "1.4.0"),
            ("<1 || >=2", "0.9.0 2.0.0", "1.5.0"),
            ("^1.2.0-0", "1.2.0-rc 1.3.0-rc 1.9.9", "2.0.0-rc 2.0.0"),
            (">0.0.0-0", "1.0.0-rc 1.0.0", "0.0.0-0"),
            ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3 1.2.3-rc.2"),
        ],
    )
    def test_what_they_admit(self, constraint: str, yes: str, no: str) -> None:
        assert admitted(constraint, *yes.split(), *no.split()) == yes.split()

    def test_a_prerelease_opens_its_own_alternative_only(self) -> None:
        assert admitted(">1.0.0-beta <2 || >3", "1.5.0-rc", "4.5.0-rc", "4.5.0") == ["1.5.0-rc", "4.5.0"]

    @pytest.mark.parametrize(
        "text",
        [
            "latest",
            "1.2.3.4",
            ">=1<2",
            "1 ||",
            "|| 1",
            "1,",
            ",1",
            "1,,2",
            "1|2",
            "==1",
            "1.2.3-",
            "1.a",
            "> ",
            "1 - ",
        ],
    )
    def test_no_constraints(self, text: str) -> None:
        with pytest.raises(ValueError, match="isn't a version or a range"):
            parse_constraint(text)

    def test_a_text_of_megabytes_means_nothing_and_is_not_repeated(self) -> None:
        for text in (" " * 10**7 + "a: 1", "9" * 5000, "1.2.3 || " * 10**6):
            with pytest.raises(ValueError, match=f"^{len(text)} characters aren't a version"):
                parse_constraint(text)
            assert parse_version(text) is None


class TestChoice:
    def test_newest_release_without_a_wish(self) -> None:
        assert choose_version(["0.9.0", "0.10.0", "0.11.0-rc.1"], "") == "0.10.0"

    def test_newest_in_a_range(self) -> None:
        assert choose_version(["0.9.0", "0.9.5", "0.10.0"], "~0.9.0") == "0.9.5"

    def test_the_very_text_comes_first(self) -> None:
        assert choose_version(["1.0.1", "1.0.0+b", "1.0.0+a"], "1.0.0+a") == "1.0.0+a"
        assert choose_version(["1.0.1", "1.0"], "1.0") == "1.0"

    def test_equal_versions(self) -> None:
        assert choose_version(["1.0.0+b", "1.0.0+a"], "1.x") == "1.0.0+b"

    def test_text_that_is_no_version(self) -> None:
        assert choose_version(["nightly", "1.0.0"], "") == "1.0.0"

    def test_nothing_fits(self) -> None:
        assert choose_version(["1.0.0"], "2.x") is None
        assert choose_version(["1.0.0-rc"], "") is None


@given(st.lists(texts, min_size=1), st.sampled_from(["", "*", ">=1", "^1.2", "~2.1 || 3.x", "1.0.0-0 - 2"]))
def test_the_choice_is_admitted_and_none_admitted_is_newer(available: list[str], wanted: str) -> None:
    chosen = choose_version(available, wanted)
    fitting = admitted(wanted, *available)
    assert (chosen in fitting) if fitting else chosen is None
    assert all(version(text).place <= version(chosen or "").place for text in fitting)


@given(texts)
def test_a_version_admits_itself_alone(text: str) -> None:
    assert admitted(text, text) == [text]
    assert admitted(f"!={text} >=0-0", text) == []


@given(releases, texts)
def test_comparisons_divide_all_versions(bound: str, text: str) -> None:
    both = ["0.0.0-0", "<={0} >=0-0 || >{0} >=0-0", "<{0} >=0-0 || >={0} >=0-0"]
    for constraint in both[1:]:
        low, high = constraint.format(bound).split(" || ")
        assert len(admitted(low, text)) + len(admitted(high, text)) == (
            version(text).place >= version("0-0").place
        )


@given(releases, texts)
def test_tilde_is_narrower_than_caret_from_one_on(bound: str, text: str) -> None:
    if not bound.startswith("0") and admitted(f"~{bound}", text):
        assert admitted(f"^{bound}", text)


@given(st.text(alphabet="0123456789.xX*-+~^<>=!|, v" + "ab", max_size=20))
def test_any_text_is_a_constraint_or_a_clear_error(text: str) -> None:
    try:
        parse_constraint(text)
    except ValueError as error:
        assert "isn't a version" in str(error)
