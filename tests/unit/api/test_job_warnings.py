"""A service that drops references from file names is reported once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_fluxions.api.job_warnings import LostReferences
from airflow_provider_fluxions.api.models import Job
from tests.unit.fakes import MARK, job

RENAMED = job(7, filename="upload-1.mp3")


def test_a_job_without_its_reference_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    lost = LostReferences()
    lost.check(RENAMED)
    lost.check(replace(RENAMED, id=8))
    (message,) = caplog.messages
    assert "job 7 as 'upload-1.mp3', without the reference" in message


def test_a_name_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    LostReferences().check(replace(RENAMED, filename="a\nERROR \x1b[2J.mp3"))
    assert caplog.messages[0].isprintable()


@pytest.mark.parametrize(
    "fine",
    [
        job(7, filename=f"interview{MARK}.mp3"),
        job(7, filename=f"INTERVIEW{MARK.upper()}.MP3.OPUS"),
        replace(RENAMED, filename=None),
        replace(RENAMED, cached=True),
    ],
)
def test_a_job_with_a_reference_without_a_name_or_from_the_cache_is_not_reported(
    fine: Job, caplog: pytest.LogCaptureFixture
) -> None:
    LostReferences().check(fine)
    assert caplog.messages == []
