"""Keys that S3 allows and that break careless code: each is transcribed under its own name, and once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_fluxions.emulator import Emulator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import outputs, put, read, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")

NAMES = {
    "space": "calls/the first call .mp3",
    "plus": "calls/a+b.mp3",
    "percent": "calls/100%25 of it%2F.mp3",
    "question mark": "calls/what?.mp3",
    "hash": "calls/#1.mp3",
    "quotes": 'calls/"it\'s".mp3',
    "composed accent": "calls/caf\u00e9.mp3",
    "decomposed accent": "calls/cafe\u0301.mp3",
    "emoji": "calls/\N{FACE WITH TEARS OF JOY}.mp3",
    "right to left": "calls/\u05e9\u05dc\u05d5\u05dd.mp3",
    "leading slash": "/calls/a.mp3",
    "two slashes": "calls//a.mp3",
    "dots": "calls/../a.mp3",
    "one dot": "calls/./a.mp3",
    "case, upper": "calls/A.mp3",
    "case, lower": "calls/a.mp3",
    "brackets": "calls/[a]{b}*.mp3",
    "ampersand and angles": "calls/<a>&b;=.mp3",
    "backslash": "calls\\a.mp3",
    "no stem": "calls/.mp3",
}


def expected(key: str) -> str:
    return f"out/{key}.json"


@pytest.mark.slow
def test_a_prefix_full_of_strange_names_is_done_once_and_found_done_again(s3: Any, emulator: Emulator) -> None:
    put(s3, *NAMES.values())
    put(s3, "calls/folder.mp3/", body=b"")
    summary = transfer("")
    assert outputs(s3) == {expected(key) for key in NAMES.values()}
    assert (summary["completed"], len(emulator.jobs)) == (len(NAMES), len(NAMES))
    rows = [json.loads(line) for line in read(s3, summary["manifest"]).splitlines()]
    assert {row["source"] for row in rows} == {f"s3://{INPUT}/{key}" for key in NAMES.values()}
    again = transfer("", task_context(run_id="tomorrow"))
    assert (again["already_done"], len(emulator.jobs)) == (len(NAMES), len(NAMES))


def test_every_strange_name_keeps_its_own_audio(s3: Any, emulator: Emulator) -> None:
    put(s3, *NAMES.values())
    rows = [json.loads(line) for line in read(s3, transfer("")["manifest"]).splitlines()]
    assert len({row["job_id"] for row in rows}) == len({row["reference"] for row in rows}) == len(NAMES)
    for row in rows:
        stored = json.loads(read(s3, row["outputs"][0]))
        assert stored["id"] == int(row["job_id"])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "leading slash"])
def test_a_strange_name_can_be_asked_for_by_its_address(s3: Any, name: str) -> None:
    key = NAMES[name]
    put(s3, key)
    assert transfer(key)["completed"] == 1
    assert outputs(s3) == {f"out/{key.rpartition('/')[2]}.json"}


def test_a_key_of_full_length_is_a_failed_input_with_a_way_out(s3: Any, emulator: Emulator) -> None:
    long = "d/" + "x" * (1024 - len("d/") - len(".mp3")) + ".mp3"
    put(s3, long, "a.mp3")
    with pytest.raises(AirflowFailException, match=r"would have 1033 bytes, more than 1024; set a shorter key_templ"):
        transfer("")
    assert (outputs(s3), len(emulator.jobs)) == ({"out/a.mp3.json"}, 1)
    # Its recording alone has a key of 1,024 bytes, so the template has to leave something out.
    assert transfer(long, key_template="{stem}{extension}", destination=f"s3://{OUTPUT}/")["completed"] == 1


def test_a_file_and_a_folder_of_one_name_live_side_by_side(s3: Any) -> None:
    put(s3, "a.mp3", "a.mp3/b.mp3")
    assert transfer("")["completed"] == 2
    assert outputs(s3) == {"out/a.mp3.json", "out/a.mp3/b.mp3.json"}
