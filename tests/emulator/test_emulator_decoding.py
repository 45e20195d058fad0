"""What phones and meetings record becomes samples."""

from __future__ import annotations

import array
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_fluxions.emulator import RecognitionError
from airflow_provider_fluxions.emulator.decoding import SAMPLE_RATE_HZ, Decoder

if TYPE_CHECKING:
    from collections.abc import Callable

av = pytest.importorskip("av", reason="extra asr not installed")

SECONDS = 2


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Write a tone of 440 Hz as a file of this name."""

    def write(name: str, codec: str, rate: int, tone_hz: float = 440.0) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream(codec, rate=rate, layout="mono")
            tone = [math.sin(2 * math.pi * tone_hz * n / rate) / 2 for n in range(SECONDS * rate)]
            size = stream.codec_context.frame_size or 1024
            resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate, frame_size=size)
            frame = av.AudioFrame(format="flt", layout="mono", samples=len(tone))
            frame.sample_rate = rate
            frame.planes[0].update(array.array("f", tone).tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            for ready in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(ready))
            container.mux(stream.encode(None))
        return path

    return write


def samples(path: Path, window_seconds: int = 60) -> array.array[float]:
    with Decoder().open(path, window_seconds) as decoded:
        return array.array("f", [sample for window in decoded.windows for sample in window])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("memo.m4a", "aac", 44_100),
        ("meeting.mp4", "aac", 48_000),
        ("voice.opus", "libopus", 48_000),
        ("voice.ogg", "libopus", 48_000),
        ("call.webm", "libopus", 48_000),
        ("call.wav", "pcm_mulaw", 8_000),
        ("call.amr", "libopencore_amrnb", 8_000),
        ("memo.flac", "flac", 44_100),
        ("memo.mp3", "libmp3lame", 44_100),
    ],
)
def test_each_kind_of_recording_is_decoded(make: Callable[..., Path], name: str, codec: str, rate: int) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg cannot write {codec}")
    decoded = samples(make(name, codec, rate))
    assert len(decoded) / SAMPLE_RATE_HZ == pytest.approx(SECONDS, abs=0.2)
    crossings = sum(a < 0 <= b for a, b in pairwise(decoded))
    assert crossings / SECONDS == pytest.approx(440, abs=20)


def test_a_long_recording_comes_in_windows_of_the_length_that_was_asked_for(make: Callable[..., Path]) -> None:
    with Decoder().open(make("memo.wav", "pcm_s16le", 16_000), 1) as decoded:
        assert decoded.seconds == pytest.approx(SECONDS)
        assert [len(window) for window in decoded.windows] == [SAMPLE_RATE_HZ, SAMPLE_RATE_HZ]


def test_telephone_audio_has_no_mirrored_tones(make: Callable[..., Path]) -> None:
    """A tone of 3 kHz at 8,000 Hz has its mirror at 5 kHz, which tells no speaker from another."""
    decoded = samples(make("call.wav", "pcm_s16le", 8_000, 3_000.0))[SAMPLE_RATE_HZ // 2 : SAMPLE_RATE_HZ]

    def strength(hz: float) -> float:
        steps = [(sample, 2 * math.pi * hz * n / SAMPLE_RATE_HZ) for n, sample in enumerate(decoded)]
        return math.hypot(sum(s * math.cos(a) for s, a in steps), sum(s * math.sin(a) for s, a in steps))

    assert strength(5_000) < strength(3_000) / 100


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mute.mp4"), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(RecognitionError, match="no sound"):
        samples(tmp_path / "mute.mp4")


def test_a_playlist_opens_no_other_file(make: Callable[..., Path], tmp_path: Path) -> None:
    secret = make("secret.wav", "pcm_s16le", 16_000)
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n")
    concat = tmp_path / "list.mp3"
    concat.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    for path in (playlist, concat):
        with pytest.raises(RecognitionError, match="could not be decoded"):
            samples(path)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(b"this is no audio at all" * 50)
    with pytest.raises(RecognitionError, match="could not be decoded"):
        samples(tmp_path / "noise.mp3")
