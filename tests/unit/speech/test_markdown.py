"""What becomes of Markdown when it is spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.speech.markdown import plain_text


@pytest.mark.parametrize(
    ("markdown", "spoken"),
    [
        ("# Title\nText *really* **so**.", "Title\n\nText really so."),
        ("one\ntwo", "one two"),
        ("one  \ntwo", "one\ntwo"),
        ("See [the page](https://example.com).", "See the page."),
        ("![A cat](cat.png) sleeps.", "A cat sleeps."),
        ("Use `pip install`.", "Use pip install."),
        ("- a\n- b\n\n1. c", "a\n\nb\n\nc"),
        ("> said", "said"),
        ("```\ncode()\n```\nafter", "after"),
        ("<div>no</div>\n\nyes <b>bold</b> <!-- no -->", "yes bold"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("| Name | Age |\n|---|---|\n| Ann. | 5 |", "Name, Age\n\nAnn. 5"),
        ("---\ntitle: x\n---\nText", "Text"),
        ("+++\ntitle = 'x'\n+++\nText", "Text"),
        ("Wait [breath] here", "Wait [breath] here"),
        ("AT&amp;T &copy; 1\\*2", "AT&T © 1*2"),
        ("line\r\nline", "line line"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(markdown: str, spoken: str) -> None:
    assert plain_text(markdown) == spoken


def test_deep_nesting_is_read_in_bounded_time() -> None:
    assert isinstance(plain_text("> " * 5_000 + "deep"), str)


@given(st.text(alphabet="ab #*_[]()<>`|-\n\\&;![", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(plain_text(text), str)
