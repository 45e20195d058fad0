"""Jobs as the vendor's JSON, field by field as its page shows them (https://fluxions.ai/docs)."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from airflow_provider_fluxions.emulator.derived import DerivedRecogniser
from airflow_provider_fluxions.emulator.profiles import Profile
from airflow_provider_fluxions.emulator.recognition import Recognition, Segment, Upload, without_tags
from airflow_provider_fluxions.emulator.store import EmulatedJob

_CHUNK_SECONDS = 28.0
"""The page's example has 11 chunks for 300 seconds."""
_PROCESSING_SHARE = 0.15
_METADATA = ("audio_duration", "audio_format", "processing_time", "language", "num_segments", "num_speakers")
# ".invalid" never resolves (RFC 2606), so a client cannot send a key there by mistake.
_AUDIO_URL = "https://audio.r2.invalid/{sha256}?X-Amz-Expires=3600&X-Amz-Signature=emulated"


def submitted(job: EmulatedJob, query_urls_base: str) -> dict[str, Any]:
    """Return the response to a submit. ``cached`` is false also for a cached job, as on the page."""
    url = f"{query_urls_base}/transcriptions/{job.id}"
    return {
        "id": job.id,
        "status": job.status,
        "created_at": timestamp(job.created_at + job.clock_offset_seconds),
        "original_audio_url": _AUDIO_URL.format(sha256=job.sha256),
        "query_urls": {"get": url, "status": url},
        "cached": False,
    }


def transcription(job: EmulatedJob, profile: Profile, word_timestamps: bool, words: bool) -> dict[str, Any]:
    """Return the response for one job. It contains the transcript when the job is completed."""
    recognition = _result(job)
    view: dict[str, Any] = {
        "id": job.id,
        "status": job.status,
        "created_at": timestamp(job.created_at + job.clock_offset_seconds),
        "updated_at": timestamp(job.updated_at + job.clock_offset_seconds),
        "filename": job.filename,
        "non_speech": job.non_speech,
        "audio_url": _AUDIO_URL.format(sha256=job.sha256),
        "cached": job.cached,
    }
    summary = _Summary.of(recognition) if recognition is not None else None
    view |= _metadata(summary, profile, ("num_chunks",))
    if job.status == "failed":
        view["error_message"] = job.error_message or "Transcription failed."
    if recognition is None:
        return view
    if profile.inline_text:
        view["text"] = _text(recognition, job.non_speech)
    if profile.segments_always or word_timestamps:
        shown = recognition.segments
        view["segments"] = [_segment(segment, profile, word_timestamps and words) for segment in shown]
    return view


def list_entry(job: EmulatedJob, profile: Profile) -> dict[str, Any]:
    """Return one entry of the list, without transcript and error message."""
    view = {
        "id": job.id,
        "status": job.status,
        "created_at": timestamp(job.created_at + job.clock_offset_seconds),
        "filename": job.filename,
        "original_audio_url": _AUDIO_URL.format(sha256=job.sha256),
    }
    return view | _metadata(_summary(job), profile, ())


def timestamp(epoch_seconds: float) -> str:
    """Write an instant as the page does: ``2025-10-24T10:35:00.000Z``."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _result(job: EmulatedJob) -> Recognition | None:
    if job.status != "completed":
        return None
    if job.recognition is not None:
        return Recognition.from_json(job.recognition)
    return _derived(job.sha256, job.size_bytes)


def _derived(sha256: str, size_bytes: int) -> Recognition:
    """Seeded jobs keep no transcript: thousands of them must cost next to nothing."""
    return DerivedRecogniser().recognise(Upload(sha256, size_bytes, b""))


@dataclass(frozen=True)
class _Summary:
    """What the list says about a transcript."""

    duration_seconds: float
    audio_format: str
    language: str
    segments: int
    speakers: int

    @classmethod
    def of(cls, recognition: Recognition) -> _Summary:
        segments, speakers = len(recognition.segments), recognition.speaker_count
        return cls(recognition.duration_seconds, recognition.audio_format, recognition.language, segments, speakers)


def _summary(job: EmulatedJob) -> _Summary | None:
    if job.status != "completed":
        return None
    if job.recognition is None:
        return _derived_summary(job.sha256, job.size_bytes)
    raw = json.loads(job.recognition)
    segments, speakers = sum(len(turn["segments"]) for turn in raw["turns"]), {turn["speaker"] for turn in raw["turns"]}
    return _Summary(raw["duration_seconds"], raw["audio_format"], raw["language"], segments, len(speakers))


# Clients read a list of thousands of jobs again and again; each transcript behind it is made once.
@lru_cache(maxsize=16_384)
def _derived_summary(sha256: str, size_bytes: int) -> _Summary:
    return _Summary.of(_derived(sha256, size_bytes))


def _metadata(summary: _Summary | None, profile: Profile, extra: tuple[str, ...]) -> dict[str, Any]:
    names = (*_METADATA, *extra)
    if summary is None:
        return dict.fromkeys(names) if profile.unknown_as_null else {}
    duration = summary.duration_seconds
    values = {
        "audio_duration": duration,
        "audio_format": summary.audio_format,
        "processing_time": round(duration * _PROCESSING_SHARE, 1),
        "language": summary.language,
        "num_segments": summary.segments,
        "num_speakers": summary.speakers,
        "num_chunks": math.ceil(duration / _CHUNK_SECONDS),
    }
    return {name: values[name] for name in names}


def _text(recognition: Recognition, tags: bool) -> str:
    lines = [(turn.speaker, turn.text if tags else without_tags(turn.text)) for turn in recognition.turns]
    return "\n".join(f"SPEAKER_{speaker}: {text}" for speaker, text in lines)


def _segment(segment: Segment, profile: Profile, words: bool) -> dict[str, Any]:
    view = asdict(segment)
    if not profile.tags_in_segments:
        view["text"] = without_tags(segment.text)
    if not words:
        del view["words"]
    return view
