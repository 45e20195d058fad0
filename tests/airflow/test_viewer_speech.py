"""The viewer of a speech transfer: it plays the audio and shows the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.airflow.conftest import INPUT, OUTPUT
from tests.airflow.speaking import lines, speaker, texts
from tests.airflow.viewing import Seen, body_of, facts_after

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def viewed(**options: Any) -> Seen:
    return Seen(facts_after(speaker(**options)))


def shown(seen: Seen, number: int = 0) -> list[str]:
    return [segment["text"] for segment in seen.json("transcript", no=number)["segments"]]


def test_the_audio_is_played_and_the_text_is_shown_with_its_times(s3: Any) -> None:
    texts(s3, a_txt="Hello there. This is it.")
    seen = viewed(formats=("wav", "json"))
    (item,) = seen.json("items")["items"]
    assert (item["has_audio"], item["has_transcript"], item["status"]) == (True, True, "done")
    answer = seen.ask("audio", no=0)
    assert (answer.status, answer.content_type) == (200, "audio/wav")
    assert body_of(answer) == s3.get_object(Bucket=OUTPUT, Key="out/a.txt.wav")["Body"].read()
    assert shown(seen) == ["Hello there.", "This is it."]


def test_without_a_time_line_the_text_is_that_of_the_source(s3: Any) -> None:
    texts(s3, a_md="# Title\n\nHello *there*.")
    lines(s3, {"id": "one", "text": "First."}, {"id": "two", "text": "Second."})
    seen = viewed()
    assert [shown(seen, number) for number in range(3)] == [["Title Hello there."], ["First."], ["Second."]]


def test_a_text_that_changed_since_is_not_shown(s3: Any) -> None:
    texts(s3, a_txt="Hello.")
    seen = viewed()
    texts(s3, a_txt="Other.")
    assert seen.refusal("transcript", no=0)[0] == 404


def test_a_manifest_that_was_changed_plays_and_shows_nothing_from_elsewhere(s3: Any) -> None:
    texts(s3, a_txt="Hello.")
    seen = viewed()
    s3.put_object(Bucket=OUTPUT, Key="secret/x.wav", Body=b"secret")
    s3.put_object(Bucket=OUTPUT, Key="secret/x.txt", Body=b"secret")
    key = "out/_manifests/a_dag/manual__1/a_task.jsonl"
    row = json.loads(s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read())
    row |= {"source": f"s3://{OUTPUT}/secret/x.txt", "outputs": [f"s3://{OUTPUT}/secret/x.wav"]}
    s3.put_object(Bucket=OUTPUT, Key=key, Body=json.dumps(row).encode() + b"\n")
    (item,) = seen.json("items")["items"]
    assert (item["has_audio"], item["has_transcript"]) == (False, False)
    assert INPUT not in str(seen.ask("audio", no=0))
