"""Foreign text without secrets: the key in each form, links without their signatures."""

from __future__ import annotations

import base64
import html
import json
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.redaction import MASK, MIN_KEY_CHARACTERS, Redactor, without_url_secrets

KEYS = ["s3cret-key", "k/e+y=@:?#%&<>'\"\\x12", "12345678"]
FORMS: dict[str, Callable[[str], str]] = {
    "as sent": str,
    "Bearer": "Bearer {}".format,
    "URL": lambda key: quote(key, safe=""),
    "URL in lower case": lambda key: "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in key),
    "path of a URL": quote,
    "form": quote_plus,
    "all percent": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON with escaped slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda key: json.dumps(json.dumps(key))[3:-3],
    "JSON, all escaped": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "HTML": html.escape,
    "HTML, all decimal": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML, all hexadecimal": lambda key: "".join(f"&#x{ord(c):X};" for c in key),
    "HTML of a URL": lambda key: html.escape(quote(key)),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 as a password": lambda key: base64.b64encode(f"someone:{key}".encode()).decode(),
    "base64 as a user": lambda key: base64.b64encode(f"{key}:".encode()).decode(),
    "base64 for a URL": lambda key: base64.urlsafe_b64encode(f"ab{key}c".encode()).decode(),
}
PRINTABLE = string.digits + string.ascii_letters + string.punctuation
API_KEYS = st.text(PRINTABLE, min_size=MIN_KEY_CHARACTERS, max_size=40)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_the_key_is_replaced_in_text_in_each_form(key: str, form: str) -> None:
    written = FORMS[form](key)
    shown = Redactor(key).text(f"<p>you sent {written} here</p>")
    assert MASK in shown
    assert written not in shown
    assert shown.startswith("<p>you sent ")
    assert shown.endswith(" here</p>")


@pytest.mark.parametrize("key", KEYS)
def test_base64_keeps_no_part_of_the_key_wherever_the_key_begins_in_it(key: str) -> None:
    for before in range(6):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            shown = Redactor(key).text(encode(f"{'u' * before}{key}v".encode()).decode())
            left, _, right = shown.partition(MASK)
            # Four characters of base64 are three of the text.
            assert len(left) <= before * 4 // 3
            assert len(right) <= 4


@given(API_KEYS, st.sampled_from(sorted(FORMS)), st.text(max_size=20), st.text(max_size=20))
def test_no_key_is_left_in_any_text(key: str, form: str, before: str, after: str) -> None:
    written = FORMS[form](key)
    assert written not in Redactor(key).text(before + written + after)


@pytest.mark.parametrize("key", KEYS)
def test_the_key_is_replaced_in_the_strings_and_names_of_a_json_value(key: str) -> None:
    sent = {"error_message": f"wrong key {key}", key: [{"status": quote(key, safe="")}], "id": 7, "ok": True}
    value = Redactor(key).value(sent, json.dumps(sent))
    assert value == {"error_message": "wrong key ***", MASK: [{"status": MASK}], "id": 7, "ok": True}


def test_the_key_is_replaced_in_a_value_whose_json_escaped_its_letters() -> None:
    text = '{"filename": "' + FORMS["JSON, all escaped"]("s3cret-key") + '"}'
    assert Redactor("s3cret-key").value(json.loads(text), text) == {"filename": MASK}


def test_a_number_that_is_the_key_is_replaced_and_one_that_contains_it_is_not() -> None:
    text = '{"a": 12345678, "b": 123456789}'
    assert Redactor("12345678").value(json.loads(text), text) == {"a": MASK, "b": 123456789}


def test_a_value_without_the_key_is_not_copied() -> None:
    value = {"text": "hello", "audio_url": "https://host/a?b=c%2Fd&e=\u0026"}
    assert Redactor("s3cret-key").value(value, json.dumps(value)) is value


def test_the_beginning_of_the_key_at_the_end_of_a_cut_text_is_replaced() -> None:
    assert Redactor("s3cret-key-of-us").text("Invalid key: s3cret-key-o") == "Invalid key: ***"


def test_a_short_key_is_replaced_in_errors_only_where_it_is_a_word() -> None:
    redactor = Redactor("cat")
    assert redactor.text("Invalid key cat, Bearer cat: concatenate") == "Invalid key ***, Bearer ***: concatenate"
    assert redactor.value({"text": "a cat"}, '{"text": "a cat"}') == {"text": "a cat"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("get https://b.r2.test/a.mp3?X-Amz-Signature=s1g&x=1 now", "get https://b.r2.test/a.mp3?*** now"),
        (r'"https:\/\/b.test\/a?sig=s1g"', r'"https:\/\/b.test\/a?***"'),
        ("proxy http://user:s1g@proxy.test:3128", "proxy http://***@proxy.test:3128"),
        ("/b/a.mp3?X-Amz-Credential=s1g&X-Amz-Signature=s1g", "/b/a.mp3?X-Amz-Credential=***&X-Amz-Signature=***"),
        ("https%3A%2F%2Fb%2Fa%3FSignature%3Ds1g", "https%3A%2F%2Fb%2Fa%3FSignature%3D***"),
        ("see https://fluxions.ai/docs.", "see https://fluxions.ai/docs."),
        ("is it a=b? yes", "is it a=b? yes"),
    ],
)
def test_a_url_is_shown_without_its_query_and_its_credentials(text: str, shown: str) -> None:
    assert without_url_secrets(text) == shown


def test_a_quotation_is_one_printable_line_of_limited_length() -> None:
    shown = Redactor("s3cret-key").quote("\x1b[31mBad\r\nkey s3cret-key \u202e" + "x" * 1_000_000)
    assert shown.startswith("\\x1b[31mBad key *** \\u202e")
    assert len(shown) == 500
