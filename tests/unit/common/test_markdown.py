import re
from collections.abc import Callable
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promotion.common.markdown import code, fence, html, is_linkable, link, markdown, prose, unlinked


@given(st.text(alphabet="`*_[]()<>#!|~$&@:-\\ab\n\r 1.+=x"))
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    for before in ("", "x"):
        html = MarkdownIt("commonmark").enable("table").render(before + markdown(text))
        assert "<" not in html.replace("<p>", "").replace("</p>", ""), "no markup came of it"


@given(st.text(alphabet="`ab\n|"))
def test_a_code_span_holds_the_whole_text(text: str) -> None:
    span = code(text)
    if span:
        html = MarkdownIt("commonmark").render(span)
        assert html.count("<code>") == 1
        assert html.startswith("<p><code>")
        assert html.endswith("</code></p>\n")


@given(st.text(alphabet="`ab\n~"))
def test_a_fence_is_not_ended_by_its_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(fence(text))
    assert [token.type for token in tokens] == ["fence"]


def test_prose_shows_what_stands_between_backticks_as_code() -> None:
    assert prose("Set `adopt: true` once, *please*.") == "Set `adopt: true` once, \\*please\\*."


@given(st.text(alphabet="`*_[]()<>#!|~$&@:\\ab\n 1.+=x-"))
def test_prose_has_no_markup_but_code_spans(text: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(prose(text))
    rest = html.replace("<p>", "").replace("</p>", "").replace("<code>", "").replace("</code>", "")
    assert "<" not in rest


@pytest.mark.parametrize("show", [markdown, prose, unlinked])
def test_nobody_is_mentioned_and_nothing_referred_to(show: Callable[[str], str]) -> None:
    shown = show("@octocat fixes #1, gh-2, acme/cat#3, see www.example.com, @acme/team")
    html = unescape(MarkdownIt("commonmark").render(shown))
    assert not re.search(r"@\w|#\d|gh-\d|www\.", html, re.IGNORECASE)
    assert (
        html.replace("\u200b", "")
        == "<p>@octocat fixes #1, gh-2, acme/cat#3, see www.example.com, @acme/team</p>\n"
    )


def test_addresses_of_images_and_commits_stay_as_they_are() -> None:
    text = "git@host:acme/cat ghcr.io/acme/cat@sha256:00 acme/cat@0a1b gh-pages C#"
    assert unlinked(text) == text


def test_a_rendered_text_has_no_address_to_write_to_and_no_tag() -> None:
    html = unescape(MarkdownIt("commonmark").render(markdown("me@example.com")))
    assert html == "<p>me@\u200bexample.com</p>\n"
    assert markdown("<b>") == "&lt;b\\>", "also where HTML is read before Markdown"


@pytest.mark.parametrize("text", ["```", "``\u200e`", "`\x1b[0m``", "````"])
def test_no_text_ends_its_fence(text: str) -> None:
    html = MarkdownIt("commonmark").render(fence(f"before\n{text}\nafter"))
    assert html.count("<pre>") == 1
    assert html.rstrip().endswith("after\n</code></pre>")


def test_html_shows_just_the_characters() -> None:
    text = "</code><b>&amp; 'x' \"y\" `z` https://a.test @octocat #1"
    shown = html(text)
    assert not re.search(r"<|@\w|#\d(?!\d*;)|://|`", shown)
    assert unescape(shown).replace("\u200b", "") == text


@pytest.mark.parametrize(
    "address", ["https://github.com/cats/food", "http://localhost:8080", "https://a.b/c/"]
)
def test_a_plain_web_address_becomes_a_link(address: str) -> None:
    assert link(code("food"), address) == f"[`food`]({address})"


@pytest.mark.parametrize(
    "address",
    ["", "javascript:alert(1)", "https://a.b/c)[x](http://c", "https://u:p@a.b/c", "https://a.b/ c"],
)
def test_any_other_address_becomes_none(address: str) -> None:
    assert not is_linkable(address)
    assert link("food", address) == "food"
