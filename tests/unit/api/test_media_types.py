"""The media type of a recording comes from the recording, and only at last from the name to show."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.audio import Audio
from airflow_provider_fluxions.api.media_types import content_type_of, media_type, type_of_bytes
from tests.unit.conftest import Service
from tests.unit.fakes import Source

WAV = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt "
FLAC = b"fLaC\0\0\0\x22"
TEXT = b"not audio at all"


@pytest.mark.parametrize(
    ("uri", "stored", "head", "filename", "expected"),
    [
        ("s3://b/call.mp3", "audio/x-own", WAV, "Call with Bob", "audio/mpeg"),
        ("s3://b/CALL.MP3", None, WAV, "call.wav", "audio/mpeg"),
        ("s3://b/call", "audio/x-own; charset=binary", WAV, "Call with Bob", "audio/x-own; charset=binary"),
        ("s3://b/call.bin", "audio/x-own", WAV, "Call with Bob", "audio/x-own"),
        ("s3://b/call", "binary/octet-stream", WAV, "Call with Bob", "audio/wav"),
        ("s3://b/call", "application/octet-stream", FLAC, "call.mp3", "audio/flac"),
        ("s3://b/call", "text/html", FLAC, "call.mp3", "audio/flac"),
        ("s3://b/call", "", FLAC, "call.mp3", "audio/flac"),
        ("bytes", None, TEXT, "call.mp3", "audio/mpeg"),
        ("s3://b/v2.0", None, TEXT, "Call with Bob", "application/octet-stream"),
        ("notes.txt", None, TEXT, "notes.txt", "text/plain"),
        ("notes.txt", None, WAV, "notes.txt", "audio/wav"),
    ],
)
def test_the_recording_decides_before_the_name_to_show(
    uri: str, stored: str | None, head: bytes, filename: str, expected: str
) -> None:
    assert media_type(uri, stored, filename, lambda: head) == expected


def test_the_first_bytes_are_not_read_where_the_extension_says_it() -> None:
    def never() -> bytes:
        raise AssertionError("read")

    assert media_type("call.mp3", None, "Call with Bob", never) == "audio/mpeg"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (WAV, "audio/wav"),
        (b"RF64" + bytes(4) + b"WAVE", "audio/wav"),
        (b"FORM" + bytes(4) + b"AIFF", "audio/aiff"),
        (b"FORM" + bytes(4) + b"AIFC", "audio/aiff"),
        (FLAC, "audio/flac"),
        (b"OggS\0\x02", "audio/ogg"),
        (b"ID3\x04\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf3\x40\xc0", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\xff\xf9\x50\x80", "audio/aac"),
        (bytes(4) + b"ftypM4A ", "audio/mp4"),
        (bytes(4) + b"ftypqt  ", "video/quicktime"),
        (bytes(4) + b"ftyp3gp4", "audio/3gpp"),
        (b"caff\0\x01", "audio/x-caf"),
        (b"#!AMR\n", "audio/amr"),
        (bytes.fromhex("3026b2758e66cf11a6d9"), "audio/x-ms-wma"),
        (bytes.fromhex("1a45dfa3") + b"\x01B\x82\x84webm", "audio/webm"),
        (bytes.fromhex("1a45dfa3") + b"\x01B\x82\x88matroska", "audio/x-matroska"),
        (b"", None),
        (b"\xff\xff\xff\xff", None),
        (b"\xff\xfe<\0?\0x\0", None),
        (TEXT, None),
        (b"<html>", None),
    ],
)
def test_the_first_bytes_show_what_a_recording_is(head: bytes, expected: str | None) -> None:
    assert type_of_bytes(head) == expected


@given(st.binary(max_size=80))
def test_any_first_bytes_can_be_judged(head: bytes) -> None:
    assert type_of_bytes(head) is None or "/" in str(type_of_bytes(head))


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.mp3", "audio/mpeg"),
        ("A.MP3", "audio/mpeg"),
        ("a.wav", "audio/wav"),
        ("a.m4a", "audio/mp4"),
        ("a.m4b", "audio/mp4"),
        ("a.mpga", "audio/mpeg"),
        ("a.opus", "audio/ogg"),
        ("a.flac", "audio/flac"),
        ("a.txt", "text/plain"),
        ("a", "application/octet-stream"),
        (".mp3", "application/octet-stream"),
        ("a.neverheardof", "application/octet-stream"),
    ],
)
def test_a_name_suggests_a_media_type_by_its_extension(filename: str, content_type: str) -> None:
    assert content_type_of(filename) == content_type


def sent_type(service: Service, source: object, filename: str) -> str:
    service.client().submit(source, filename=filename)  # type: ignore[arg-type]
    return service.posts[-1].headers["content-type"]


def test_a_recording_with_a_name_of_words_is_sent_as_what_it_is(documented: Service) -> None:
    recording = Source([b"ID3 audio"], 9, uri="s3://bucket/call.mp3")
    assert sent_type(documented, recording, "Call with Bob") == "audio/mpeg"


def test_a_recording_without_an_extension_is_sent_as_its_store_has_it(documented: Service) -> None:
    stored = Audio("s3://bucket/call", 4, "1", lambda: Source([b"0123"], 4).open(), content_type="audio/ogg")
    assert sent_type(documented, stored, "Call with Bob") == "audio/ogg"


def test_a_recording_that_only_its_bytes_tell_is_sent_whole_with_one_opening(documented: Service) -> None:
    recording = Source([WAV, b"rest"], len(WAV) + 4, uri="s3://bucket/call")
    assert sent_type(documented, recording, "Call with Bob") == "audio/wav"
    assert documented.emulator.jobs[0].size_bytes == len(WAV) + 4
    assert recording.opened == 1
