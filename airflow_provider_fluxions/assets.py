"""Add extras to asset events, for Airflow 2's datasets and Airflow 3's assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import Asset

# An extra is stored with each event and shown in the UI. The manifest or the XCom has all URIs.
MAX_URIS = 20


def add_asset_extra(context: Mapping[str, Any], operator: Any, extra: Mapping[str, Any]) -> None:
    """Add ``extra`` to the event of each asset among the operator's outlets; its other extras stay.

    Aliases get no extra, because the DAG decides which assets they name. Users who can read assets can read extras, so
    never add transcripts or keys.

    :param context: Context of the running task, also after a deferral.
    :param extra: Small plain JSON data.
    """
    assets = [outlet for outlet in operator.outlets if isinstance(outlet, Asset)]
    if not assets:
        return
    events = context["outlet_events"]
    for asset in assets:
        events[asset].extra = {**events[asset].extra, **extra}


def some_uris(uris: Sequence[str]) -> list[str]:
    """Return the first URIs, up to the maximum of an extra."""
    return list(uris[:MAX_URIS])
