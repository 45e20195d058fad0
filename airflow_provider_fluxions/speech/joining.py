"""Joining pieces of speech: a short fade at both ends of each, and a pause between two. No I/O.

Samples are signed 16-bit little-endian, interleaved by channel, as in `SpeechAudio.pcm`.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Iterable, Iterator

from airflow_provider_fluxions.api.speech_audio import SAMPLE_BYTES

# Long enough that no seam clicks, too short to notice.
FADE_SECONDS = 0.005


def faded(pcm: bytes, sample_rate: int, channels: int) -> bytes:
    """Return samples whose first and last 5 ms rise from and fall to silence. Their number stays the same."""
    frame = SAMPLE_BYTES * channels
    count = min(round(FADE_SECONDS * sample_rate), len(pcm) // frame // 2)
    if not count:
        return pcm
    size = count * frame
    start, end = pcm[:size], pcm[len(pcm) - size :]
    # A view and one join: the middle of a piece is copied once.
    middle = memoryview(pcm)[size : len(pcm) - size]
    rise, fall = _ramp(start, count, channels, range(count)), _ramp(end, count, channels, range(count - 1, -1, -1))
    return b"".join((rise, middle, fall))


def pause_frames(seconds: float, sample_rate: int) -> int:
    """Return the frames of a pause."""
    return round(seconds * sample_rate)


def silence(seconds: float, sample_rate: int, channels: int) -> bytes:
    """Return the samples of a pause."""
    return bytes(pause_frames(seconds, sample_rate) * SAMPLE_BYTES * channels)


def joined_blocks(parts: Iterable[tuple[bytes, float]], sample_rate: int, channels: int) -> Iterator[bytes]:
    """Yield the samples of a joined text, a block for each piece and each pause. One piece is in memory at a time.

    :param parts: The samples of each piece and the seconds of pause after it.
    """
    for pcm, pause_seconds in parts:
        block = faded(pcm, sample_rate, channels)
        del pcm  # while a block is written, the samples that it was made of are not needed
        yield block
        del block
        pause = silence(pause_seconds, sample_rate, channels)
        if pause:
            yield pause


def joined_frames(parts: Iterable[tuple[int, float]], sample_rate: int) -> int:
    """Return the frames of a joined text.

    :param parts: The frames of each piece and the seconds of pause after it.
    """
    return sum(frames + pause_frames(pause_seconds, sample_rate) for frames, pause_seconds in parts)


def _ramp(pcm: bytes, count: int, channels: int, gains: range) -> bytes:
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    for frame, gain in enumerate(gains):
        for index in range(frame * channels, (frame + 1) * channels):
            samples[index] = int(samples[index] * gain / count)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
