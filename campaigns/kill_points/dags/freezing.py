"""Stops a task process at moments that no request shows, so that it can be killed there.

Nothing of the package is touched: a filter receives its log line "Submitted job", and Airflow's own `XCom.set` is
wrapped. A process stops only where a file `<recording>.<moment>` in the folder asks for it; it writes its id to
`<recording>.frozen` and waits to be killed.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

_LOGGER = "airflow_provider_fluxions.api.submit_once"
_LINE = "Submitted job "
_SECONDS = 120.0
# Moment -> the key of the XCom that must not be written.
_XCOM_KEYS = {"before_xcom": "job_id", "before_return": "return_value"}


def install(folder: Path) -> None:
    """Listen in this process from now on."""
    logging.getLogger(_LOGGER).addFilter(_Listener(folder))


class _Listener(logging.Filter):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(_LINE) and isinstance(record.args, tuple):
            self._submitted(self._folder / Path(str(record.args[1])).stem)
        return True

    def _submitted(self, recording: Path) -> None:
        if recording.with_suffix(".after_answer").exists():
            _freeze(recording)
        for moment, key in _XCOM_KEYS.items():
            if recording.with_suffix(f".{moment}").exists():
                _freeze_at_xcom(key, recording)


def _freeze(recording: Path) -> None:
    frozen = recording.with_suffix(".frozen")
    if frozen.exists():
        return  # A later try: it is to come through.
    # Moved when it is whole: who waits for the file never reads half of it.
    part = recording.with_suffix(".part")
    part.write_text(str(os.getpid()))
    part.replace(frozen)
    time.sleep(_SECONDS)


def _freeze_at_xcom(wanted_key: str, recording: Path) -> None:
    try:
        from airflow.sdk.execution_time.xcom import XCom
    except ImportError:  # Airflow 2
        from airflow.models.xcom import XCom
    real = XCom.set

    def set_or_freeze(*args: Any, key: str, **kwargs: Any) -> Any:
        if key == wanted_key:
            _freeze(recording)
        return real(*args, key=key, **kwargs)

    XCom.set = staticmethod(set_or_freeze)
