"""The record of requests and the control API."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
import requests

from airflow_provider_fluxions.emulator import ControlClient, Fault, ListBehavior, OutcomeRule, Settings, Transition

if TYPE_CHECKING:
    from conftest import Api


def test_every_request_is_recorded_with_what_it_brought_and_got(api: Api) -> None:
    api.submit(filename="a.mp3", cache="false")
    entry = api.emulator.requests[0]
    assert (entry.method, entry.path) == ("POST", api.emulator.profile.submit_path)
    assert entry.query == {"filename": "a.mp3", "cache": "false"}
    assert entry.headers["content-length"] == str(len(api.audio))
    assert (entry.received_bytes, entry.status, entry.job_id) == (len(api.audio), 200, 1)
    assert (entry.key, entry.ending, entry.time) == ("valid", "answered", api.clock.now)


def test_the_record_tells_how_a_key_was_sent_and_never_the_key(api: Api, control: ControlClient) -> None:
    for value in (None, "wr0ng-key", "Bearer s3cret-key", "s3cret-key"):
        headers = {} if value is None else {"Authorization": value}
        api.session.get(api.url + "/transcriptions", headers=headers, timeout=10)
    assert [entry.key for entry in api.emulator.requests] == ["missing", "wrong", "bearer", "valid"]
    for text in (repr(api.emulator.requests), repr(control.requests())):
        assert "s3cret" not in text
        assert "wr0ng" not in text


def test_control_calls_are_neither_recorded_nor_struck(api: Api, control: ControlClient) -> None:
    control.add_fault(Fault(status=500, times=None))
    assert control.requests() == []
    assert api.get("/health").status_code == 500
    assert [entry["fault"] for entry in control.requests()] == ["fault-1"]
    control.clear_requests()
    assert api.emulator.requests == []


def test_faults_travel_over_the_control_api(api: Api, control: ControlClient) -> None:
    assert control.add_fault(Fault(path="/health", status=503, times=2, name="ill")) == "ill"
    assert api.get("/health").status_code == 503
    assert [(fault["name"], fault["times"]) for fault in control.faults()] == [("ill", 1)]
    control.clear_faults()
    assert api.get("/health").status_code == 200


def test_holds_are_awaited_and_released_over_the_control_api(api: Api, control: ControlClient) -> None:
    control.add_fault(Fault(path="*submit", hold="after_create", name="stop"))
    assert control.wait_for_hold("stop", 0.01) is False
    with api.raw_post(b"abcd", announced=4) as connection:
        assert control.wait_for_hold("stop") is True
        assert control.holds() == [{"name": "stop", "stage": "after_create", "request": 1, "job_id": 1}]
        assert control.release("stop") == 1
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_jobs_are_seeded_listed_and_forced_over_the_control_api(api: Api, control: ControlClient) -> None:
    assert control.seed_jobs(3, status="processing", filename="x-{n}.mp3") == 3
    assert control.force_status(2, "failed", "broken")["status"] == "failed"
    assert [job["status"] for job in control.jobs()] == ["processing", "failed", "processing"]
    assert {"id", "filename", "sha256", "size_bytes", "created_at"} <= set(control.jobs()[0])
    with pytest.raises(requests.HTTPError, match="404"):
        control.force_status(99, "failed")


def test_a_forgotten_job_is_neither_read_nor_listed_and_its_id_stays_its_own(api: Api, control: ControlClient) -> None:
    lost, kept = api.job(b"one"), api.job(b"two")
    control.forget_job(kept)
    control.forget_job(lost)
    assert api.get(f"/transcriptions/{lost}").status_code == 404
    assert api.get("/transcriptions").json()["transcriptions"] == []
    assert api.job(b"three") > kept
    with pytest.raises(requests.HTTPError, match="404"):
        control.forget_job(lost)


def test_rules_and_settings_change_over_the_control_api(api: Api, control: ControlClient) -> None:
    control.set_transition(Transition.after_reads(1))
    control.set_outcome(OutcomeRule("*", "failed", "no"))
    assert control.settings(list_order="oldest")["list_order"] == "oldest"
    job = api.job()
    assert [api.get(f"/transcriptions/{job}").json()["status"] for _ in range(2)] == ["processing", "failed"]
    assert control.state()["transition"]["kind"] == "after_reads"
    control.clear_outcomes()
    assert api.emulator.outcomes == []


@pytest.mark.parametrize("change", [{"list_order": "random"}, {"no_such_setting": 1}])
def test_a_bad_setting_is_explained(control: ControlClient, change: dict[str, object]) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        control.settings(**change)


@pytest.mark.parametrize("kind", [Fault, ListBehavior, OutcomeRule, Settings, Transition])
def test_the_description_has_every_word_that_the_control_api_takes(api: Api, kind: type) -> None:
    described = api.session.get(f"{api.url}/_emulator/openapi.json", timeout=10).json()
    schema = described["components"]["schemas"][kind.__name__]
    assert set(schema["properties"]) == {column.name for column in fields(kind)}
    assert schema["required"] == (["filename"] if kind is OutcomeRule else [])
