"""Settings: what is mended, what is refused, and that the key is never shown."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.settings import (
    DEFAULT_BASE_URL,
    DEFAULT_SUBMIT_TIMEOUT_SECONDS,
    ClientSettings,
    clean_base_url,
    clean_key,
    is_loopback,
    nearest_field,
    settings_from_strings,
    with_port,
)


@pytest.mark.parametrize(
    "pasted", ["abc", " abc\n", "\tabc ", "Bearer abc", "bearer abc", "BEARER   abc ", " Bearer abc"]
)
def test_a_pasted_key_is_cleaned(pasted: str) -> None:
    assert clean_key(pasted) == "abc"


def test_a_pasted_bearer_prefix_is_reported_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    clean_key("Bearer s3cret-key")
    assert "'Bearer '" in caplog.text
    assert "s3cret-key" not in caplog.text


def test_a_key_that_only_begins_like_bearer_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert clean_key("bearerish-key") == "bearerish-key"
    assert not caplog.records


@pytest.mark.parametrize("nothing", [None, "", "   ", "\n", "Bearer", "Bearer  ", "bearer"])
def test_a_missing_key_says_where_it_belongs(nothing: str | None) -> None:
    with pytest.raises(FluxionsConfigError, match="password field"):
        clean_key(nothing)


@pytest.mark.parametrize("broken", ["ab\ncd", "ab\rcd", "ab\x00cd", "ab\x7fcd", "ab\tcd", "schlüssel", "ab\u200bcd"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_shown(broken: str) -> None:
    with pytest.raises(FluxionsConfigError, match="HTTP header") as refused:
        clean_key(broken)
    assert broken not in str(refused.value)


def test_the_key_is_in_no_representation_of_the_settings() -> None:
    settings = ClientSettings("s3cret-key")
    assert "s3cret-key" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (None, DEFAULT_BASE_URL),
        ("", DEFAULT_BASE_URL),
        ("  ", DEFAULT_BASE_URL),
        ("api.fluxions.ai", "https://api.fluxions.ai"),
        (" api.fluxions.ai ", "https://api.fluxions.ai"),
        ("https://api.fluxions.ai/", "https://api.fluxions.ai"),
        ("HTTPS://API.Fluxions.AI", "https://api.fluxions.ai"),
        ("api.fluxions.ai:8443", "https://api.fluxions.ai:8443"),
        ("https://gateway.example/fluxions/v1/", "https://gateway.example/fluxions/v1"),
        ("gateway.example/Fluxions", "https://gateway.example/Fluxions"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("https://exämple.test", "https://xn--exmple-cua.test"),
        ("https://api.fluxions.ai?#", "https://api.fluxions.ai"),
    ],
)
def test_a_base_url_is_brought_into_one_form(written: str | None, meant: str) -> None:
    assert clean_base_url(written) == meant


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8700", "http://127.9.9.9", "http://[::1]:8700", "http://localhost", "http://a.localhost"]
)
def test_plain_http_is_allowed_to_this_machine(url: str) -> None:
    assert clean_base_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.fluxions.ai",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://notlocalhost",
        "http://[2001:db8::1]",
    ],
)
def test_plain_http_to_another_machine_is_refused_unless_asked_for(url: str) -> None:
    with pytest.raises(FluxionsConfigError, match="allow_http"):
        clean_base_url(url)
    assert clean_base_url(url, allow_http=True) == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://api.fluxions.ai",
        "file:///etc/passwd",
        "https://",
        "https:///submit",
        "https://api.fluxions.ai:port",
        "https://api.fluxions.ai:70000",
        "https://[::1",
        "https://[not-an-address]",
        "https://api fluxions.ai",
        "https://api.flux\nions.ai",
        "https://user@api.fluxions.ai",
        "https://user:word@api.fluxions.ai",
        "https://:word@api.fluxions.ai",
        "https://api.fluxions.ai?key=1",
        "https://api.fluxions.ai/#here",
        "https://xn--" + "ä" * 70 + ".test",
        "https://a%2fb.test",
        "https://double..dot.test",
        f"https://{'x' * 70}.test",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(FluxionsConfigError):
        clean_base_url(url)


def test_a_host_that_libraries_read_differently_is_refused() -> None:
    r"""Python's parser reads this host as below ``.localhost``; the one that connects stops at the backslash."""
    with pytest.raises(FluxionsConfigError):
        clean_base_url("http://elsewhere.example\\.localhost")


def test_a_refused_host_with_a_password_does_not_show_it() -> None:
    with pytest.raises(FluxionsConfigError) as refused:
        clean_base_url("https://user:pa55word@api.fluxions.ai")
    assert "pa55word" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "together"),
    [
        ("api.fluxions.ai", 8443, "https://api.fluxions.ai:8443"),
        ("http://127.0.0.1", 8700, "http://127.0.0.1:8700"),
        ("http://127.0.0.1:1", 8700, "http://127.0.0.1:1"),
        ("https://gateway.example/fluxions", 8443, "https://gateway.example:8443/fluxions"),
        ("http://[::1]", 8700, "http://[::1]:8700"),
        ("api.fluxions.ai", None, "https://api.fluxions.ai"),
        ("api.fluxions.ai", 0, "https://api.fluxions.ai"),
    ],
)
def test_a_port_written_elsewhere_is_put_in_unless_there_is_one(url: str, port: int | None, together: str) -> None:
    assert with_port(url, port) == together


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "::1", "LOCALHOST.", "::ffff:127.0.0.1"]
)
def test_loopback_names_and_addresses_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example", "localhost.example", "0.0.0.0", "::", "10.0.0.1"])  # noqa: S104 - compared
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "submit_timeout"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_cannot_work_is_refused_by_name(name: str, seconds: float) -> None:
    with pytest.raises(FluxionsConfigError, match=name):
        ClientSettings("key", **{name: seconds})


def test_a_negative_number_of_retries_is_refused() -> None:
    with pytest.raises(FluxionsConfigError, match="max_retries"):
        ClientSettings("key", max_retries=-1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("/submit", "/submit"), ("akro/submit", "/akro/submit"), (" /x ", "/x"), ("", None), ("/", None), (None, None)],
)
def test_a_submit_path_begins_with_one_slash(written: str | None, meant: str | None) -> None:
    assert ClientSettings("key", submit_path=written).submit_path == meant


def test_a_submit_waits_longer_than_the_longest_cold_start_seen() -> None:
    assert DEFAULT_SUBMIT_TIMEOUT_SECONDS >= 180


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("read_timout", "read_timeout"),
        ("Read-Timeout", "read_timeout"),
        ("verify_ssl", "verify"),
        ("retries", "max_retries"),
        ("price_per_hour", "price_per_audio_hour"),
    ],
)
def test_a_mistyped_setting_is_refused_with_the_nearest_one(name: str, meant: str) -> None:
    with pytest.raises(FluxionsConfigError, match=f"^extra {name} is not a setting. Did you mean {meant}[?]$"):
        settings_from_strings("key", None, {name: 1}, "extra {}".format)


def test_what_the_form_of_airflow_2_sends_a_second_time_is_no_mistyped_setting() -> None:
    settings = settings_from_strings(
        "key", None, {"extra__fluxions__read_timeout": "", "extra__fluxions__verify": "y"}, str
    )

    assert settings.verify is True


@pytest.mark.parametrize("name", ["owner", "region_name", "comment", "read_timeout", 7])
def test_other_names_in_an_extra_are_left_alone(name: object) -> None:
    assert nearest_field(name) is None


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("read_timeout", "soon", "a number"),
        ("read_timeout", True, "a number"),
        ("max_retries", 2.5, "a whole number"),
        ("max_retries", 1e400, "a whole number"),
        ("allow_http", "perhaps", "true or false"),
        ("verify", ["a.pem"], "true, false or a path"),
        ("submit_path", {"path": "/"}, "text"),
    ],
)
def test_a_value_of_a_wrong_kind_is_refused_with_the_kind(name: str, value: object, kind: str) -> None:
    with pytest.raises(FluxionsConfigError, match=f"^extra {name} must be {kind}, not "):
        settings_from_strings("key", None, {name: value}, "extra {}".format)


@pytest.mark.parametrize("written", ['{"read_timeout": 20}', ["read_timeout"], 7])
def test_an_extra_that_is_no_object_is_refused(written: object) -> None:
    with pytest.raises(FluxionsConfigError, match="must be a JSON object"):
        settings_from_strings("key", None, written, str)  # type: ignore[arg-type]
