"""The emulator's voices and renders over HTTP, in both readings."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import wave
from typing import Any

import pytest
import requests

from airflow_provider_fluxions.emulator import (
    ControlClient,
    Emulator,
    EmulatorServer,
    Fault,
    HibariSynthesizer,
    ToneSynthesizer,
)
from tests.emulator.conftest import Api, MakeApi

RENDER = "/vui/v1/tts"
TEXT = "Good morning. [laugh] This is a test of the voice."
MAEVE = "maeve.h8ff7e07da"


def render(api: Api, **fields: Any) -> requests.Response:
    body = {"voice": MAEVE, "input": TEXT, "response_format": "wav", **fields}
    return api.session.post(f"{api.url}{RENDER}", json=body, headers=api.key, timeout=10, allow_redirects=False)


def test_voices_are_listed_without_a_key_and_own_ones_with_it(api: Api) -> None:
    hosted = requests.get(f"{api.url}/vui/voices", timeout=10).json()["voices"]
    assert [voice["voice_id"] for voice in hosted] == [MAEVE, "rory.h8ff7e07da", "asha.h8ff7e07da"]
    assert requests.get(f"{api.url}/vui/v1/voices/mine", timeout=10).status_code == 401
    assert [voice["voice_id"] for voice in api.get("/vui/v1/voices/mine").json()["voices"]] == ["u-42"]
    is_full = api.emulator.profile.name == "observed"
    assert (set(hosted[0]) == {"voice_id"}) is not is_full


def test_a_streamed_wav_has_no_length_and_its_chunks_split_samples(api: Api) -> None:
    answer = render(api, stream=True)
    lengths = struct.unpack("<I", answer.content[4:8]) + struct.unpack("<I", answer.content[40:44])
    assert lengths == ((0xFFFFFFFF,) * 2 if api.emulator.profile.name == "observed" else (0, 0))
    assert (answer.headers["Transfer-Encoding"], answer.headers["Content-Type"]) == ("chunked", "audio/wav")
    assert "Content-Length" not in answer.headers
    chunks = [len(chunk) for chunk in render(api, stream=True).iter_content(None)]
    assert any(size % 2 for size in chunks) or len(chunks) == 1
    assert render(api, stream=False).content[44:] == answer.content[44:]


def test_a_whole_wav_is_one_that_python_opens(api: Api) -> None:
    with wave.open(io.BytesIO(render(api).content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.getnframes() / 24_000 == pytest.approx(api.emulator.renders[0].audio_seconds)
    assert render(api, response_format="pcm").content == render(api).content[44:]


def test_the_query_can_ask_for_a_stream(api: Api) -> None:
    answer = api.session.post(
        f"{api.url}{RENDER}?stream=1", json={"voice": MAEVE, "input": "a"}, headers=api.key, timeout=10
    )
    assert answer.headers["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"voice": "maeve"}, 404),
        ({"voice": "maeve.h0"}, 404),
        ({"voice": None}, 422),
        ({"input": ""}, 422),
        ({"input": 7}, 422),
        ({"input": "x" * 20_001}, 422),
        ({"response_format": "mp3"}, 422),
        ({"stream": "yes"}, 422),
        ({"temperature": "hot"}, 422),
        ({"temperature": -1}, 422),
        ({"max_secs": 0}, 422),
        ({"verify_chunks": 1}, 422),
    ],
)
def test_a_wrong_request_is_refused_and_renders_nothing(api: Api, fields: dict[str, Any], status: int) -> None:
    answer = render(api, **fields)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail" if api.emulator.profile.detail_errors else "error"}
    assert api.emulator.renders == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    assert api.session.post(f"{api.url}{RENDER}", data=body, headers=api.key, timeout=10).status_code == 422


def test_max_secs_ends_a_render(api: Api) -> None:
    assert len(render(api, max_secs=0.5).content) == 44 + 24_000
    assert api.emulator.renders[0].options == {"max_secs": 0.5}


def test_a_new_checkpoint_ends_the_old_one_unless_it_is_kept(api: Api) -> None:
    kept = api.emulator.rotate_checkpoint(keep=1)
    assert [render(api).status_code, render(api, voice=f"maeve.{kept}").status_code] == [200, 200]
    listed = [voice["voice_id"] for voice in api.get("/vui/voices").json()["voices"]]
    assert listed[0] == f"maeve.{kept}"
    assert listed[3] == MAEVE
    last = api.emulator.rotate_checkpoint()
    assert [render(api).status_code, render(api, voice=f"maeve.{last}").status_code] == [404, 200]
    assert render(api, voice="u-42").status_code == 200


def test_a_fault_can_depend_on_the_text(api: Api) -> None:
    api.emulator.add_fault(Fault(path=RENDER, text="*afternoon*", status=402, times=None))
    assert [render(api).status_code, render(api, input="Good afternoon.").status_code] == [200, 402]
    assert [one.text for one in api.emulator.renders] == [TEXT]
    assert [request.fault for request in api.emulator.requests] == [None, "fault-1"]


def test_a_render_whose_answer_is_lost_is_recorded(api: Api) -> None:
    api.emulator.add_fault(Fault(path=RENDER, reset=True, after=True))
    with pytest.raises(requests.ConnectionError):
        render(api)
    (made,) = api.emulator.renders
    assert (made.number, made.request, made.voice_id, made.text) == (1, 1, MAEVE, TEXT)


def test_a_render_takes_as_long_as_its_speed_says(make_api: MakeApi) -> None:
    api = make_api("observed")
    api.emulator.set_settings(speech_speed=10)
    render(api)
    assert api.slept == [pytest.approx(api.emulator.renders[0].audio_seconds / 10)]


def test_an_emulator_in_another_process_is_steered_the_same_way(api: Api) -> None:
    render(api)
    with ControlClient(api.url) as control:
        assert [made["text"] for made in control.renders()] == [TEXT]
        assert control.rotate_checkpoint(keep=1) == api.emulator.voices.checkpoint
        control.clear_renders()
        assert control.renders() == []


def test_tones_are_as_long_as_speech_and_the_same_for_the_same_text() -> None:
    text = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 10
    speech = ToneSynthesizer().speak(text, "maeve")
    assert speech.seconds == pytest.approx(len(text) / 16, rel=0.1)
    assert speech == ToneSynthesizer().speak(text, "maeve") != ToneSynthesizer().speak(text, "rory")


@pytest.mark.slow
def test_without_the_extra_the_voice_names_it() -> None:
    code = "import sys; sys.modules['hibari'] = None; import airflow_provider_fluxions.emulator as e\n"
    code += "try: e.HibariSynthesizer()\nexcept e.MissingExtraError as error: print(error)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install 'airflow-provider-fluxions[emulator,tts]'" in said


@pytest.fixture(scope="module")
def hibari() -> HibariSynthesizer:
    pytest.importorskip("hibari")
    return HibariSynthesizer()


@pytest.mark.slow
def test_the_offline_voice_speaks_without_its_tags_the_same_each_time(hibari: HibariSynthesizer) -> None:
    text = "Good morning, this is a short test."
    speech = hibari.speak(text, "maeve")
    assert 1.5 < speech.seconds < 4
    assert hibari.speak("[laugh] " + text, "maeve") == speech
    assert hibari.speak(text, "rory").seconds > speech.seconds > hibari.speak(text, "asha").seconds
    assert hibari.speak("[laugh]", "maeve").seconds == 0.1


@pytest.mark.slow
def test_what_the_offline_voice_says_is_understood_offline(hibari: HibariSynthesizer) -> None:
    moonshine = pytest.importorskip("moonshine_voice")
    assert moonshine
    from airflow_provider_fluxions.emulator import MoonshineRecogniser

    sentence = "The weather in the north was cold and dry for most of the week."
    with Emulator(recogniser=MoonshineRecogniser(), synthesizer=hibari) as emulator, EmulatorServer(emulator) as server:
        key = {"Authorization": emulator.api_key}
        spoken = requests.post(
            f"{server.base_url}{RENDER}", json={"voice": MAEVE, "input": sentence}, headers=key, timeout=30
        )
        job = requests.post(f"{server.base_url}/submit", data=spoken.content, headers=key, timeout=30).json()["id"]
        while (got := requests.get(f"{server.base_url}/transcriptions/{job}", headers=key, timeout=30).json())[
            "status"
        ] not in ("completed", "failed"):
            pass
    words = "".join(c for c in got["text"].partition(":")[2].lower() if c.isalpha() or c == " ").split()
    assert words == sentence.lower().rstrip(".").split()
