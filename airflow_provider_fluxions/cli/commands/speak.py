"""``speak``: a text in, audio out."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsInputError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.speech_text import check_text, unknown_tags
from airflow_provider_fluxions.api.voices import VoiceList, check_voice
from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.exports import check_writable, write_whole
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.speech.encoding import AudioFormat, check_format, encode, format_of
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.speech.speaking import SpokenText, speak

STDIN = "-"
# The audio is held in memory: about 5 MB for each 1,000 characters.
MAX_CHARACTERS = 20_000


def run(options: Namespace, screen: Screen) -> int:
    """Speak a text into a file, or to stdout.

    All arguments are checked before anything is charged.

    :raises FluxionsError: an argument is invalid, or the text could not be spoken.
    """
    form = _format(options, screen)
    text = _checked(_text(options), screen)
    speech = SpeechOptions(options.temperature, options.max_seconds, False if options.no_verify else None)
    check_voice(options.voice)
    pieces = len(cut_text(text))
    with account(options.conn_id).client() as client:

        def report(number: int, of: int) -> None:
            if of > 1:
                screen.say(f"Rendered piece {number} of {of}.")

        deadline = time.time() + options.retry_for
        try:
            spoken = speak(
                client, VoiceList(client), text, voice=options.voice, options=speech, deadline=deadline, on_piece=report
            )
        except FluxionsError as error:
            if error.renders:
                screen.say(f"Sent {error.renders} texts, which may have been charged; {error.renders_lost} were lost.")
            raise
    body = encode(spoken.audio, form.extension)
    if options.to is None:
        screen.say(_sentence(spoken))
        screen.audio(body)
    else:
        write_whole(Path(options.to), body)
        screen.facts(_facts(spoken, len(text), pieces, options.to))
    return Exit.OK


def _format(options: Namespace, screen: Screen) -> AudioFormat:
    """Return the format to write.

    :raises FluxionsInputError: it does not fit to where the audio goes.
    """
    if options.to is not None:
        form = check_format(options.audio_format) if options.audio_format else format_of(Path(options.to).name)
        check_writable(Path(options.to))
        return check_format(form.extension)
    if screen.out.isatty():
        raise FluxionsInputError("Audio cannot go to a terminal. Add --to FILE, or redirect stdout.")
    if screen.as_json:
        raise FluxionsInputError("Stdout takes the audio or --output json, not both; add --to FILE.")
    return check_format(options.audio_format or "wav")


def _text(options: Namespace) -> str:
    """Return the text of the argument, the file, or standard input.

    :raises FluxionsInputError: not one of them is given, or it cannot be read as UTF-8.
    """
    if (options.text is None) == (options.file is None):
        raise FluxionsInputError("Give the text, or --file FILE; - reads standard input.")
    if options.text is not None and options.text != STDIN:
        return str(options.text)
    name = options.file or STDIN
    limit = 4 * MAX_CHARACTERS + 4
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(limit)
        else:
            with Path(name).open("rb") as file:
                data = file.read(limit)
        return data.decode("utf-8-sig") if len(data) < limit else data.decode("utf-8-sig", errors="ignore")
    except UnicodeDecodeError as error:
        raise FluxionsInputError(f"{printable(name)} is not UTF-8 from byte {error.start:,} on.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FluxionsInputError(f"{printable(name)} cannot be read: {reason}.") from error


def _checked(text: str, screen: Screen) -> str:
    check_text(text)
    if len(text) > MAX_CHARACTERS:
        raise FluxionsInputError(
            f"The text has more than {MAX_CHARACTERS:,} characters. Speak it in parts, or with "
            "FluxionsS3TextToSpeechOperator, which stores its pieces."
        )
    unknown = unknown_tags(text)
    if unknown:
        screen.say(f"Fluxions does not document these tags and might speak them: {', '.join(unknown)}.")
    return text


def _facts(spoken: SpokenText, characters: int, pieces: int, to: str) -> dict[str, Any]:
    return {
        "file": to,
        "voice_id": spoken.audio.voice_id,
        "audio_seconds": round(spoken.audio.duration, 3),
        "characters": characters,
        "pieces": pieces,
        "renders": spoken.renders,
        "renders_lost": spoken.renders_lost,
    }


def _sentence(spoken: SpokenText) -> str:
    audio = spoken.audio
    return f"Spoken by {audio.voice_id}: {audio.duration:.1f} s (renders={spoken.renders}, lost={spoken.renders_lost})."
