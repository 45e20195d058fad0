"""Which hosts may talk to the emulator, which it calls, and how much it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from airflow_provider_fluxions.emulator import Fault
from airflow_provider_fluxions.emulator.hosts import is_allowed, refusal

if TYPE_CHECKING:
    from conftest import Api, MakeApi

PATHS = ["/health", "/transcriptions", "/_emulator/jobs"]


def _status(api: Api, path: str, **headers: str) -> int:
    return api.session.get(api.url + path, headers=api.key | headers, timeout=10).status_code


@pytest.mark.parametrize("path", PATHS)
def test_a_request_under_another_host_name_is_refused(documented: Api, path: str) -> None:
    assert _status(documented, path, Host="rebound.example") == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://[::1"])
def test_a_request_from_a_page_of_another_site_is_refused(documented: Api, origin: str) -> None:
    for path in PATHS:
        assert _status(documented, path, Origin=origin) == 403


def test_a_cross_site_request_without_an_origin_is_refused(documented: Api) -> None:
    assert _status(documented, "/health", **{"Sec-Fetch-Site": "cross-site"}) == 403


def test_a_refused_request_changes_nothing(documented: Api) -> None:
    url = f"{documented.url}/_emulator/faults"
    told = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    answer = documented.session.post(url, data='{"status": 500}', headers=told, timeout=10)
    assert (answer.status_code, documented.emulator.faults) == (403, [])
    assert "allowed_hosts" in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]", "localhost."])
def test_loopback_hosts_are_served(documented: Api, host: str) -> None:
    assert _status(documented, "/health", Host=f"{host}:80", Origin=f"http://{host}:3000") == 200


def test_a_configured_host_is_served_and_may_be_called_back(make_api: MakeApi) -> None:
    api = make_api(allowed_hosts=["fluxions.test"])
    assert _status(api, "/health", Host="fluxions.test:8700", Origin="http://fluxions.test") == 200
    api.emulator.add_fault(Fault(hold="before_body", callback_url="http://fluxions.test/reached"))


def test_a_server_on_all_interfaces_serves_addresses_and_no_other_names() -> None:
    assert refusal({"host": "192.0.2.7:8700"}, (), any_address=True) is None
    assert refusal({"host": "192.0.2.7:8700"}, ()) is not None
    assert refusal({"host": "rebound.example"}, (), any_address=True) is not None
    assert refusal({"host": "192.0.2.7", "origin": "http://192.0.2.9"}, (), any_address=True) is not None


@pytest.mark.parametrize("host", [None, "", "localhost.example", "0.0.0.0", "10.0.0.1", "2130706433"])  # noqa: S104
def test_what_is_not_loopback_is_not_allowed(host: str | None) -> None:
    assert not is_allowed(host)


@pytest.mark.parametrize("url", ["http://evil.example/", "http://169.254.169.254/", "ftp://localhost/", "localhost"])
def test_a_callback_to_another_machine_is_refused(documented: Api, control_of: Any, url: str) -> None:
    with pytest.raises(requests.HTTPError, match="callback_url must be on this machine"):
        control_of(documented).add_fault(Fault(hold="before_body", callback_url=url))
    assert documented.emulator.faults == []


@pytest.mark.parametrize("options", [{"count": 1_000_001}, {"count": -1}, {"count": 1, "filename": "x" * 5_000}])
def test_seeding_without_bound_is_refused(documented: Api, control_of: Any, options: dict[str, Any]) -> None:
    with pytest.raises(requests.HTTPError, match="at most 1,000,000 jobs"):
        control_of(documented).seed_jobs(**options)
    assert documented.job_count() == 0


def test_a_seeded_name_is_no_format_of_pythons(documented: Api) -> None:
    documented.emulator.seed_jobs(1, filename="{n:>1000000000}{n}.mp3")
    assert documented.emulator.jobs[0].filename == "{n:>1000000000}0.mp3"


def test_a_control_call_without_end_is_refused(documented: Api) -> None:
    url = f"{documented.url}/_emulator/faults"
    for body in (b'{"message": "' + b"x" * 2_000_000 + b'"}', b"[" * 100_000):
        assert documented.session.post(url, data=body, timeout=10).status_code == 400
