"""Recognition beside the server, derived transcripts, and the multipart reader."""

from __future__ import annotations

import hashlib
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_fluxions.emulator import (
    DerivedRecogniser,
    Recognition,
    RecognitionError,
    Transition,
    Upload,
)
from airflow_provider_fluxions.emulator.multipart import MultipartFile
from airflow_provider_fluxions.emulator.recognition import without_tags

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Api, MakeApi


class GatedRecogniser:
    """Waits for the test, then reads the spooled file."""

    needs_audio = True

    def __init__(self) -> None:
        self.go = threading.Event()
        self.started = threading.Event()
        self.failure: Exception | None = None
        self.read: list[bytes] = []

    def recognise(self, upload: Upload) -> Recognition:
        self.started.set()
        self.go.wait(10)
        if self.failure is not None:
            raise self.failure
        assert upload.path is not None
        self.read.append(upload.path.read_bytes())
        return DerivedRecogniser().recognise(upload)


def _finish(api: Api) -> None:
    """Wait for the worker: what was queued is done once its thread has ended."""
    api.emulator.job_service._worker._executor.shutdown(wait=True)


def test_a_job_completes_only_when_its_recognition_is_done_too(make_api: MakeApi) -> None:
    recogniser = GatedRecogniser()
    api = make_api(recogniser=recogniser)
    job = api.job()
    assert api.get(f"/transcriptions/{job}").json()["status"] == "processing"
    recogniser.go.set()
    _finish(api)
    assert api.get(f"/transcriptions/{job}").json()["status"] == "completed"
    assert recogniser.read == [api.audio]


def test_recognition_that_is_done_waits_for_the_transition(make_api: MakeApi) -> None:
    recogniser = GatedRecogniser()
    recogniser.go.set()
    api = make_api(recogniser=recogniser, transition=Transition.after_reads(1))
    job = api.job()
    _finish(api)
    statuses = [api.get(f"/transcriptions/{job}").json()["status"] for _ in range(2)]
    assert statuses == ["processing", "completed"]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (RecognitionError("The audio could not be decoded."), "The audio could not be decoded."),
        (RuntimeError("bug"), "Recognition failed: RuntimeError: bug"),
    ],
)
def test_a_recogniser_that_raises_fails_its_job_and_not_the_server(
    make_api: MakeApi, failure: Exception, message: str
) -> None:
    recogniser = GatedRecogniser()
    recogniser.failure = failure
    recogniser.go.set()
    api = make_api(recogniser=recogniser)
    job = api.job()
    _finish(api)
    answer = api.get(f"/transcriptions/{job}").json()
    assert (answer["status"], answer["error_message"]) == ("failed", message)


def test_audio_is_deleted_once_it_is_recognised(make_api: MakeApi, tmp_path: Path) -> None:
    recogniser = GatedRecogniser()
    api = make_api(recogniser=recogniser, database=tmp_path / "jobs.db")
    api.job()
    assert len(list((tmp_path / "jobs.db.audio").iterdir())) == 1
    recogniser.go.set()
    _finish(api)
    assert list((tmp_path / "jobs.db.audio").iterdir()) == []


def test_a_refused_upload_leaves_no_audio_behind(make_api: MakeApi, tmp_path: Path) -> None:
    api = make_api(recogniser=GatedRecogniser(), database=tmp_path / "jobs.db")
    assert api.submit(b"").status_code == 400
    assert list((tmp_path / "jobs.db.audio").iterdir()) == []


def test_audio_that_waited_is_recognised_after_a_restart(make_api: MakeApi, tmp_path: Path) -> None:
    blocked, free = GatedRecogniser(), GatedRecogniser()
    free.go.set()
    first = make_api(recogniser=blocked, database=tmp_path / "jobs.db")
    job = first.job()
    first.server.stop()
    assert blocked.started.wait(10)
    assert first.emulator.close() is True
    second = make_api(recogniser=free, database=tmp_path / "jobs.db")
    _finish(second)
    assert second.get(f"/transcriptions/{job}").json()["status"] == "completed"
    blocked.go.set()


@given(st.binary(min_size=1, max_size=200), st.integers(1, 5_000_000))
def test_derived_transcripts_are_the_same_for_the_same_bytes_and_well_formed(head: bytes, size_bytes: int) -> None:
    upload = Upload(hashlib.sha256(head).hexdigest(), size_bytes, head)
    recognition = DerivedRecogniser().recognise(upload)
    assert recognition == DerivedRecogniser().recognise(upload)
    assert Recognition.from_json(recognition.to_json()) == recognition
    assert recognition.speaker_count >= 2
    for segment in recognition.segments:
        assert 0 <= segment.start < segment.end <= recognition.duration_seconds
        assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)


def test_derived_transcripts_have_the_vendors_quirks() -> None:
    segments = DerivedRecogniser().recognise(Upload("0" * 64, 3_000_000, b"ID3")).segments
    numbers = [segment.segment_idx for segment in segments]
    assert len(numbers) > len(set(numbers))
    assert any(later.start < earlier.end for earlier, later in pairwise(segments))
    assert any(without_tags(segment.text) != segment.text for segment in segments)


@given(st.binary(max_size=3_000), st.integers(1, 700), st.booleans())
def test_the_multipart_reader_finds_the_file_however_the_body_is_cut(audio: bytes, step: int, note: bool) -> None:
    assume(b"\r\n--B" not in audio)
    other = b'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n' if note else b""
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    body = other + head + audio + b"\r\n--B--\r\n"
    found = bytearray()
    parser = MultipartFile("multipart/form-data; boundary=B", "file", found.extend)
    for start in range(0, len(body), step):
        parser.feed(body[start : start + step])
    parser.finish()
    assert bytes(found) == audio
    assert parser.filename == "a.mp3"
