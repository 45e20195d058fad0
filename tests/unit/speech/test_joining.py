"""Joined audio, sample by sample."""

from __future__ import annotations

import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.speech.joining import faded, joined_blocks, joined_frames, pause_frames, silence
from airflow_provider_fluxions.speech.pieces import Piece, cut_text
from airflow_provider_fluxions.speech.timeline import PieceTime, piece_times, sentence_times

RATE = 24_000


def samples(pcm: bytes) -> list[int]:
    return array.array("h", pcm).tolist()


def steady(frames: int, channels: int = 1, level: int = 12_000) -> bytes:
    return array.array("h", [level] * frames * channels).tobytes()


@pytest.mark.parametrize("channels", [1, 2])
def test_five_ms_rise_from_and_fall_to_silence(channels: int) -> None:
    got = samples(faded(steady(1_000, channels), RATE, channels))
    assert got[::channels][:3] == [0, 100, 200]
    assert got[::-1][::channels][:3] == [0, 100, 200]
    assert got[120 * channels : -120 * channels] == [12_000] * (760 * channels)
    assert got == got[::-1]


@given(st.binary(max_size=400), st.sampled_from([1, 2, 3]))
def test_a_fade_keeps_the_number_of_samples_and_makes_none_louder(noise: bytes, channels: int) -> None:
    pcm = noise[: len(noise) // (2 * channels) * 2 * channels]
    before, after = samples(pcm), samples(faded(pcm, RATE, channels))
    assert len(before) == len(after)
    assert all(abs(new) <= abs(old) for old, new in zip(before, after, strict=True))


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 0.05)), max_size=5), st.sampled_from([1, 2]))
def test_joined_audio_has_the_frames_that_were_counted(parts: list[tuple[int, float]], channels: int) -> None:
    blocks = joined_blocks(((steady(frames, channels), pause) for frames, pause in parts), RATE, channels)
    assert len(b"".join(blocks)) == 2 * channels * joined_frames(parts, RATE)


def test_a_pause_is_silence_between_two_pieces() -> None:
    pcm = b"".join(joined_blocks([(steady(300), 0.01), (steady(300), 0.0)], RATE, 1))
    assert samples(pcm)[300:540] == [0] * 240 == samples(silence(0.01, RATE, 1))
    assert len(samples(pcm)) == 840


def test_each_piece_starts_where_its_samples_do() -> None:
    pieces = (Piece("One.", 0.6), Piece("Two.", 0.3), Piece("Three.", 0.0))
    times = piece_times(pieces, [1_000, 2_000, 500], RATE)
    assert times == (
        PieceTime("One.", 0, 1_000, RATE),
        PieceTime("Two.", 15_400, 17_400, RATE),
        PieceTime("Three.", 24_600, 25_100, RATE),
    )
    pcm = b"".join(joined_blocks([(steady(one.end_frame - one.start_frame), piece.pause_seconds)
                                  for one, piece in zip(times, pieces, strict=True)], RATE, 1))  # fmt: skip
    heard = [index for index, value in enumerate(samples(pcm)) if value == 12_000]
    assert [one.start_frame + 120 in heard and one.start_frame + 119 not in heard for one in times] == [True] * 3


def test_sentences_within_a_piece_are_estimated_and_marked_so() -> None:
    first, second = sentence_times(PieceTime("Short one.\n\nA sentence twice as long.", 1_000, 25_000, RATE))
    assert (first.text, first.start_frame, second.end_frame) == ("Short one.", 1_000, 25_000)
    assert first.end_frame == second.start_frame == 1_000 + 24_000 * 10 // 35
    assert first.is_estimated
    assert second.is_estimated
    (alone,) = sentence_times(PieceTime("[laugh]", 0, 10, RATE))
    assert (alone.start, alone.end, alone.is_estimated) == (0.0, 10 / RATE, False)


@given(
    st.lists(st.sampled_from(["One.", "Two words.", "[sigh]", "\n\n", "A longer sentence, with a clause."]), min_size=1)
)
def test_sentences_follow_each_other_without_a_gap(parts: list[str]) -> None:
    text = " ".join(["Start.", *parts])
    for piece in cut_text(text):
        times = sentence_times(PieceTime(piece.text, 7, 1_007, RATE))
        assert [one.end_frame for one in times[:-1]] == [one.start_frame for one in times[1:]]
        assert (times[0].start_frame, times[-1].end_frame) == (7, 1_007)


def test_a_pause_has_whole_frames() -> None:
    assert pause_frames(0.3, 22_050) == 6_615
