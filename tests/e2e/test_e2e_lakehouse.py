"""The lakehouse example on a real Airflow: DuckDB's answers, against those worked out from the stored JSON by hand.

By hand means without a line of the package or of SQL: times as whole hundredths of a second, which is how the emulator
gives them, and every pair of segments looked at.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

import pytest

from harness.stage import OUTPUT, PROFILES, RECORDINGS, Run, Stage

per_profile = pytest.mark.parametrize("profile", PROFILES)
NAMES = {"0": "Agent", "1": "Caller"}
LAUGH = re.compile(r"\[laugh\]|\b(?:ha){2,}\b", re.IGNORECASE)
Answers = dict[str, list[dict[str, Any]]]


def _stored(stage: Stage, profile: str) -> list[dict[str, Any]]:
    """The stored JSON of each recording, which lies beside its tables in the run's dated folder."""
    keys = [key for key in stage.storage.keys(OUTPUT, f"{profile}/lakehouse/") if key.endswith(".json")]
    assert [re.sub(r"/ingest_date=\d{4}-\d\d-\d\d/", "/DATE/", key) for key in keys] == [
        f"{profile}/lakehouse/DATE/{name}.json" for name in RECORDINGS
    ]
    return [json.loads(stage.storage.get(OUTPUT, key)) for key in keys]


def _spans(stored: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Speaker, start and end of each segment, in hundredths of a second."""
    return [(one["speaker"], round(one["start"] * 100), round(one["end"] * 100)) for one in stored["segments"]]


def _talk_ratio(stored: dict[str, Any]) -> dict[str, float]:
    seconds: dict[str, int] = {}
    for speaker, start, end in _spans(stored):
        who = NAMES.get(speaker, speaker)
        seconds[who] = seconds.get(who, 0) + end - start
    return {who: round(one / sum(seconds.values()), 3) for who, one in seconds.items()}


def _interruptions(stored: dict[str, Any]) -> dict[str, int]:
    """How many of a speaker's segments begin while somebody else's, begun before, goes on."""
    spans, counts = _spans(stored), dict[str, int]()
    for speaker, start, _ in spans:
        if any(other != speaker and begun < start < end for other, begun, end in spans):
            counts[speaker] = counts.get(speaker, 0) + 1
    return counts


def _laughs(stored: dict[str, Any]) -> int:
    text = stored.get("text") or "\n".join(one["text"] for one in stored["segments"])
    return len(LAUGH.findall(text))


def _silence(stored: dict[str, Any]) -> tuple[float, float]:
    """Seconds that no segment covers, and the longest run of them between two segments."""
    spoken = {moment for _, start, end in _spans(stored) for moment in range(start, end)}
    between = [moment in spoken for moment in range(min(spoken), max(spoken))]
    gaps = [len(list(run)) for is_spoken, run in groupby(between) if not is_spoken]
    return round(stored["audio_duration"] - len(spoken) / 100, 3), max(gaps, default=0) / 100


def _of(answers: Answers, question: str, stored: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in answers[question] if row["transcription_id"] == str(stored["id"])]


@pytest.fixture(scope="module")
def nights(stage: Stage) -> dict[str, Run]:
    """The example's first run for each profile, side by side, after whatever else the stage began with."""
    for run in stage.runs.values():
        run.ended()
    return {profile: stage.trigger(profile, "lakehouse") for profile in PROFILES}


@pytest.fixture
def answers(stage: Stage, nights: dict[str, Run], profile: str) -> Answers:
    found: Answers = nights[profile].succeeded().xcom("ask")
    assert {row["transcription_id"] for row in found["silence"]} == {str(one["id"]) for one in _stored(stage, profile)}
    return found


@per_profile
def test_who_talked_how_much(stage: Stage, profile: str, answers: Answers) -> None:
    for stored in _stored(stage, profile):
        told = {row["who"]: row["ratio"] for row in _of(answers, "talk_ratio", stored)}
        assert told == pytest.approx(_talk_ratio(stored), abs=0.001)
        assert len(told) > 1, "a recording of one speaker proves little"


@per_profile
def test_who_interrupted_how_often(stage: Stage, profile: str, answers: Answers) -> None:
    for stored in _stored(stage, profile):
        told = {row["speaker"]: row["interruptions"] for row in _of(answers, "interruptions", stored)}
        assert told == _interruptions(stored)
        assert told, "a recording without interruptions proves little"


@per_profile
def test_how_often_people_laughed(stage: Stage, profile: str, answers: Answers) -> None:
    for stored in _stored(stage, profile):
        (told,) = _of(answers, "laughs_per_hour", stored)
        laughs = _laughs(stored)
        assert told["laughs"] == laughs > 0
        assert told["laughs_per_hour"] == pytest.approx(laughs * 3600 / stored["audio_duration"], abs=0.05)


@per_profile
def test_how_long_nobody_spoke(stage: Stage, profile: str, answers: Answers) -> None:
    for stored in _stored(stage, profile):
        (told,) = _of(answers, "silence", stored)
        assert (told["silent_s"], told["longest_gap_s"]) == pytest.approx(_silence(stored), abs=0.001)


@per_profile
def test_the_wait_held_no_worker_and_a_second_night_asks_the_same_tables(
    stage: Stage, nights: dict[str, Run], profile: str
) -> None:
    """Nothing is new, so nothing is transcribed, and the answers are the first night's."""
    first = nights[profile].succeeded()
    assert first.was_deferred("transcribe")
    again = stage.trigger(profile, "lakehouse").succeeded()
    summary = again.xcom("transcribe")
    assert summary["already_done"] == summary["inputs"] == len(RECORDINGS)
    assert again.xcom("ask") == first.xcom("ask")
