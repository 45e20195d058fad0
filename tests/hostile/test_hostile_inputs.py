"""Any file name, transcript, recording, argument and setting: a value or an error of ours, in bounded memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.audio import audio_source
from airflow_provider_fluxions.api.job_reference import (
    carries,
    filename_with_reference,
    filename_without_reference,
    stem_without_reference,
)
from airflow_provider_fluxions.api.media_types import media_type
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.settings import ClientSettings, settings_from_strings
from airflow_provider_fluxions.cli.exports import file_name
from airflow_provider_fluxions.formats import FORMATS, read_stored, render_files
from airflow_provider_fluxions.storage.audio_duration import audio_seconds
from tests.hostile.conftest import HostileServer
from tests.hostile.harmless import KEY, LINK, LINK_MARK, assert_harmless
from tests.hostile.inputs import ARGUMENTS, NAMES, RECORDINGS, SETTINGS, TRANSCRIPTS
from tests.hostile.responses import JOB, json_response
from tests.hostile.table import Row
from tests.unit.formats.test_hostile import answers

# Each row measures memory, which makes everything slower.
pytestmark = pytest.mark.slow

REF = "0123456789abcdef"
STRANGE_TEXT = st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Mn", "Lo", "So"]), max_size=40)


# --- file names -------------------------------------------------------------------------------------------------------


def use_name(name: str, server: HostileServer) -> str:
    """Send a name, receive it as that of a job, and make a local file's name of it."""
    server.answer = json_response({**JOB, "filename": name})
    with server.client() as client:
        client.submit(b"RIFF audio", filename=name)
        received = client.get_transcription(7)
    sent = filename_with_reference(name, REF)
    assert carries(sent, REF)
    local = file_name(stem_without_reference(received.filename), 7, ".txt")
    assert "/" not in local
    assert local.isprintable()
    assert len(local.encode()) <= 240
    return f"sent as {sent}, shown as {filename_without_reference(sent)}, exported as {local}"


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row.words)
def test_a_hostile_file_name_has_the_outcome_of_its_row(row: Row, hostile_server: HostileServer) -> None:
    outcome = assert_harmless(lambda: use_name(row.given, hostile_server))
    assert row.shown in outcome.value


@given(STRANGE_TEXT | st.text(max_size=300))
def test_any_file_name_can_be_sent_and_exported(hostile_server: HostileServer, name: str) -> None:
    assert assert_harmless(lambda: use_name(name, hostile_server), resident=True).error is None


# --- transcripts ------------------------------------------------------------------------------------------------------


def write_all(answer: dict[str, Any]) -> str:
    """Write a transcript in every format, read the stored one back, and return all text."""
    result = Transcription.from_json(answer)
    files = [body for name in FORMATS for body in render_files(result, name).values()]
    stored = render_files(result, "json")
    if result.status == "completed":
        read_stored(next(iter(stored.values())))
    return "json:" + b"\n".join([*files, *stored.values()]).decode("utf-8", "replace")


@pytest.mark.parametrize("row", TRANSCRIPTS, ids=lambda row: row.words)
def test_a_hostile_transcript_has_the_outcome_of_its_row(row: Row) -> None:
    outcome = assert_harmless(lambda: write_all(row.given), value_marks=(LINK_MARK,))
    row.check(outcome) if outcome.error else _check_text(row, outcome.value)


def _check_text(row: Row, text: str) -> None:
    assert row.error is None, row.words
    assert row.shown in text, f"{row.words}: {text[:2000]}"


@given(answers)
@example({"id": 7, "cached": {LINK: None}})
@example({"id": 7, "filename": LINK, "segments": [{"text": "a", "words": [{"word": LINK}]}]})
def test_any_transcript_is_written_without_signed_links_in_bounded_memory(answer: dict[str, Any]) -> None:
    assert_harmless(lambda: write_all(answer), resident=True, value_marks=(LINK_MARK, "X-Amz-Signature"))


# --- recordings -------------------------------------------------------------------------------------------------------


def use_recording(name: str, data: bytes) -> str:
    """Read the length and the media type of a recording."""
    source = audio_source(data)
    seconds = audio_seconds(name, len(data), lambda start, size: data[start : start + size])
    kind = media_type("bytes", None, "a", lambda: data[:64])
    assert seconds is None or 0 < seconds <= source.size_bytes / 64
    assert "\r" not in kind
    assert "\n" not in kind
    return f"{seconds if seconds is None else round(seconds, 3)} s, {kind}"


@pytest.mark.parametrize("row", RECORDINGS, ids=lambda row: row.words)
def test_a_hostile_recording_has_the_outcome_of_its_row(row: Row) -> None:
    row.check(assert_harmless(lambda: use_recording(*row.given)))


MAGIC = st.sampled_from(
    [b"RIFF\xff\xff\xff\xffWAVEfmt ", b"fLaC", b"OggS", b"ID3\3", b"\xff\xfb",
     b"FORM\0\0\0\0AIFF", b"\0\0\0\x20ftypM4A ",
     b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x1a\x45\xdf\xa3", b""]
)  # fmt: skip


@given(MAGIC, st.binary(max_size=300), st.sampled_from(["a.wav", "a.mp3", "a.m4a", "a.ogg", "a.aiff", "a.flac", "a"]))
def test_any_recording_has_a_length_that_it_can_hold_or_none(magic: bytes, rest: bytes, name: str) -> None:
    assert_harmless(lambda: use_recording(name, magic + rest))


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ARGUMENTS, ids=lambda row: row.words)
def test_a_hostile_argument_has_the_outcome_of_its_row(row: Row, hostile_server: HostileServer) -> None:
    hostile_server.answer = json_response(JOB)
    method, arguments = row.given
    with hostile_server.client() as client:
        row.check(assert_harmless(lambda: getattr(client, method)(**arguments), resident=True))


WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), STRANGE_TEXT, st.binary(max_size=5), st.lists(st.integers()),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), st.just(10**5_000), st.just("9" * 5_000),
)  # fmt: skip
METHODS = {
    "submit": ("audio", "filename", "content_type"),
    "get_transcription": ("job_id",),
    "list_transcriptions": ("limit", "offset"),
    "with_limits": ("total_timeout", "max_retries"),
}
GOOD = {"submit": {"audio": b"RIFF", "filename": "a.mp3"}, "get_transcription": {"job_id": 7}}


@given(st.sampled_from([(method, name) for method, names in METHODS.items() for name in names]), WRONG)
def test_any_argument_is_taken_or_an_error_of_ours(
    hostile_server: HostileServer, place: tuple[str, str], value: Any
) -> None:
    method, name = place
    hostile_server.answer = json_response({**JOB, "transcriptions": []})
    with hostile_server.client() as client:
        assert_harmless(lambda: getattr(client, method)(**{**GOOD.get(method, {}), name: value}), resident=True)


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_of(api_key: Any = KEY, base_url: Any = None, written: Any = ()) -> ClientSettings:
    return settings_from_strings(api_key, base_url, dict(written) if written == () else written, "extra {}".format)


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.words)
def test_hostile_settings_have_the_outcome_of_their_row(row: Row) -> None:
    row.check(assert_harmless(lambda: settings_of(**row.given), resident=True))


FIELDS = (
    "submit_path",
    "connect_timeout",
    "read_timeout",
    "max_retries",
    "verify",
    "allow_http",
    "price_per_audio_hour",
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=12), WRONG, max_size=3))
def test_any_settings_are_taken_or_an_error_of_ours(written: dict[str, Any]) -> None:
    assert_harmless(lambda: settings_of(written=written), resident=True)


@given(STRANGE_TEXT | st.text("ab.:/@[]\\?#% ", max_size=20).map("https://{}".format))
def test_any_host_is_taken_or_an_error_of_ours(host: str) -> None:
    assert_harmless(lambda: settings_of(base_url=host), resident=True)


@given(st.text(max_size=20))
def test_any_key_is_taken_or_an_error_of_ours(key: str) -> None:
    whole = KEY + key  # not in the line that a traceback shows
    assert_harmless(lambda: settings_of(api_key=whole), resident=True)
