"""What tests of speech transfers share."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator
from tests.airflow.conftest import INPUT, OUTPUT, task_context

TTS = "/vui/v1/tts"
# Two paragraphs of one piece each.
LONG = "\n\n".join(" ".join(f"Word {letter}{number}." for number in range(50)) for letter in "ab")

# Six pieces: its audio is a multipart upload.
BOOK = "\n\n".join(" ".join(f"Word {letter}{number}." for number in range(75)) for letter in "abcdef")


def texts(s3: Any, **files: str) -> None:
    """Store texts: ``a_txt="Hello."`` becomes ``a.txt``."""
    for name, text in files.items():
        s3.put_object(Bucket=INPUT, Key=".".join(name.rsplit("_", 1)), Body=text.encode())


def lines(s3: Any, *rows: dict[str, Any], key: str = "p.jsonl") -> None:
    """Store a JSON Lines file of texts."""
    s3.put_object(Bucket=INPUT, Key=key, Body="\n".join(map(json.dumps, rows)).encode())


def speaker(**options: Any) -> FluxionsS3TextToSpeechOperator:
    """Return an operator that speaks all texts."""
    options = {"source": f"s3://{INPUT}/", "destination": f"s3://{OUTPUT}/out/", **options}
    return FluxionsS3TextToSpeechOperator(task_id="t", **options)


def speak(context: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Speak all texts and return the summary."""
    return speaker(**options).execute(context or task_context())


def tomorrow() -> dict[str, Any]:
    """Return the context of another run."""
    return task_context(run_id="tomorrow")


def audio_of(s3: Any, key: str) -> wave.Wave_read:
    """Return a stored WAV, opened by Python's own reader."""
    return wave.open(io.BytesIO(s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read()))


def metadata_of(s3: Any, key: str) -> dict[str, str]:
    """Return an object's metadata."""
    found: dict[str, str] = s3.head_object(Bucket=OUTPUT, Key=key)["Metadata"]
    return found


def rows_of(s3: Any, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a run's manifest."""
    bucket, _, key = summary["manifest"].removeprefix("s3://").partition("/")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return [json.loads(line) for line in text.splitlines()]


def pieces(s3: Any) -> list[str]:
    """Return the keys of stored pieces."""
    found = s3.list_objects_v2(Bucket=OUTPUT, Prefix="out/_pieces/").get("Contents", ())
    return [one["Key"] for one in found]
