"""What the viewer shows in tests: our own dialogue, a transcript that means harm, a long one, a run of many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.viewer import Scene

DIALOGUE = Path(__file__).parents[2] / "samples" / "dialogue.mp3"
DIALOGUE_SECONDS = 38.6
SPEAKERS = 2
TURNS = (
    "Good morning. Did all the call recordings from last night arrive in the lake?",
    "Nearly all of them. We have four hundred files, and three of those were empty.",
    "Can you send the empty ones again without paying twice for the others?",
    "Yes. Every job has its own reference, so a second run finds the work that is done.",
    "That is good news. When can I start my report?",
    "You can start at ten. The table has one row for every recording.",
    "All right. I will count the customers that ask about the new price.",
    "Please tell me if a speaker looks wrong, and I will check that recording.",
)


def segment(number: int, text: str, start: float, seconds: float, speaker: str) -> dict[str, Any]:
    """A segment whose words take the same time each."""
    words = text.split()
    each = seconds / len(words)
    timed = [
        [word, round(start + each * place, 3), round(start + each * (place + 1), 3)] for place, word in enumerate(words)
    ]
    end = round(start + seconds, 3)
    return {"no": number, "speaker": speaker, "start": round(start, 3), "end": end, "text": text, "words": timed}


def event(kind: str, segment_no: int, start: float) -> dict[str, Any]:
    """A non-speech event of the first speaker."""
    return {"kind": kind, "raw": f"[{kind}]", "speaker": "0", "segment_no": segment_no, "start": start, "end": None}


def transcript(segments: list[dict[str, Any]], seconds: float, **more: Any) -> dict[str, Any]:
    """A transcript of timed segments, with their speakers."""
    ids = list(dict.fromkeys(one["speaker"] for one in segments))
    spoken = {one: sum(part["end"] - part["start"] for part in segments if part["speaker"] == one) for one in ids}
    return {
        "no": 0,
        "job_id": "12",
        "name": "calls/dialogue.mp3",
        "language": "en",
        "audio_seconds": seconds,
        "cost": 0.0021,
        "is_timed": True,
        "speakers": [{"id": one, "name": None, "seconds": round(total, 3)} for one, total in spoken.items()],
        "segments": segments,
        "events": [],
        **more,
    }


def item(number: int, name: str, status: str = "done", **more: Any) -> dict[str, Any]:
    """A line of the manifest."""
    is_done = status == "done"
    return {
        "no": number,
        "name": name,
        "job_id": str(12 + number) if is_done else None,
        "status": status,
        "state": {"done": "completed", "running": "submitted"}.get(status, status),
        "error": "Too noisy to transcribe" if status == "failed" else None,
        "audio_seconds": DIALOGUE_SECONDS if is_done else None,
        "speakers": SPEAKERS if is_done else None,
        "cost": 0.0021 if is_done else None,
        "source": f"s3://lake/in/{name}",
        "outputs": [f"s3://lake/out/{name}.json"] if is_done else [],
        "has_transcript": is_done,
        "has_audio": is_done,
        **more,
    }


def dialogue() -> Scene:
    """One recording, our sample, with sound."""
    each = DIALOGUE_SECONDS / len(TURNS)
    parts = [segment(no, text, no * each, each - 0.5, str(no % SPEAKERS)) for no, text in enumerate(TURNS)]
    laugh, pause = event("laugh", 0, parts[0]["words"][1][2]), event("pause", 4, parts[4]["end"])
    shown = transcript(parts, DIALOGUE_SECONDS, events=[laugh, pause])
    return Scene([item(0, "calls/dialogue.mp3")], {0: shown}, {0: DIALOGUE})


def hostile() -> Scene:
    """Every text that a recording, a file name or a service may bring, and that a browser could take for HTML."""
    evil = '<img src="x" onerror="document.title=1"><script>document.title=2</script>&lt;b&gt;'
    said = segment(0, evil, 0.0, 2.0, "0")
    shown = transcript([said], 2.0, name=evil, language=evil, events=[event(evil, 0, 2.0)])
    shown["speakers"][0]["name"] = evil
    return Scene([item(0, evil), item(1, evil, "failed", error=evil, state=evil)], {0: shown})


def crowd(speakers: int = 9) -> Scene:
    """More speakers than colours."""
    parts = [segment(no, "So say we all.", no * 2.0, 1.5, str(no)) for no in range(speakers)]
    return Scene([item(0, "crowd.mp3", has_audio=False)], {0: transcript(parts, speakers * 2.0)})


def long(segments: int, words: int = 10) -> Scene:
    """A meeting of four, without sound; each segment of ten words takes three seconds."""
    text = "and then we went over the numbers once more together"
    parts = [
        segment(no, f"{' '.join(text.split()[: words - 1])} {no}", no * 3.0, 2.8, str(no // 5 % 4))
        for no in range(segments)
    ]
    events = [event("laugh", no, no * 3.0 + 1.0) for no in range(0, segments, 10)]
    shown = transcript(parts, segments * 3.0, name="meeting.mp3", events=events)
    return Scene([item(0, "meeting.mp3", has_audio=False)], {0: shown})


def many(count: int = 400) -> Scene:
    """A bucket's run: three failed, two skipped, the rest done; the first one is our sample."""
    statuses = {3: "failed", 7: "skipped", 150: "failed", 151: "failed", 399: "skipped"}
    items = [item(no, f"calls/2026-11-24/{no:04}.mp3", statuses.get(no, "done")) for no in range(count)]
    one = dialogue()
    shown = {**one.transcripts[0], "name": items[0]["name"]}
    return Scene(items, {0: shown}, one.recordings)
