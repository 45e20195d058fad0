"""Audio sources: measured before they are sent, opened afresh, and exactly as long as announced."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import pytest

from airflow_provider_fluxions.api.audio import BLOCK_BYTES, Audio, UploadBody, audio_source
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from tests.unit.fakes import Source, source


def sent(body: UploadBody) -> bytes:
    return b"".join(body)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "interview.mp3"
    path.write_bytes(b"0123456789")
    return path


def test_bytes_are_a_source() -> None:
    audio = audio_source(b"0123")
    assert (audio.size_bytes, audio.open().read()) == (4, b"0123")


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_a_local_path_is_a_source(recording: Path, kind: type) -> None:
    audio = audio_source(kind(recording))
    assert (audio.uri, audio.size_bytes, audio.open().read()) == (str(recording), 10, b"0123456789")


def test_the_version_of_a_local_file_changes_with_its_content(recording: Path) -> None:
    before = audio_source(recording).version
    recording.write_bytes(b"9876543210")
    os.utime(recording, ns=(1, 1))
    assert audio_source(recording).version != before
    assert audio_source(recording).version == audio_source(recording).version


def test_a_source_of_somebody_elses_making_is_taken_as_it_is() -> None:
    audio = source()
    assert audio_source(audio) is audio


def test_an_open_file_is_sent_from_where_it_stands_and_again_from_there(recording: Path) -> None:
    with recording.open("rb") as file:
        file.seek(4)
        audio = audio_source(file)
        assert audio.size_bytes == 6
        assert [audio.open().read(), audio.open().read()] == [b"456789", b"456789"]


def test_an_open_file_of_the_caller_stays_open(recording: Path) -> None:
    with recording.open("rb") as file:
        audio_source(file).open().close()
        assert not file.closed


def test_temporary_files_are_sources() -> None:
    with tempfile.SpooledTemporaryFile() as spooled, tempfile.NamedTemporaryFile() as named:
        for file in (spooled, named):
            file.write(b"0123")
            file.seek(0)
            assert audio_source(file).open().read() == b"0123"  # type: ignore[arg-type]


@pytest.mark.parametrize("empty", [b"", io.BytesIO(), Audio("s3://bucket/empty.mp3", 0, "", io.BytesIO)])
def test_nothing_to_send_is_refused(empty: object) -> None:
    with pytest.raises(FluxionsAudioError, match="0 bytes"):
        audio_source(empty)  # type: ignore[arg-type]


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    with pytest.raises(FluxionsAudioError, match=r"empty\.mp3 has 0 bytes"):
        audio_source(tmp_path / "empty.mp3")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FluxionsAudioError, match=r"gone\.mp3 does not exist"):
        audio_source(tmp_path / "gone.mp3")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FluxionsAudioError, match="is a folder"):
        audio_source(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_is_refused_before_anything_is_sent(recording: Path) -> None:
    recording.chmod(0)
    with pytest.raises(FluxionsAudioError, match="cannot be read"):
        audio_source(recording)


def test_a_file_that_vanished_since_it_was_measured_is_named(recording: Path) -> None:
    audio = audio_source(recording)
    recording.unlink()
    with pytest.raises(FluxionsAudioError, match=r"interview\.mp3 was removed or became unreadable"):
        audio.open()


def closed_file() -> io.BytesIO:
    file = io.BytesIO(b"0123")
    file.close()
    return file


def pipe() -> io.FileIO:
    reading, writing = os.pipe()
    os.close(writing)
    return io.FileIO(reading, "rb")


@pytest.mark.parametrize("make", [lambda: io.StringIO("text"), closed_file, pipe, object, lambda: bytearray(b"0123")])
def test_what_cannot_be_sent_again_is_refused(make: object) -> None:
    with pytest.raises(FluxionsAudioError, match="seekable binary file"):
        audio_source(make())  # type: ignore[operator]


def test_a_body_announces_its_length_and_counts_what_it_gave() -> None:
    body = UploadBody(source(b"0123"))
    assert (body.len, body.bytes_given) == (4, 0)
    assert sent(body) == b"0123"
    assert body.bytes_given == 4


def test_the_first_bytes_of_a_body_can_be_seen_before_they_are_sent() -> None:
    body = UploadBody(Source([b"01", b"23"], 4))
    assert (body.first_bytes(), body.first_bytes(), body.bytes_given) == (b"01", b"01", 0)
    assert sent(body) == b"0123"


def test_a_body_reads_in_blocks_of_one_mebibyte() -> None:
    audio = b"x" * (2 * BLOCK_BYTES + 1)
    assert [len(block) for block in UploadBody(audio_source(audio))] == [BLOCK_BYTES, BLOCK_BYTES, 1]


def test_a_source_that_gives_less_than_it_is_asked_for_is_read_on() -> None:
    assert sent(UploadBody(Source([b"01", b"2", b"3"], 4))) == b"0123"


@pytest.mark.parametrize("blocks", [[], [b"012"], [b"0", b"1"]])
def test_a_source_shorter_than_announced_raises(blocks: list[bytes]) -> None:
    with pytest.raises(FluxionsAudioError, match="instead of 4") as changed:
        sent(UploadBody(Source(blocks, 4)))
    assert changed.value.transient


@pytest.mark.parametrize("blocks", [[b"01234"], [b"0123", b"4"], [b"01", b"23", b"4"]])
def test_a_source_longer_than_announced_raises_before_its_last_announced_byte_goes(blocks: list[bytes]) -> None:
    """With that byte the server would have a whole recording, and would make a job of it."""
    given: list[bytes] = []
    with pytest.raises(FluxionsAudioError, match="instead of 4"):
        given.extend(UploadBody(Source(blocks, 4)))
    assert len(b"".join(given)) < 4


def test_a_source_that_breaks_off_raises_a_transient_error() -> None:
    with pytest.raises(FluxionsAudioError, match="failed after 2 of 4 bytes") as broken:
        sent(UploadBody(Source([b"01", ConnectionResetError("gone")], 4)))
    assert broken.value.transient


def test_closing_a_body_closes_its_source() -> None:
    audio = source()
    UploadBody(audio).close()
    assert (audio.opened, audio.closed) == (1, 1)
