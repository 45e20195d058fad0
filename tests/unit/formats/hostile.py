"""Results that caption files break on, by name; golden files and readers use the same ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.transcript.segments import MAX_SECONDS

RECORDED = Path(__file__).parents[1] / "recorded"
HOUR = 3600.0


def _said(*texts: str, start: float = 0.0, speaker: str | None = "0") -> dict[str, Any]:
    segments = [
        {"speaker": speaker, "text": text, "start": start + 4 * at, "end": start + 4 * at + 3.5, "segment_idx": at}
        for at, text in enumerate(texts)
    ]
    return {"id": 9, "status": "completed", "segments": segments}


ANSWERS: dict[str, dict[str, Any]] = {
    "page": json.loads((RECORDED / "page_get.json").read_text()),
    "words": json.loads((RECORDED / "observed_words.json").read_text()),
    "minimal": {"id": 9},
    "empty": {"id": 9, "status": "completed", "segments": []},
    "arrows": _said("a --> b", "00:00:01.000 --> 00:00:02.000", "--->", "x-->"),
    "markup": _said("<v Bob>R&D</v> <i>now</i>", "&amp; &lt; <00:00:01.000>", "<v >hm", "{\\an8}top {b}", "a\\Nb\\h"),
    "speakers": _said("hello", speaker="A & <B>\n-->"),
    "blank_lines": _said("one\n\ntwo\r\n\r\n3", "\n\nWEBVTT\n\nNOTE x", "\u2028line\x85end"),
    "right_to_left": _said("שלום עולם, מה שלומך?", "مرحبا بالعالم - 42", "\u200fmixed עברית and English"),
    "emoji": _said("👩‍👩‍👧‍👦 family 🇩🇪", "half \ud83d pair", "e\u0301 combining"),
    "long_word": _said("x" * 10_000),
    "past_100_hours": _said("still here", "and here", start=100 * HOUR - 2),
}

# Not among ANSWERS, which golden files hold: numbers and texts to make others of.
ABSURD_NUMBERS = (
    0, -0.0, -1, 0.5, 3, 5e-324, 1e306, -1e306, 1e308, float("nan"), float("inf"), -float("inf"),
    2**31, 2**63, -(2**63),
    10**400, 1e10, MAX_SECONDS, "1e306", "NaN", "-1", True,
)  # fmt: skip
TEXTS = (
    "SPEAKER_0: so [laugh] *really*", "haha", "[pause]", "a --> b", "<i>now</i>", "{\\an8}top", "WEBVTT", "NOTE", "1",
    "00:00:01,000 --> 00:00:02,000", "\n\n", "\u2028\x85", "\x00\x1b[31m", "\ud83d", "\udc00\ud800",
    "e" + "\u0301" * 50,
    "\u202e\u200f", "שלום עולם", "مرحبا بالعالم", "👩‍👩‍👧‍👦🇩🇪🏳️‍🌈", "กำลังนั่งที่นี่เพื่อดื่มน้ำ",
    "日本語を話す。「はい」", "한국어를말합니다", "क्षत्रियस्त्री",
    "\u200d\u200d", "https://r2.example/a?X-Amz-Signature=secret", "0001-01-01T00:00:00+23:59", "completed", "failed",
    "x" * 50, "9" * 50, "",
)  # fmt: skip
