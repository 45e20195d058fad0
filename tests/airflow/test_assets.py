"""Asset events say what was made, in Airflow's own accessors of each version."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset, AssetAlias

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.transfers import FluxionsConvertOperator, FluxionsToS3Operator
from tests.airflow.conftest import OUTPUT, task_context
from tests.airflow.outlets import outlet_events

ASSET, OTHER = Asset("s3://bucket/transcripts/"), Asset("s3://bucket/others/")


def test_every_asset_among_the_outlets_gets_the_extra_and_keeps_its_own() -> None:
    events = outlet_events()
    events[ASSET].extra = {"mine": 1, "jobs": 0}
    operator = SimpleNamespace(outlets=[ASSET, AssetAlias("elsewhere"), OTHER])
    add_asset_extra({"outlet_events": events}, operator, {"jobs": 2})
    assert events[ASSET].extra == {"mine": 1, "jobs": 2}
    assert events[OTHER].extra == {"jobs": 2}
    assert not events[AssetAlias("elsewhere")].extra


def test_without_outlets_the_context_is_not_asked() -> None:
    add_asset_extra({}, SimpleNamespace(outlets=[]), {"jobs": 2})


def test_results_and_conversions_count_what_they_made(s3: Any, client: FluxionsClient) -> None:
    ids = [client.submit(b"%d" % number, filename=f"{number}.mp3").id for number in range(15)]
    destination, events = f"s3://{OUTPUT}/d/", outlet_events()
    context = {**task_context(), "outlet_events": events}
    store = FluxionsToS3Operator(
        task_id="t", job_id=ids, destination=destination, formats=("json", "text"), outlets=[ASSET]
    )
    written = store.execute(context)
    seconds = events[ASSET].extra.pop("audio_seconds")
    assert events[ASSET].extra == {"jobs": 15, "files": 30, "destination": destination, "uris": written[:20]}
    assert seconds == pytest.approx(sum(client.get_transcription(job_id).audio_duration or 0 for job_id in ids))

    convert = FluxionsConvertOperator(
        task_id="t", source=destination, destination=f"s3://{OUTPUT}/vtt/", formats=("vtt",), outlets=[OTHER]
    )
    counts = convert.execute(context)
    assert counts["converted"] == 15
    assert events[OTHER].extra == {**counts, "destination": f"s3://{OUTPUT}/vtt/"}
