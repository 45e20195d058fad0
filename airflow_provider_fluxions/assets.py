"""Asset events that say what was made: Airflow 2's datasets and Airflow 3's assets alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import Asset

# An extra is stored with each event and shown in the UI; who wants all addresses reads the manifest or the XCom.
MAX_URIS = 20


def add_asset_extra(context: Mapping[str, Any], operator: Any, extra: Mapping[str, Any]) -> None:
    """Add ``extra`` to the event of each asset among the operator's outlets; other extras of it stay.

    Aliases are left alone, because which assets they stand for is the DAG author's to say. Whoever may read assets
    may read extras: no transcripts, no keys.

    :param context: of the running task, also after a deferral.
    :param extra: plain JSON data, small.
    """
    assets = [outlet for outlet in operator.outlets if isinstance(outlet, Asset)]
    if not assets:
        return
    events = context["outlet_events"]
    for asset in assets:
        events[asset].extra = {**events[asset].extra, **extra}


def some_uris(uris: Sequence[str]) -> list[str]:
    """Return the first addresses, as many as an extra should hold."""
    return list(uris[:MAX_URIS])
