"""The viewer inside a real Airflow: what a user does with a run's transcripts, in a browser, on each version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webvtt
from playwright.sync_api import Frame, expect

from harness.browser import STEP_MILLISECONDS, open_page
from harness.settings import AIRFLOW_2
from harness.stage import OUTPUT, RECORDINGS, Run, Stage
from tests.e2e.airflow_ui import Airflow2Ui, Airflow3Ui
from tests.viewer.reading import click_word, coloured, position, segments, wait_for_sound

PROFILE = "documented"
WINDOW = {"width": 1280, "height": 900}
# The speaker who is renamed, as segments and captions call them before.
SPEAKER = "Speaker 1"


@pytest.fixture(scope="module")
def run(stage: Stage) -> Run:
    """A transfer of two recordings that has ended."""
    return stage.runs[PROFILE, "bucket_to_bucket"].succeeded()


@pytest.fixture(scope="module")
def ui(stage: Stage) -> Iterator[Airflow3Ui]:
    """A browser, signed in to the stage's Airflow."""
    kind = Airflow2Ui if stage.airflow.major == AIRFLOW_2 else Airflow3Ui
    expect.set_options(timeout=STEP_MILLISECONDS)
    with open_page() as page:
        page.set_viewport_size(WINDOW)
        yield kind(page, stage.airflow.url)


@pytest.fixture
def viewer(ui: Airflow3Ui, run: Run) -> Frame:
    """The run's recordings, as the task's page leads to them."""
    return ui.open_transcript(run.dag_id, run.run_id, "transcribe")


@pytest.fixture
def stored(stage: Stage, run: Run) -> dict[str, Any]:
    """The first recording's result as the task stored it."""
    rows = stage.storage.get(OUTPUT, run.xcom("transcribe")["manifest"].removeprefix(f"s3://{OUTPUT}/")).splitlines()
    (row,) = [one for one in map(json.loads, rows) if one["path"] == RECORDINGS[0]]
    (address,) = [one for one in row["outputs"] if one.endswith(".json")]
    result: dict[str, Any] = json.loads(stage.storage.get(OUTPUT, address.removeprefix(f"s3://{OUTPUT}/")))
    return result


def test_a_task_leads_to_its_recordings_and_these_to_what_was_said(
    viewer: Frame, stored: dict[str, Any], tmp_path: Path
) -> None:
    expect(viewer.get_by_role("banner")).to_contain_text("2 recordings · 2 done")
    viewer.page.screenshot(path=tmp_path / "viewer-manifest.png")
    viewer.get_by_role("link", name=RECORDINGS[0]).click()
    expect(segments(viewer)).to_have_count(len(stored["segments"]))
    expect(segments(viewer).first).to_contain_text(stored["segments"][0]["text"])
    expect(viewer.locator(".strip .bar")).to_have_count(2)


def test_a_click_on_a_word_seeks_while_the_recording_plays(
    viewer: Frame, stored: dict[str, Any], tmp_path: Path
) -> None:
    viewer.get_by_role("link", name=RECORDINGS[0]).click()
    viewer.get_by_role("button", name="Play").click()
    wait_for_sound(viewer, 0.5)
    # Far enough from the beginning that only a seek leads there.
    later = [(place, part["words"]) for place, part in enumerate(stored["segments"]) if part["start"] > 10]
    place, words = max(later, key=lambda one: len(one[1]))
    word = words[2]
    click_word(segments(viewer).nth(place), word["word"])
    assert position(viewer) >= word["start"]
    wait_for_sound(viewer, word["end"])
    viewer.get_by_role("button", name="Pause").click()
    viewer.page.screenshot(path=tmp_path / "viewer-light.png")


@pytest.mark.slow
def test_a_word_is_found_in_the_transcript(viewer: Frame, stored: dict[str, Any]) -> None:
    viewer.get_by_role("link", name=RECORDINGS[0]).click()
    texts = [part["text"] for part in stored["segments"]]
    # The stored text has tags and emphasis, which the page shows in other ways.
    plain = [text for text in texts if re.match(r"([A-Za-z']+ ){3}", text)]
    words = " ".join(max(plain, key=len).split()[:3])
    # The list of recordings has a search of its own.
    viewer.get_by_role("searchbox", name="Search in the transcript").fill(words.lower())
    expect(viewer.locator(".hits")).to_have_text(f"1 of {sum(words in text for text in texts)}")
    assert coloured(viewer, "chosen") == [words]


@pytest.mark.slow
def test_a_renamed_speaker_is_renamed_in_the_captions_that_are_downloaded(viewer: Frame, tmp_path: Path) -> None:
    viewer.get_by_role("link", name=RECORDINGS[0]).click()
    viewer.get_by_role("button", name=f"Rename {SPEAKER}").click()
    viewer.get_by_role("textbox", name=f"Name of {SPEAKER}").fill("Ann Lee")
    viewer.page.keyboard.press("Enter")
    expect(segments(viewer).filter(has_text="Ann Lee").first).to_be_visible()
    with viewer.page.expect_download() as got:
        viewer.get_by_role("navigation", name="Download").get_by_role("link", name="vtt").click()
    got.value.save_as(tmp_path / "captions.vtt")
    voices = {caption.voice for caption in webvtt.read(tmp_path / "captions.vtt")}
    assert voices == {"Speaker 0", "Ann Lee"}


@pytest.mark.slow
def test_the_viewer_is_dark_where_airflow_is(ui: Airflow3Ui, run: Run, tmp_path: Path) -> None:
    ui.darken()
    viewer = ui.open_transcript(run.dag_id, run.run_id, "transcribe")
    expect(viewer.locator("html")).to_have_attribute("data-theme", "dark")
    viewer.get_by_role("link", name=RECORDINGS[0]).click()
    segments(viewer).nth(2).get_by_role("link").click()
    expect(segments(viewer).nth(2)).to_have_attribute("aria-current", "true")
    ui.page.screenshot(path=tmp_path / "viewer-dark.png")
