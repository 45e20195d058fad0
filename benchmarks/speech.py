"""Text-to-speech: a two-hour text, and a thousand prompts against a mapped task for each text with `requests`.

    PYTHONPATH=. python benchmarks/speech.py book
    PYTHONPATH=. python benchmarks/speech.py prompts [PROMPTS] [MAPPED_PROMPTS]

Needs Linux and the environment of `scripts/test 3.3`; takes about ten minutes. S3 is `transfer_s3.py` and Fluxions is
the emulator, which renders 10 s of audio a second for each request; both are processes of their own on this machine.

- `book` runs the operator in a process of its own. *Over the start*: peak of its memory (VmHWM) minus its memory
  after a one-word text was spoken, which loads all modules. *Service*: audio seconds / 10 / ``max_in_flight``. *Bare*:
  the same requests with as many threads, responses dropped, in another process before; on a busy machine the emulator
  takes longer than *service*. *Loop*: the same, and each response is put into S3, one object a piece, in a third
  process. *Phases*: until the last piece was stored, the last part of the file was sent, its upload was completed, the
  last piece was deleted, and the operator returned.
- `prompts` runs both DAGs of `speech_dag.py` in a real Airflow. The mapped one gets fewer texts; its slot seconds are
  scaled. *Slot seconds* are what Airflow reports of each worker process. The transfer runs in a process without
  Airflow as well, for its CPU and memory.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient
from benchmarks import transfer_stage as stage
from benchmarks.transfer_files import run_dag
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator

SPEED = 10.0
IN_FLIGHT = 8
BOOK_CHARACTERS = 2 * 3600 * 16
PROMPTS, MAPPED_PROMPTS = 1000, 24
WORDS = "the old lamp over a quiet harbor shows ships their way home before each storm comes near".split()  # noqa: SIM905


def sentences(count: int, seed: int) -> list[str]:
    """Return sentences of six to twelve words, each different."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    return [
        f"{' '.join(chance.choice(WORDS) for _ in range(chance.randint(6, 12))).capitalize()} {number}."
        for number in range(count)
    ]


def book() -> str:
    """Return a text of about two hours: paragraphs of five sentences."""
    parts, size = [], 0
    lines = iter(sentences(BOOK_CHARACTERS // 30, 7))
    while size < BOOK_CHARACTERS:
        paragraph = " ".join(next(lines) for _ in range(5))
        parts.append(paragraph)
        size += len(paragraph) + 2
    return "\n\n".join(parts)


def operator(source: str, destination: str, formats: tuple[str, ...]) -> Any:
    from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator

    made = FluxionsS3TextToSpeechOperator(
        task_id="speak", source=source, destination=destination, formats=formats, max_in_flight=IN_FLIGHT
    )
    ti = SimpleNamespace(
        dag_id="d", run_id="r", task_id="speak", map_index=-1, try_number=1, max_tries=0, xcom_push=lambda *_: None
    )
    run = SimpleNamespace(start_date=None, run_after=None, logical_date=None, clear_number=0)
    return made.execute({"ti": ti, "dag_run": run})


def bare_seconds(*, is_stored: bool) -> float:
    """Request all pieces of the book with as many threads and nothing else; return the seconds.

    :param is_stored: whether each response is put into S3, as in a loop that users write.
    """
    import requests
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.providers.common.compat.sdk import BaseHook

    from airflow_provider_fluxions.hooks import FluxionsHook
    from airflow_provider_fluxions.speech.pieces import cut_text

    connection = BaseHook.get_connection("fluxions_default")
    voice, s3 = FluxionsHook().list_voices()[0].voice_id, S3Hook()
    assert s3.conn  # made once, before the threads

    def render(number: int, text: str) -> int:
        fields = {"voice": voice, "input": text, "response_format": "wav", "stream": True}
        headers = {"Authorization": connection.password}
        audio = requests.post(f"{connection.host}/vui/v1/tts", json=fields, headers=headers, timeout=600).content
        if is_stored:
            s3.load_bytes(audio, f"loop/{number}.wav", "output", replace=True)
        return len(audio)

    texts = [piece.text for piece in cut_text(book())]
    began = time.monotonic()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        assert all(pool.map(render, range(len(texts)), texts))
    return time.monotonic() - began


def measured(source: str, formats: tuple[str, ...]) -> None:
    """In a process of its own: speak one word, then the source; print the figures as JSON."""
    operator("s3://input/warm.txt", "s3://output/warm/", formats)
    start_kib, cpu = stage.forget_peak(), time.process_time()
    began = time.monotonic()
    summary = operator(source, "s3://output/measured/", formats)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "began": began,
                "wall_seconds": round(time.monotonic() - began, 2),
                "cpu_seconds": round(time.process_time() - cpu, 1),
                "start_mib": round(start_kib / 1024),
                "over_start_mib": round((stage.memory_kib("VmHWM") - start_kib) / 1024, 1),
                "max_rss_mib": round(usage.ru_maxrss / 1024),
                "audio_seconds": summary["audio_seconds"],
                "renders": summary["renders"],
                "formats": formats,
            }
        )
    )


def in_child(source: str, formats: tuple[str, ...], env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "benchmarks.speech", "--measured", source, *formats]
    run = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    service = figures["audio_seconds"] / SPEED / IN_FLIGHT
    figures["service_seconds"] = round(service, 1)
    figures["times_service"] = round(figures["wall_seconds"] / service, 3)
    figures["load"] = round(os.getloadavg()[0], 1)
    return figures


def phases(requests: list[tuple[str, str, float, float]], began: float, wall_seconds: float) -> dict[str, float]:
    """Return the seconds of each phase of a book from the requests that S3 got, by their ends."""

    def last(kind: str, within: str) -> float:
        return max(ended for one, key, _, ended in requests if one == kind and within in f"/{key}")

    ends = {
        "renders": last("PUT", "/_pieces/"),
        "join": last("PART", ""),
        "completion": last("COMPLETE", ""),
        "deletes": last("DELETE", "/_pieces/"),
        "rest": began + wall_seconds,
    }
    starts = [began, *ends.values()]
    return {name: round(end - start, 2) for start, (name, end) in zip(starts, ends.items(), strict=False)}


def servers(home: Path, stack: ExitStack) -> tuple[str, LocalEmulator]:
    s3 = stage.start("transfer_s3.py", home, stack)
    emulator = stack.enter_context(LocalEmulator(home / "emulator"))
    stack.enter_context(ControlClient(emulator.url)).settings(speech_speed=SPEED)
    stage.put(f"{s3}/input/warm.txt", b"Hello.")
    return s3, emulator


def measure_bare(env: dict[str, str], option: str) -> float:
    command = [sys.executable, "-P", "-m", "benchmarks.speech", option]
    return float(subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1])


def measure_book(formats: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="fluxions-speech-") as name, ExitStack() as stack:
        s3, emulator = servers(Path(name), stack)
        stage.put(f"{s3}/input/book.txt", book().encode())
        env = stage.environment(Path(name), s3, emulator.airflow_connection())
        bare, loop = measure_bare(env, "--bare"), measure_bare(env, "--loop")
        before = stage.call(f"{s3}/_times")["cpu_seconds"]
        figures = in_child("s3://input/book.txt", formats, env)
        served = stage.call(f"{s3}/_times")
        figures |= {
            "bare_seconds": round(bare, 1),
            "times_bare": round(figures["wall_seconds"] / bare, 3),
            "loop_seconds": round(loop, 1),
            "times_loop": round(figures["wall_seconds"] / loop, 3),
            "phases": phases(served["requests"], figures.pop("began"), figures["wall_seconds"]),
            "s3_cpu_seconds": round(served["cpu_seconds"] - before, 1),
            "s3_requests": Counter(kind for kind, *_ in served["requests"]),
        }
        print(json.dumps({"book": figures}), flush=True)


def measure_prompts(prompts: int, mapped_prompts: int) -> None:
    with tempfile.TemporaryDirectory(prefix="fluxions-speech-") as name, ExitStack() as stack:
        home = Path(name)
        s3, emulator = servers(home, stack)
        lines = [json.dumps({"id": f"p{n}", "text": text}) for n, text in enumerate(sentences(prompts, 3))]
        stage.put(f"{s3}/input/prompts.jsonl", "\n".join(lines).encode())
        env = stage.environment(home, s3, emulator.airflow_connection())
        figures = in_child("s3://input/prompts.jsonl", ("wav",), env)
        del figures["began"]
        print(json.dumps({"process": figures}), flush=True)
        if not mapped_prompts:
            return
        airflow = LocalAirflow(
            sys.executable, home / "airflow", home / "dags", template_cache=Path(sys.prefix) / "airflow-db"
        )
        airflow.add_dag(stage.HERE / "speech_dag.py")
        airflow.add_connection("aws_default", **stage.aws_connection(s3))
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            for dag_id, conf, count in (
                ("speech_transfer", {}, prompts),
                ("speech_mapped", {"texts": sentences(mapped_prompts, 4)}, mapped_prompts),
            ):
                figures = run_dag(airflow, dag_id, conf)
                figures["slot_seconds_for_1000"] = round(figures["slot_seconds"] * 1000 / count)
                print(json.dumps({dag_id: {**figures, "texts": count}}), flush=True)


def main() -> None:
    given = sys.argv[1:]
    if given[:1] == ["--measured"]:
        measured(given[1], tuple(given[2:]))
    elif given[:1] in (["--bare"], ["--loop"]):
        print(bare_seconds(is_stored=given == ["--loop"]))
    elif given[:1] == ["prompts"]:
        numbers = [int(one) for one in given[1:]]
        measure_prompts(*(numbers + [PROMPTS, MAPPED_PROMPTS][len(numbers) :]))
    else:
        measure_book(tuple(given[1:]) or ("wav", "json"))


if __name__ == "__main__":
    main()
