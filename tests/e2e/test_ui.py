"""What a user does in Airflow's web interface: types a connection in, tests it, follows a link from a task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import expect

from airflow_provider_fluxions.connection.form import FIELDS
from airflow_provider_fluxions.connection.reader import price_of, settings_of
from harness import audit
from harness.browser import STEP_MILLISECONDS, WINDOW, open_page
from harness.settings import AIRFLOW_2
from harness.stage import INPUT, OUTPUT, RECORDINGS, Stage
from tests.e2e.airflow_ui import Airflow2Ui, Airflow3Ui

PROFILE = "documented"
CONSOLE = "https://s3.console.aws.amazon.com/s3/object"


@pytest.fixture(scope="module")
def ui(stage: Stage) -> Iterator[Airflow3Ui]:
    """A browser, signed in to the stage's Airflow."""
    kind = Airflow2Ui if stage.airflow.major == AIRFLOW_2 else Airflow3Ui
    expect.set_options(timeout=STEP_MILLISECONDS)
    with open_page() as page:
        yield kind(page, stage.airflow.url)


def _saved(stage: Stage, conn_id: str) -> SimpleNamespace:
    """A connection as Airflow's database has it, decrypted."""
    query = "select conn_id, host, port, login, password, extra from connection where conn_id = :conn_id"
    (row,) = stage.airflow.database.rows(query, conn_id=conn_id)
    fernet = Fernet(stage.airflow.env["AIRFLOW__CORE__FERNET_KEY"])
    secret = {name: fernet.decrypt(row[name].encode()).decode() for name in ("password", "extra")}
    return SimpleNamespace(**{**row, **secret})


def test_a_connection_typed_into_the_form_passes_its_test_and_reaches_the_hook(
    stage: Stage, ui: Airflow3Ui, tmp_path: Path
) -> None:
    """The API key is a password field; every extra has its label and help; what has no meaning is hidden."""
    emulator = stage.emulators[PROFILE]
    ui.new_connection("typed_in", "Fluxions")
    labels = ui.form.inner_text()
    assert "Base URL" in labels
    assert "API key" in labels
    assert ui.field("password").get_attribute("type") == "password"
    assert not ui.field("login").is_visible()
    assert not ui.field("schema").is_visible()
    host, _, port = emulator.url.rpartition(":")
    for name, text in {"host": host, "port": port, "password": emulator.api_key}.items():
        ui.field(name).fill(text)

    ui.show_extras()
    shown = ui.form.inner_text()
    assert [one.name for one in FIELDS if one.label not in shown or one.help not in shown] == []
    for name, text in {"read_timeout": "20.5", "max_retries": "2", "price_per_audio_hour": "0.2"}.items():
        ui.field(ui.extra.format(name)).fill(text)
    ui.tick("allow_http")
    ui.form.screenshot(path=tmp_path / f"connection-form-{stage.airflow.major}.png")

    assert f"{emulator.url} accepted the API key" in ui.save_and_test("typed_in")
    saved = _saved(stage, "typed_in")
    settings = settings_of(saved, json.loads(saved.extra))
    assert (settings.base_url, settings.api_key) == (emulator.url, emulator.api_key)
    assert (settings.read_timeout, settings.max_retries) == (20.5, 2)
    assert price_of(saved, json.loads(saved.extra)) == 0.2
    assert (settings.allow_http, settings.verify, settings.submit_timeout) == (True, True, 300)

    ui.edit("typed_in")
    ui.field("host").fill("http://localhost")
    ui.save()
    again = _saved(stage, "typed_in")
    changed = settings_of(again, json.loads(again.extra))
    assert changed.base_url == f"http://localhost:{port}"
    assert changed.api_key == emulator.api_key
    assert (changed.read_timeout, changed.allow_http) == (20.5, True)
    assert price_of(again, json.loads(again.extra)) == 0.2
    assert audit.in_files(stage.airflow.home, emulator.api_key[-24:]) == []


def test_a_task_links_to_its_recording_or_result_in_s3_and_to_the_configured_page_of_its_job(
    stage: Stage, ui: Airflow3Ui, tmp_path: Path
) -> None:
    steps = stage.runs[PROFILE, "submit_wait_store"].succeeded()
    ui.open_task(steps.dag_id, steps.run_id, "submit")
    expect(ui.link("Recording")).to_have_attribute(
        "href", f"{CONSOLE}/{INPUT}?prefix=submit_wait_store/{RECORDINGS[0]}"
    )
    job_id = steps.xcom("submit")
    for task_id in ("submit", "wait"):
        ui.open_task(steps.dag_id, steps.run_id, task_id)
        expect(ui.link("Job")).to_have_attribute("href", f"https://transcripts.example.com/jobs/{job_id}")
    ui.open_task(steps.dag_id, steps.run_id, "store")
    expect(ui.link("Result")).to_have_attribute(
        "href", f"{CONSOLE}/{OUTPUT}?prefix={PROFILE}/submit_wait_store/dialogue-{job_id}.json"
    )
    top = {"x": 0, "y": 0, "width": WINDOW["width"], "height": 800}
    ui.page.screenshot(path=tmp_path / f"links-{stage.airflow.major}.png", clip=top)

    bucket = stage.runs[PROFILE, "bucket_to_bucket"].succeeded()
    ui.open_task(bucket.dag_id, bucket.run_id, "transcribe")
    manifest = bucket.xcom("transcribe")["manifest"].removeprefix(f"s3://{OUTPUT}/")
    expect(ui.link("Result")).to_have_attribute("href", f"{CONSOLE}/{OUTPUT}?prefix={manifest}")
