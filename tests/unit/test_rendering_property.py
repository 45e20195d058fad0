"""For all responses to a render: what may be charged is bounded and counted, and only whole audio is returned."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import (
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsThrottledError,
)
from airflow_provider_fluxions.api.rendering import MAX_CHARGED_REQUESTS, REFUSED_STATUSES, render_piece
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from tests.unit.fakes import FakeTime

TEXT = "A text of about fifty characters, which takes 3 s."
WHOLE, SHORT = SpeechAudio(bytes(2 * 72_000), 24_000, 1, "v.h1"), SpeechAudio(bytes(2_000), 24_000, 1, "v.h1")

Outcome = SpeechAudio | tuple[type[FluxionsRequestError], int | None, int]
OUTCOMES: list[Outcome] = [
    WHOLE,
    SHORT,
    (FluxionsThrottledError, 429, 1),
    (FluxionsServerError, 502, 1),
    (FluxionsServerError, 503, 1),
    (FluxionsServerError, 500, 1),
    (FluxionsServerError, 504, 1),
    (FluxionsResponseError, 200, 1),
    (FluxionsConnectionError, None, 1),
    (FluxionsConnectionError, None, 0),
    (FluxionsCreditError, 402, 1),
    (FluxionsNotFoundError, 404, 1),
    (FluxionsRejectedError, 422, 1),
]


@dataclass
class Service:
    """A service that does one thing after the other, then speaks."""

    outcomes: list[Outcome]
    time: FakeTime
    sent: int = 0
    maybe_charged: int = 0
    at: list[float] = field(default_factory=list)

    def render(
        self, text: str, *, voice_id: str, options: SpeechOptions, total_seconds: float | None = None
    ) -> SpeechAudio:
        self.at.append(self.time.now())
        outcome = self.outcomes.pop(0) if self.outcomes else WHOLE
        if isinstance(outcome, SpeechAudio):
            self.sent += 1
            self.maybe_charged += 1
            return outcome
        kind, status, sent = outcome
        self.sent += sent
        if status not in REFUSED_STATUSES and not (status and 400 <= status < 500):
            self.maybe_charged += sent
        error = kind("no", status_code=status)
        error.renders = error.renders_lost = sent
        raise error


@given(st.lists(st.sampled_from(OUTCOMES), max_size=12), st.sampled_from([0.0, 20.0, 600.0]))
def test_what_may_be_charged_is_bounded_and_counted(outcomes: list[Outcome], seconds: float) -> None:
    time = FakeTime()
    service, deadline = Service(list(outcomes), time), time.now() + seconds
    result: SpeechAudio | FluxionsError
    try:
        result = render_piece(service, TEXT, voice_id="v.h1", deadline=deadline, clock=time.clock)
    except FluxionsError as error:
        result = error
    is_whole = isinstance(result, SpeechAudio) and result.pcm is WHOLE.pcm
    assert is_whole or isinstance(result, FluxionsError)
    assert (result.renders, result.renders_lost) == (service.sent, service.sent - is_whole)
    assert service.maybe_charged <= MAX_CHARGED_REQUESTS
    assert all(at <= deadline for at in service.at)


@pytest.mark.parametrize("outcome", [one for one in OUTCOMES if not isinstance(one, SpeechAudio)])
def test_what_cannot_pass_ends_at_once_and_the_rest_is_repeated(outcome: Outcome) -> None:
    assert not isinstance(outcome, SpeechAudio)
    time = FakeTime()
    service = Service([outcome], time)
    if outcome[0].transient:
        assert render_piece(service, TEXT, voice_id="v.h1", deadline=time.now() + 60, clock=time.clock).renders_lost < 2
        assert len(service.at) == 2
    else:
        with pytest.raises(outcome[0]):
            render_piece(service, TEXT, voice_id="v.h1", deadline=time.now() + 60, clock=time.clock)
        assert len(service.at) == 1
