"""The session: pauses as values, the environment's say, and where key and redirects stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from urllib3.response import HTTPResponse

from airflow_provider_fluxions.api.retry_after import MAX_RETRY_AFTER_SECONDS
from airflow_provider_fluxions.api.session import (
    MAX_BACKOFF_SECONDS,
    RETRIED_STATUSES,
    ReadAdapter,
    ReadRetry,
    Session,
    UploadAdapter,
    new_session,
)
from airflow_provider_fluxions.api.settings import ClientSettings

BASE = "https://api.fluxions.test"


def session_of(**settings: object) -> Session:
    chosen = ClientSettings("key", **{"base_url": BASE, **settings})  # type: ignore[arg-type]
    return new_session(chosen, (f"{chosen.base_url}/submit",), 0.5)


def retry_of(session: Session) -> ReadRetry:
    return session.get_adapter(f"{BASE}/transcriptions").max_retries


def redirected(url: str, location: str) -> requests.Response:
    response = requests.Response()
    response.status_code = 302
    response.url = url
    response.headers["Location"] = location
    return response


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("7", 7), (" 7 ", 7), ("86400", MAX_RETRY_AFTER_SECONDS), ("9" * 40, MAX_RETRY_AFTER_SECONDS),
     ("soon", 0), ("-5", 0), ("", 0), ("1.5", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)  # fmt: skip
def test_retry_after_is_honoured_up_to_a_cap_and_never_raises(header: str, seconds: float) -> None:
    assert ReadRetry(1).parse_retry_after(header) == seconds


@pytest.mark.parametrize(
    ("ahead", "low", "high"), [(30, 25, 30), (3600, MAX_RETRY_AFTER_SECONDS, MAX_RETRY_AFTER_SECONDS)]
)
def test_retry_after_may_be_a_date(ahead: int, low: float, high: float) -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    assert low <= ReadRetry(1).parse_retry_after(header) <= high


@pytest.mark.parametrize("status", RETRIED_STATUSES)
def test_the_pause_before_a_retry_is_what_the_answer_asks_for(status: int) -> None:
    answer = HTTPResponse(status=status, headers={"Retry-After": "7"})
    retry = retry_of(session_of())
    assert retry.is_retry("GET", status)
    assert retry.get_retry_after(answer) == 7


def test_only_reads_are_retried() -> None:
    retry = retry_of(session_of())
    assert retry.is_retry("GET", 503)
    assert not retry.is_retry("POST", 503)
    assert not retry.is_retry("POST", 429, has_retry_after=True)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 402, 403, 404, 422, 501])
def test_answers_that_stay_the_same_are_not_retried(status: int) -> None:
    assert not retry_of(session_of()).is_retry("GET", status)


def test_pauses_double_with_jitter_up_to_a_cap() -> None:
    retry = retry_of(session_of(max_retries=20))
    pauses = []
    for _ in range(10):
        retry = retry.increment("GET", "/", error=ConnectionError())
        pauses.append(retry.get_backoff_time())
    assert pauses[0] <= 0.5
    assert all(0.5 * 2**n <= pause <= 0.5 * 2**n + 0.5 for n, pause in enumerate(pauses[1:6], start=1))
    assert max(pauses) == MAX_BACKOFF_SECONDS


def test_uploads_are_never_repeated_by_the_transport() -> None:
    adapter = session_of().get_adapter(f"{BASE}/submit?filename=a.mp3")
    assert isinstance(adapter, UploadAdapter)
    assert (adapter.max_retries.total, adapter.max_retries.read) == (0, False)


@pytest.mark.parametrize(
    "base_url", ["https://exämple.test", "https://gateway.test/%7Efluxions", "https://gateway.test/für"]
)
def test_adapters_are_found_for_addresses_that_are_rewritten_when_sent(base_url: str) -> None:
    session = session_of(base_url=base_url)
    for path, kind in (("submit", UploadAdapter), ("transcriptions", ReadAdapter)):
        url = requests.Request("GET", f"{ClientSettings('k', base_url).base_url}/{path}").prepare().url
        adapter = session.get_adapter(str(url))
        assert type(adapter) is kind
        assert adapter not in (session.adapters["https://"], session.adapters["http://"])


@pytest.mark.parametrize("verify", [False, __file__])
def test_what_the_connection_says_about_certificates_wins_over_the_environment(
    verify: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/company.pem")
    assert session_of(verify=verify).merge_environment_settings(BASE, {}, None, None, None)["verify"] == verify


def test_the_environments_bundle_is_used_where_the_connection_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/company.pem")
    used = session_of().merge_environment_settings(BASE, {}, None, None, None)["verify"]
    assert used == "/etc/ssl/company.pem"


@pytest.mark.parametrize("location", ["/elsewhere", "elsewhere", f"{BASE}/x", f"{BASE}:443/x", "//api.fluxions.test/x"])
def test_a_redirect_within_the_origin_is_followed(location: str) -> None:
    assert Session().get_redirect_target(redirected(f"{BASE}/transcriptions", location)) == location


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.test/x",
        "//elsewhere.test/x",
        f"{BASE}:8443/x",
        "http://api.fluxions.test/x",
        "https://api.fluxions.test.elsewhere.test/",
        "https://sub.api.fluxions.test/",
        "ftp://api.fluxions.test/",
    ],
)
def test_a_redirect_to_another_origin_is_not_followed(location: str) -> None:
    assert Session().get_redirect_target(redirected(f"{BASE}/transcriptions", location)) is None


@pytest.mark.parametrize("location", ["https://[::1", "https://api.fluxions.test:port/", "https://a:99999/"])
def test_a_redirect_that_is_no_address_is_not_followed(location: str) -> None:
    assert Session().get_redirect_target(redirected(f"{BASE}/transcriptions", location)) is None
