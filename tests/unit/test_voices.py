"""From the name that a user writes to the voice that is served now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsInputError,
    FluxionsResponseError,
    FluxionsVoiceError,
)
from airflow_provider_fluxions.api.voices import Voice, VoiceList, check_voice, find_voice, read_voices
from tests.unit.conftest import Service


def voice(voice_id: str, **facts: Any) -> Voice:
    return Voice.from_json({"voice_id": voice_id, **facts})


class Lists:
    """A service with these lists; each further listing of hosted voices takes the next of them."""

    def __init__(self, *hosted: Sequence[Voice], own: Sequence[Voice] = ()) -> None:
        self.hosted, self.own = list(hosted), own
        self.calls: list[str] = []

    def list_hosted_voices(self) -> tuple[Voice, ...]:
        self.calls.append("hosted")
        return tuple(self.hosted.pop(0) if len(self.hosted) > 1 else self.hosted[0])

    def list_own_voices(self) -> tuple[Voice, ...]:
        self.calls.append("own")
        return tuple(self.own)


OLD, NEW, OWN = voice("maeve.h1"), voice("maeve.h2"), voice("u-42")


def test_a_voice_with_an_id_alone_has_a_short_id_and_a_checkpoint() -> None:
    assert (OLD.id, OLD.checkpoint, OLD.name, OLD.is_ready) == ("maeve", "h1", None, True)
    assert (OWN.id, OWN.checkpoint) == ("u-42", None)


def test_a_refused_key_is_an_error(service: Service) -> None:
    with pytest.raises(FluxionsAuthenticationError):
        service.client(api_key="another-key").list_voices()


@given(
    st.dictionaries(
        st.sampled_from(["id", "voice_id", "name", "status", "hidden", "x"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    )
)
def test_an_entry_of_any_shape_is_a_voice_or_left_out(entry: dict[str, Any]) -> None:
    found = read_voices({"voices": [entry, None, 7]})
    assert [one.raw for one in found] == (
        [entry] if isinstance(entry.get("voice_id"), str) and entry["voice_id"] else []
    )


def test_a_response_without_a_list_is_an_error() -> None:
    with pytest.raises(FluxionsResponseError):
        read_voices({"voices": None})


def test_of_two_checkpoints_the_ready_and_visible_one_speaks() -> None:
    hidden, loading = voice("a.h1", id="a", hidden=True), voice("a.h2", id="a", status="loading")
    ready = voice("a.h3", id="a", status="Ready", hidden=False)
    assert find_voice("a", [hidden, loading, ready]) is ready
    assert find_voice("a", [loading, hidden]) is hidden
    assert find_voice("a.h2", [ready, loading]) is loading


def test_voices_are_listed_once_and_own_ones_only_if_needed() -> None:
    lists = Lists([OLD], own=[OWN])
    voices = VoiceList(lists)
    assert [voices.resolve("maeve"), voices.resolve("maeve"), voices.resolve("maeve.h1")] == ["maeve.h1"] * 3
    assert lists.calls == ["hosted"]
    assert [voices.resolve("u-42"), voices.resolve("secret")] == ["u-42", "secret"]
    assert lists.calls == ["hosted", "own"]


def test_threads_that_were_refused_the_same_id_list_again_once() -> None:
    lists = Lists([OLD], [NEW])
    voices = VoiceList(lists)
    assert voices.resolve("maeve") == "maeve.h1"
    assert [voices.resolve_again("maeve", refused="maeve.h1") for _ in range(3)] == ["maeve.h2"] * 3
    assert lists.calls == ["hosted", "hosted"]


def test_an_unknown_voice_is_named_with_those_that_exist_and_listed_for_once() -> None:
    lists = Lists([OLD], own=[OWN])
    voices = VoiceList(lists)
    assert voices.resolve("mave") == "mave"
    with pytest.raises(FluxionsVoiceError, match=r"'mave' \(HTTP 404\)\. Voices: maeve, u-42\. ") as raised:
        voices.resolve_again("mave", refused="mave")
    assert raised.value.status_code == 404
    with pytest.raises(FluxionsVoiceError):
        voices.resolve("mave")
    assert lists.calls == ["hosted", "own"] * 2


def test_a_voice_that_is_listed_and_refused_is_unknown() -> None:
    voices = VoiceList(Lists([OLD]))
    with pytest.raises(FluxionsVoiceError):
        voices.resolve_again("maeve", refused=voices.resolve("maeve"))


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[2J", "x" * 201, None, 7])
def test_a_name_that_cannot_be_sent_is_refused(name: object) -> None:
    with pytest.raises(FluxionsInputError):
        check_voice(name)


def test_the_list_has_hosted_and_own_voices_in_both_readings(service: Service) -> None:
    found = service.client().list_voices()
    assert [one.id for one in found] == ["maeve", "rory", "asha", "u-42"]
    assert found[0].voice_id == "maeve.h8ff7e07da"
    assert found[0].name == ("Maeve" if service.emulator.profile.name == "observed" else None)


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_service_without_a_list_of_own_voices_has_none(service: Service, status: int) -> None:
    service.fault(path="/vui/v1/voices/mine", status=status)
    assert [one.id for one in service.client().list_voices()] == ["maeve", "rory", "asha"]
