"""Measure the cost of writing results: captions compared with other libraries, and each format of a ten-hour recording.

    PYTHONPATH=. python benchmarks/formats.py [runs]

Needs pysubs2, srt, webvtt-py and pyarrow. Prints JSON lines: first the least CPU time of each writer for 10,000
cues in one process, runs taken in turn, and our ratio to the fastest library; then, each in a process of its own,
wall time and what the peak of memory grew by when a ten-hour recording of 50,000 words was written.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, render_files

CUES = 10_000
HOURS, WORDS = 10, 50_000
SPOKEN = ("so", "we", "sold", "forty", "of", "them", "yesterday", "and", "nobody", "really", "asked", "why", "42")
TAGS = ("[breath]", "[pause]", "[laugh]", "[sigh]")


def cue_answer() -> dict[str, Any]:
    """Return an answer of 10,000 segments that make one cue each."""
    text = "We sold forty of them, and no customer really asked why."
    segments = [{"speaker": str(n % 2), "text": text, "start": n * 3.0, "end": n * 3.0 + 2.9} for n in range(CUES)]
    return {"id": 1, "status": "completed", "segments": segments}


def long_answer() -> dict[str, Any]:
    """Return ten hours of two speakers: 50,000 timed words in segments of about 20, a tag in every third."""
    random.seed(7)
    step = HOURS * 3600 / WORDS
    segments: list[dict[str, Any]] = []
    for first in range(0, WORDS, 20):
        tokens = [random.choice(SPOKEN) for _ in range(20)]  # noqa: S311  # the same ones every time
        words = [
            {"word": token, "start": round((first + at) * step, 3), "end": round((first + at + 0.9) * step, 3)}
            for at, token in enumerate(tokens)
            if not token.isdigit()
        ]
        if first % 60 == 0:
            tokens.insert(random.randrange(20), random.choice(TAGS))  # noqa: S311  # the same ones every time
        times = {"start": first * step, "end": (first + 19.9) * step}
        segments.append({"speaker": str(first // 20 % 2), "text": " ".join(tokens), "words": words, **times})
    text = "\n".join(f"SPEAKER_{part['speaker']}: {part['text']}" for part in segments)
    return {"id": 2, "status": "completed", "audio_duration": HOURS * 3600.0, "text": text, "segments": segments}


def writers(answer: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return what writes the cues of an answer, from plain data to text, by name."""
    import datetime
    import io

    import pysubs2
    import srt
    import webvtt

    rows = [(part["start"], part["end"], part["text"]) for part in answer["segments"]]

    def with_pysubs2(kind: str) -> str:
        file = pysubs2.SSAFile()
        file.events = [pysubs2.SSAEvent(round(start * 1000), round(end * 1000), text) for start, end, text in rows]
        return str(file.to_string(kind))

    def with_srt() -> str:
        delta = datetime.timedelta
        return str(
            srt.compose(
                srt.Subtitle(number, delta(seconds=start), delta(seconds=end), text)
                for number, (start, end, text) in enumerate(rows, 1)
            )
        )

    def with_webvtt() -> str:
        file = webvtt.WebVTT()
        for start, end, text in rows:
            file.captions.append(webvtt.Caption(_clock(start), _clock(end), text))
        out = io.StringIO()
        file.write(out)
        return out.getvalue()

    def ours(name: str) -> bytes:
        # Read again each time, because a transcription caches its derived values.
        return Transcription.from_json(answer).to(name)

    made = Transcription.from_json(answer)

    def ours_from_model(name: str, **options: Any) -> bytes:
        for part in made.segments:
            part.__dict__.pop("text_clean", None)
            part.__dict__.pop("marked_text", None)
        return made.to(name, **options)

    return {
        "srt provider": lambda: ours_from_model("srt"),
        "srt provider, from JSON": lambda: ours("srt"),
        "srt srt": with_srt,
        "srt pysubs2": lambda: with_pysubs2("srt"),
        "vtt provider": lambda: ours_from_model("vtt"),
        "vtt provider, netflix": lambda: ours_from_model("vtt", preset="netflix"),
        "vtt provider, from JSON": lambda: ours("vtt"),
        "vtt pysubs2": lambda: with_pysubs2("vtt"),
        "vtt webvtt-py": with_webvtt,
    }


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def compare(runs: int) -> dict[str, Any]:
    """Return the minimum CPU milliseconds by writer, and the ratio of the provider to the fastest library."""
    by_name = writers(cue_answer())
    best = dict.fromkeys(by_name, float("inf"))
    for _ in range(runs):
        for name, write in by_name.items():
            began = time.process_time()
            assert len(write()) > CUES
            best[name] = min(best[name], 1000 * (time.process_time() - began))
    figures: dict[str, Any] = {name: round(ms, 1) for name, ms in best.items()}
    for kind in ("srt", "vtt"):
        others = [ms for name, ms in best.items() if name.startswith(kind) and "provider" not in name]
        figures[f"{kind} ratio to the fastest library"] = round(best[f"{kind} provider"] / min(others), 2)
    return figures


def _status_mib(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def long_recording(name: str) -> dict[str, Any]:
    """Write the ten hours in one format in this process; return seconds, MiB, and bytes written."""
    if name == "parquet":
        import pyarrow.parquet  # noqa: F401  # loading it is not what is measured
    data = json.dumps(long_answer()).encode()
    before = _status_mib("VmRSS")
    began = time.perf_counter()
    transcription = Transcription.from_json(json.loads(data))
    read_at, read_mib = time.perf_counter(), _status_mib("VmRSS")
    files = render_files(transcription, name)
    return {
        "format": name,
        "json_mib": round(len(data) / 2**20, 1),
        "read_s": round(read_at - began, 2),
        "write_s": round(time.perf_counter() - read_at, 2),
        "model_mib": round(read_mib - before, 1),
        "peak_over_start_mib": round(_status_mib("VmHWM") - before, 1),
        "written_mib": round(sum(map(len, files.values())) / 2**20, 2),
    }


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--long"]:
        print(json.dumps(long_recording(sys.argv[2])))
        return
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(json.dumps({"cues": CUES, "runs": runs, "cpu_ms": compare(runs)}))
    for name in FORMATS:
        subprocess.run([sys.executable, __file__, "--long", name], check=True)


if __name__ == "__main__":
    main()
