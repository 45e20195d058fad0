"""Captions of hostile text, read back by four readers that we did not write."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysubs2
import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.captions import Cue, caption, timestamp
from airflow_provider_fluxions.formats.limits import CaptionOptions
from airflow_provider_fluxions.speech.captions import vtt_of_pieces
from airflow_provider_fluxions.speech.timeline import PieceTime
from tests.unit.formats.hostile import ANSWERS

PARSER = Path(__file__).parent / "webvtt_parser"
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "netflix": {"preset": "netflix"},
    "bbc, trimmed": {"preset": "bbc", "overlap": "trim"},
    "dashed": {"speakers": "dashed", "lines": 1},
    "shown": {"speakers": "shown", "min_seconds": 1.5, "gap_seconds": 0.2},
}
CASES = [(case, rules) for case in ANSWERS for rules in RULES]
# It counts no further than 100 hours, and takes any line that holds two times for a time line.
NOT_FOR_PYSUBS2 = ("past_100_hours", "arrows")


def made(case: str) -> Transcription:
    return Transcription.from_json(ANSWERS[case])


def cues(case: str, rules: str) -> list[Cue]:
    options = CaptionOptions(**RULES[rules])
    return caption(made(case), options.limits, options.speakers)


@pytest.fixture(scope="session")
def w3c_parser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The W3C's parser from npm, as pinned beside this file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed; the WebVTT parser of the W3C runs on them")
    place = tmp_path_factory.mktemp("webvtt_parser")
    for path in PARSER.iterdir():
        if path.is_file():
            shutil.copy(path, place)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return place


@pytest.mark.slow
def test_the_w3cs_parser_finds_no_error_and_every_cue_to_the_millisecond(w3c_parser: Path) -> None:
    texts = [made(case).to("vtt", **RULES[rules]).decode() for case, rules in CASES]
    run = subprocess.run(
        ["node", "read.js"], cwd=w3c_parser, input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    for (case, rules), read in zip(CASES, json.loads(run.stdout), strict=True):
        assert read["errors"] == [], (case, rules)
        # It gives names to speakers in a tag, so that the lines hold no names.
        plain = "hidden" if rules == "shown" else CaptionOptions(**RULES[rules]).speakers
        ours = caption(made(case), CaptionOptions(**RULES[rules]).limits, plain)
        assert [(round(one["start"] * 1000), round(one["end"] * 1000)) for one in read["cues"]] == [
            (cue.start_ms, cue.end_ms) for cue in ours
        ], (case, rules)


@pytest.mark.slow
def test_the_w3cs_parser_reads_captions_of_a_spoken_text(w3c_parser: Path) -> None:
    texts = [vtt_of_pieces([PieceTime("A --> b. <i>C & d.", 24, 48_000, 24_000)]).decode()]
    run = subprocess.run(
        ["node", "read.js"], cwd=w3c_parser, input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    (found,) = json.loads(run.stdout)
    assert found["errors"] == []
    assert round(found["cues"][0]["start"] * 1000) == 1


Times = list[tuple[Any, Any]]


def differences(read: Callable[[str, str], Times], ours: Callable[[str, str], Times], *left_out: str) -> list[str]:
    """Return the cases in which a reader reads other times than ours."""
    return [
        f"{case}, {rules}" for case, rules in CASES if case not in left_out and read(case, rules) != ours(case, rules)
    ]


def times(case: str, rules: str) -> Times:
    return [(cue.start_ms, cue.end_ms) for cue in cues(case, rules)]


@pytest.mark.slow
def test_webvtt_py_reads_every_cue() -> None:
    def read(case: str, rules: str) -> Times:
        found = webvtt.from_string(made(case).to("vtt", **RULES[rules]).decode()).captions
        return [(one.start, one.end) for one in found]

    def ours(case: str, rules: str) -> Times:
        plain = "hidden" if rules == "shown" else CaptionOptions(**RULES[rules]).speakers
        found = caption(made(case), CaptionOptions(**RULES[rules]).limits, plain)
        return [(timestamp(cue.start_ms, "."), timestamp(cue.end_ms, ".")) for cue in found]

    assert differences(read, ours) == []


@pytest.mark.slow
def test_srt_reads_every_cue() -> None:
    def read(case: str, rules: str) -> Times:
        found = srt.parse(made(case).to("srt", **RULES[rules]).decode())
        return [(round(one.start.total_seconds() * 1000), round(one.end.total_seconds() * 1000)) for one in found]

    assert differences(read, times) == []


@pytest.mark.slow
def test_pysubs2_reads_every_cue() -> None:
    def read(case: str, rules: str) -> Times:
        found = pysubs2.SSAFile.from_string(made(case).to("srt", **RULES[rules]).decode(), format_="srt")
        return [(one.start, one.end) for one in found]

    assert differences(read, times, *NOT_FOR_PYSUBS2) == []
