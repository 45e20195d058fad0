"""A local Fluxions API for demos and tests: real HTTP, injected faults, a record of requests.

    with Emulator("observed") as emulator, EmulatorServer(emulator) as server:
        emulator.add_fault(Fault(method="POST", path="*submit", status=503, times=2, retry_after="1"))
        ...  # point a client at server.base_url, with the key emulator.api_key

It is an independent reading of the vendor's page: it imports nothing else of this package. Needs the extra
``emulator``; `MoonshineRecogniser` also needs ``asr``, `HibariSynthesizer` ``tts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.emulator.control import ControlClient
from airflow_provider_fluxions.emulator.derived import DerivedRecogniser
from airflow_provider_fluxions.emulator.emulator import Emulator
from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.hibari import HibariSynthesizer
from airflow_provider_fluxions.emulator.holds import Hold
from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.moonshine import MoonshineRecogniser
from airflow_provider_fluxions.emulator.recognition import (
    MissingExtraError,
    Recogniser,
    Recognition,
    RecognitionError,
    Segment,
    Turn,
    Upload,
    Word,
)
from airflow_provider_fluxions.emulator.record import RecordedRequest
from airflow_provider_fluxions.emulator.renders import EmulatedRender
from airflow_provider_fluxions.emulator.settings import Settings
from airflow_provider_fluxions.emulator.store import EmulatedJob
from airflow_provider_fluxions.emulator.synthesis import Speech, Synthesizer, ToneSynthesizer
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition
from airflow_provider_fluxions.emulator.voices import EmulatedVoice

if TYPE_CHECKING:
    from airflow_provider_fluxions.emulator.server import EmulatorServer

__all__ = [
    "ControlClient",
    "DerivedRecogniser",
    "EmulatedJob",
    "EmulatedRender",
    "EmulatedVoice",
    "Emulator",
    "EmulatorServer",
    "Fault",
    "HibariSynthesizer",
    "Hold",
    "ListBehavior",
    "MissingExtraError",
    "MoonshineRecogniser",
    "OutcomeRule",
    "Recogniser",
    "Recognition",
    "RecognitionError",
    "RecordedRequest",
    "Segment",
    "Settings",
    "Speech",
    "Synthesizer",
    "ToneSynthesizer",
    "Transition",
    "Turn",
    "Upload",
    "Word",
]


def __getattr__(name: str) -> Any:
    """Import the server at its first use, because only the server needs the extra.

    :raises MissingExtraError: if the extra ``emulator`` is not installed.
    """
    if name != "EmulatorServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from airflow_provider_fluxions.emulator import server
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"The emulator needs {error.name}: pip install 'airflow-provider-fluxions[emulator]'"
        ) from error
    return server.EmulatorServer
