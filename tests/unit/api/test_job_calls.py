"""The job list as a source of jobs."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError, FluxionsRejectedError
from airflow_provider_fluxions.api.job_source import LOST
from airflow_provider_fluxions.emulator import OutcomeRule
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeTime


@pytest.fixture
def account(time: FakeTime) -> FakeAccount:
    return FakeAccount(time.now)


def test_a_job_that_the_account_does_not_know_is_lost(account: FakeAccount) -> None:
    shown = account.poll_job(4711)
    assert shown.status == LOST
    assert "no such job" in str(shown.error_message)


@pytest.mark.parametrize("status", [400, 410, 422])
def test_a_read_that_is_refused_for_its_id_loses_its_own_job_only(account: FakeAccount, status: int) -> None:
    """One task's odd id must not end the wait of every other task on the connection."""
    account.trouble = lambda: FluxionsRejectedError("The id must be an integer.", status_code=status)
    shown = account.poll_job("odd-id")
    assert shown.status == LOST
    assert "must be an integer" in str(shown.error_message)


@pytest.mark.parametrize(
    "error", [FluxionsRejectedError("moved", status_code=302), FluxionsAuthenticationError("key", status_code=401)]
)
def test_a_refusal_of_the_whole_connection_is_raised(account: FakeAccount, error: Exception) -> None:
    account.trouble = lambda: error
    with pytest.raises(type(error)):
        account.poll_job(1)


def test_a_refused_list_is_raised(account: FakeAccount) -> None:
    account.trouble = lambda: FluxionsRejectedError("no", status_code=422)
    with pytest.raises(FluxionsRejectedError):
        account.list_page(0)


def test_an_odd_id_is_lost_in_both_readings_of_the_api(service: Service) -> None:
    assert service.client().poll_job("odd-id").status == LOST


def test_an_undocumented_status_is_warned_of_once(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    status = f"queued-{service.emulator.profile.name}"
    service.emulator.add_outcome(OutcomeRule("*", "unknown_status", status=status, for_reads=100))
    client = service.client()
    job_id = client.submit(b"RIFF", filename="a.mp3").id
    caplog.set_level(logging.WARNING)
    shown = [client.poll_job(job_id), *client.list_page(0).jobs, client.poll_job(job_id)]
    assert [job.status for job in shown] == [status] * 3
    assert len([message for message in caplog.messages if status in message]) == 1
