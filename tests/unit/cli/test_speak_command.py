"""``voices`` and ``speak``."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import soundfile

from airflow_provider_fluxions.cli.main import main
from airflow_provider_fluxions.emulator import EmulatedVoice
from tests.unit.cli.conftest import Run
from tests.unit.conftest import Service

RENDER = "/vui/v1/tts"


def frames(data: bytes) -> int:
    with wave.open(io.BytesIO(data)) as file:
        return file.getnframes()


def test_voices_are_listed(run: Run, account: Service) -> None:
    done = run("voices", "-o", "json")
    assert [voice["id"] for voice in done.json] == ["maeve", "rory", "asha", "u-42"]
    assert "maeve.h8ff7e07da" in run("voices").out


def test_a_voice_cannot_steer_the_terminal(run: Run, account: Service, tmp_path: Path) -> None:
    account.emulator.set_voices([EmulatedVoice("\x1b[31mred\x07", "\x1b]0;title\x07")])
    done = run("voices")
    failed = run("speak", "Hi.", "--to", tmp_path / "a.wav")
    assert "red" in done.out
    assert "\\x1b[31mred" in failed.err
    assert "\x1b" not in done.out + failed.err


@pytest.mark.parametrize("extension", ["wav", "mp3"])
def test_a_text_is_spoken_into_a_file_of_the_format_of_its_name(
    run: Run, account: Service, tmp_path: Path, extension: str
) -> None:
    path = tmp_path / "new" / f"hello.{extension}"
    done = run("speak", "Hello there.", "--to", path, "--voice", "rory", "--no-verify", "-o", "json")
    (render,) = account.emulator.renders
    assert done.json == {
        "file": str(path),
        "voice_id": "rory.h8ff7e07da",
        "audio_seconds": round(render.audio_seconds, 3),
        "characters": 12,
        "pieces": 1,
        "renders": 1,
        "renders_lost": 0,
    }
    assert soundfile.info(str(path)).frames == round(render.audio_seconds * 24_000)
    assert render.options == {"verify_chunks": False}
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_without_a_file_the_audio_goes_to_stdout(account: Service, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["speak", "Hello there."]) == 0
    assert frames(capsysbinary.readouterr().out) == round(account.emulator.renders[0].audio_seconds * 24_000)


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_text_can_come_from_a_file_or_from_standard_input(
    run: Run, account: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    data = "\ufeffGrüße.\n".encode()
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    given: tuple[Any, ...] = ("--file", path) if source == "file" else ("-",)
    assert run("speak", *given, "--to", tmp_path / "a.wav").status == 0
    assert account.emulator.renders[0].text == "Grüße."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give the text, or --file FILE"),
        (("a", "--file", "b"), "Give the text, or --file FILE"),
        (("a", "-o", "json"), "add --to FILE"),
        (("a", "--to", "{}/a.txt"), "no file extension of an audio format"),
        (("a", "--format", "aiff"), "Formats: wav"),
        (("a", "--to", "/dev/null/a.wav"), "cannot be written: File exists"),
        (("--file", "{}/none.txt", "--to", "{}/a.wav"), "cannot be read: No such file"),
        (("--file", "{}/latin.txt", "--to", "{}/a.wav"), "is not UTF-8 from byte 2 on"),
        (("x" * 20_001, "--to", "{}/a.wav"), "more than 20,000 characters"),
        (("...", "--to", "{}/a.wav"), "no letter and no digit"),
        (("a", "--voice", " ", "--to", "{}/a.wav"), "voice must be"),
        (("a", "--temperature", "-1", "--to", "{}/a.wav"), "temperature must be"),
        (("a", "--voice", "mave", "--to", "{}/a.wav"), "Voices: maeve, rory, asha, u-42"),
    ],
)
def test_what_cannot_work_is_status_2_and_renders_nothing(
    run: Run, account: Service, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "latin.txt").write_bytes(b"Gr\xfc\xdfe.")
    done = run("speak", *(argument.replace("{}", str(tmp_path)) for argument in arguments))
    assert done.status == 2
    assert said in done.err
    assert account.emulator.renders == []


def test_a_failure_says_what_may_have_been_charged(run: Run, account: Service, tmp_path: Path) -> None:
    account.fault(path=RENDER, status=402, text="Second*")
    text = tmp_path / "text.txt"
    text.write_text(f"First. {'word ' * 150}\n\nSecond. {'word ' * 150}")
    done = run("speak", "--file", text, "--to", tmp_path / "a.wav")
    assert done.status == 3
    assert "Rendered piece 1 of 2." in done.err
    assert "Sent 2 texts, which may have been charged; 1 were lost." in done.err
    assert not (tmp_path / "a.wav").exists()


def test_unknown_tags_are_reported(run: Run, account: Service, tmp_path: Path) -> None:
    assert "might speak them: [music]." in run("speak", "A [music].", "--to", tmp_path / "a.wav").err
