"""Real speech recognition, offline: the English model in the moonshine-voice 0.1.0 wheel (extra ``asr``)."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from airflow_provider_fluxions.emulator import probe
from airflow_provider_fluxions.emulator.decoding import SAMPLE_RATE_HZ, Decoder
from airflow_provider_fluxions.emulator.recognition import (
    MissingExtraError,
    Recognition,
    RecognitionError,
    Segment,
    Turn,
    Upload,
    spread_words,
)

# Seconds of audio that are recognized, and those of the whole recording; None if its header does not say.
Progress = Callable[[float, float | None], None]

_WINDOW_SECONDS = 300
"""The package copies samples into Python floats, so a window limits the memory. Speakers are matched in a window."""
_MIN_SEGMENT_SECONDS = 0.1
_ONE_SPEAKER_SECONDS = 10.0
"""A recording up to this long has one speaker: diarization takes at least 6 s of CPU, the words of a sentence 0.4 s."""
_OPTIONS = {
    "identify_speakers": "true",
    # Every fourth analysis step, one clustering per minute: all turns of samples/dialogue.mp3 are correct, in a
    # fraction of the defaults' time. With a cadence of ten the spans are wrong.
    "diarization_analyze_cadence": "4",
    "diarization_cluster_cadence": "60",
    # Otherwise every line returns its samples as a list of Python floats.
    "return_audio_data": "false",
}


class MoonshineRecogniser:
    """Transcribes English speech with a tiny local model, not the vendor's; `Decoder` lists the kinds of files.

    Speakers come from the package's diarization; recordings of up to 10 s have one. It has no word times, so words
    are spread over their segment. It recognizes no ``[laugh]`` and no other tag. The model is loaded at once,
    to fail early.

    :param on_progress: Called in the thread of the recognition after each window of `_WINDOW_SECONDS`.
    :raises MissingExtraError: if ``moonshine-voice`` or ``av`` is not installed.
    """

    needs_audio = True

    def __init__(self, on_progress: Progress | None = None) -> None:
        self._moonshine = _import("moonshine_voice")
        self._decoder = Decoder()
        self._transcriber = self._load(_OPTIONS)
        self._lock = threading.Lock()
        self._on_progress = on_progress

    def recognise(self, upload: Upload) -> Recognition:
        """Transcribe a spooled upload.

        :raises RecognitionError: the file cannot be decoded.
        """
        if upload.path is None or not upload.path.exists():
            raise RecognitionError("The audio is no longer available.")
        segments: list[Segment] = []
        seconds = 0.0
        with self._lock, self._decoder.open(upload.path, _WINDOW_SECONDS) as decoded:
            self._report(0.0, decoded.seconds)
            for window in decoded.windows:
                segments += self._window(window, seconds)
                seconds += len(window) / SAMPLE_RATE_HZ
                self._report(seconds, decoded.seconds)
        if not seconds:
            raise RecognitionError("The audio could not be decoded: it has no samples.")
        container = probe.audio_format(upload.head) or "unknown"
        return Recognition("en", round(seconds, 2), container, _turns(_numbered(segments)))

    def _load(self, options: Mapping[str, str]) -> Any:
        model = importlib.import_module("moonshine_voice.utils").get_model_path("tiny-en")
        return self._moonshine.Transcriber(str(model), self._moonshine.ModelArch.TINY, options=options)

    @cached_property
    def _one_speaker_transcriber(self) -> Any:
        return self._load({**_OPTIONS, "identify_speakers": "false"})

    def _report(self, seconds: float, total: float | None) -> None:
        if self._on_progress is not None:
            self._on_progress(seconds, total)

    def _window(self, samples: Sequence[float], offset_seconds: float) -> list[Segment]:
        is_short = not offset_seconds and len(samples) <= _ONE_SPEAKER_SECONDS * SAMPLE_RATE_HZ
        transcriber = self._one_speaker_transcriber if is_short else self._transcriber
        try:
            transcript = transcriber.transcribe_without_streaming(samples, SAMPLE_RATE_HZ)
        except self._moonshine.MoonshineError as error:
            raise RecognitionError(f"The audio could not be transcribed: {error}") from error
        spoken = [line for line in transcript.lines if line.text.strip()]
        return [_segment(line, offset_seconds) for line in spoken]


def _segment(line: Any, offset_seconds: float) -> Segment:
    spans = line.speaker_spans or []
    # The voice detector cuts at pauses, so a line with two speakers is rare: the longer one gets it.
    longest = max(spans, key=lambda span: span.duration, default=None)
    speaker = str(longest.speaker_index) if longest is not None else "0"
    start, text = offset_seconds + line.start_time, line.text.strip()
    end = start + max(_MIN_SEGMENT_SECONDS, line.duration)
    return Segment(speaker, text, round(start, 2), round(end, 2), 0, spread_words(text, start, end))


def _numbered(segments: list[Segment]) -> list[Segment]:
    """Number the speakers of one recording from 0, as they first speak: the package counts over all recordings."""
    numbers: dict[str, str] = {}
    for segment in segments:
        numbers.setdefault(segment.speaker, str(len(numbers)))
    return [replace(segment, speaker=numbers[segment.speaker]) for segment in segments]


def _turns(segments: list[Segment]) -> tuple[Turn, ...]:
    groups: list[list[Segment]] = []
    for segment in segments:
        if groups and groups[-1][0].speaker == segment.speaker:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return tuple(_turn(group) for group in groups)


def _turn(group: list[Segment]) -> Turn:
    numbered = tuple(
        Segment(segment.speaker, segment.text, segment.start, segment.end, number, segment.words)
        for number, segment in enumerate(group)
    )
    return Turn(group[0].speaker, " ".join(segment.text for segment in group), numbered)


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"Speech recognition needs {error.name}: install airflow-provider-fluxions[emulator,asr]"
        ) from error
